import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Moments } from '../../../../src/topics/investigate/moments/schema.ts'
import { request } from '../../api/client.ts'
import { Drawer } from '../../parts/drawer.tsx'
import { count, volume } from '../../parts/format.ts'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { money } from '../../parts/money.ts'
import { Pending } from '../../parts/states.tsx'
import { TableHead } from '../../parts/table-head.tsx'
import { readMoment } from '../../state/moments.ts'
import { timeZone } from '../../state/preferences.ts'
import { fixedMoment, inputText } from '../../state/range.ts'
import { serverNow } from '../../state/server-time.ts'
import { timeText } from '../../text/time.ts'
import { investigateText } from './text.ts'

const windows = ['5m', '15m', '1h', '6h', '1d'] as const
type Window = (typeof windows)[number]

const sideA = investigateText.sideA
const sideB = investigateText.sideB

type MomentsProps = Readonly<{
  subject: string
  /** ISO 8601. */
  a: string
  b: string
  onMoments: (moments: Readonly<{ a: string; b: string }>) => void
  onClose: () => void
}>

/** Two times of the subject: object, relations, images, traffic and cost. */
export function MomentsDrawer({ subject, a, b, onMoments, onClose }: MomentsProps): React.ReactNode {
  const [window, setWindow] = useState<Window>('15m')
  const query = { subject, a, b, window }
  const answer = useQuery({
    queryKey: ['moments', query],
    staleTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<Moments>('/api/v1/investigate/moments', { signal, query }),
  })
  const { data, isPlaceholderData } = answer
  return (
    <Drawer of="moments" name={investigateText.compare} title={investigateText.compare} onClose={onClose}>
      <div className="moments">
        <div className="moments-times">
          <Moment name={sideA} at={a} onChange={(at) => onMoments({ a: at, b })} />
          <Moment name={sideB} at={b} onChange={(at) => onMoments({ a, b: at })} />
          <LabelledSelect
            label={investigateText.trafficBefore}
            value={window}
            values={windows}
            textOf={(length) => length}
            onChange={setWindow}
          />
        </div>
        {data === undefined || answer.isError ? (
          <Pending of={answer} what={investigateText.theTimes} />
        ) : (
          <div aria-busy={isPlaceholderData} className={isPlaceholderData ? 'dim' : undefined}>
            <Differences of={data} />
          </div>
        )}
      </div>
    </Drawer>
  )
}

type MomentProps = Readonly<{ name: string; at: string; onChange: (at: string) => void }>

/** Applied when the field is left or Enter is pressed. */
function Moment({ name, at, onChange }: MomentProps) {
  const [written, setWritten] = useState<string>()
  const read = written === undefined ? at : readMoment(written, serverNow(), timeZone.get())
  const apply = () => {
    if (read === undefined) return
    setWritten(undefined)
    const fixed = fixedMoment(read, serverNow())
    if (fixed !== at) onChange(fixed)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        apply()
      }}
    >
      <label>
        {name}
        <input
          className="mono"
          value={written ?? inputText(at)}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={read === undefined}
          title={timeText.hint}
          onChange={(event) => setWritten(event.target.value)}
          onBlur={apply}
        />
      </label>
    </form>
  )
}

function Differences({ of }: { readonly of: Moments }) {
  const { exists, fields, relations, images, problems, traffic, cost, notes, totals } = of
  const noneDiffers =
    fields.length + relations.length + images.length + totals.problems === 0 &&
    (exists === null || exists.a === exists.b)
  return (
    <>
      {exists !== null && exists.a !== exists.b && (
        <p className="warning">{exists.a ? investigateText.onlyAtA : investigateText.onlyAtB}</p>
      )}
      {exists !== null && noneDiffers && exists.a && <p className="dim">{investigateText.sameState}</p>}
      {fields.length > 0 && <Fields of={fields} total={totals.fields} />}
      {images.length > 0 && (
        <ul aria-label={investigateText.images}>
          {images.map(({ is, image }) => (
            <li key={image}>
              <Sign is={is} /> <code>{image}</code>
            </li>
          ))}
        </ul>
      )}
      {problems !== null && problems.length > 0 && (
        <details open>
          <summary>{investigateText.problemsOf(count(totals.problems))}</summary>
          <ul>
            {problems.map(({ is, id, severity, package: name }) => (
              <li key={`${id} ${name}`}>
                <Sign is={is} /> {severity.toLowerCase()} <code>{id}</code> {name}
              </li>
            ))}
          </ul>
        </details>
      )}
      {relations.length > 0 && <Relations of={relations} total={totals.relations} />}
      {traffic !== null && <Traffic of={traffic} total={totals.pairs} />}
      {cost.length > 0 && (
        <table className="peers-table">
          <caption>{investigateText.costOfDays}</caption>
          <TableHead
            columns={[investigateText.currency, [sideA, 'end'], [sideB, 'end'], [investigateText.change, 'end']]}
          />
          <tbody>
            {cost.map(({ currency, a, b, difference }) => (
              <tr key={currency}>
                <td>{currency}</td>
                <td className="end">{money(a, currency)}</td>
                <td className="end">{money(b, currency)}</td>
                <td className="end">{money(difference, currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {notes.map(({ part, note }) => (
        <p key={part} className="dim">
          {investigateText.parts[part]}: {note}
        </p>
      ))}
    </>
  )
}

function Sign({ is }: { readonly is: 'added' | 'removed' }) {
  return (
    <span className={is === 'added' ? 'good' : 'bad'}>
      {is === 'added' ? investigateText.added : investigateText.removed}
    </span>
  )
}

const valueText = (value: unknown): string =>
  value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)

function Fields({ of, total }: { readonly of: Moments['fields']; readonly total: number }) {
  return (
    <table className="peers-table">
      <caption>{investigateText.fields(shown(of.length, total))}</caption>
      <TableHead columns={[investigateText.field, sideA, sideB]} />
      <tbody>
        {of.map((field) => (
          <tr key={field.path}>
            <td className="mono">{field.path}</td>
            <td className="mono">{valueText(field.a)}</td>
            <td className="mono">{valueText(field.b)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Relations({ of, total }: { readonly of: Moments['relations']; readonly total: number }) {
  return (
    <section>
      <h3>{investigateText.relations(shown(of.length, total))}</h3>
      <ul>
        {of.map(({ is, relation, from, to }) => (
          <li key={`${relation} ${from} ${to}`}>
            <Sign is={is} /> {relation}{' '}
            {[from, to].map((ref) => (
              <span key={ref}>
                {/^[a-z][a-z0-9-]*:/.test(ref) ? <ResourceLink to={ref}>{ref}</ResourceLink> : ref}{' '}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Traffic({
  of: { a, b, pairs },
  total,
}: {
  readonly of: NonNullable<Moments['traffic']>
  readonly total: number
}) {
  return (
    <table className="peers-table">
      <caption>{investigateText.trafficPairs(shown(pairs.length, total))}</caption>
      <TableHead columns={[investigateText.pair, [sideA, 'end'], [sideB, 'end']]} />
      <tbody>
        <tr className="sum-row">
          <td>{investigateText.allTraffic}</td>
          <td className="end">{volume(a.bytes)}</td>
          <td className="end">{volume(b.bytes)}</td>
        </tr>
        {pairs.map(({ from, to, a: before, b: after }) => (
          <tr key={`${from} ${to}`}>
            <td>
              {from ?? '–'} → {to ?? '–'}
            </td>
            <td className="end">{volume(before)}</td>
            <td className="end">{volume(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const shown = (items: number, total: number): string =>
  items === total ? count(total) : investigateText.newestOf(count(items), count(total))

/** Of a link without times. */
export const momentsOf = (state: Readonly<{ a: string; b: string }>, span: Readonly<{ from: string; to: string }>) => ({
  a: state.a === '' ? span.from : state.a,
  b: state.b === '' ? span.to : state.b,
})
