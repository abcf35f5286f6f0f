import { useQuery } from '@tanstack/react-query'
import type { FlowFrame } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'
import { Drawer } from '../../parts/drawer.tsx'
import { InvestigateLink } from '../../parts/links/investigate-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { refText, writeRef } from '../../state/refs.ts'
import type { FlowColumn } from '../../parts/flows/columns.tsx'
import { RecordReports } from './record-reports.tsx'
import { inGroups } from './field-groups.ts'
import { qualified } from './groups.ts'
import { plainText } from '../../parts/format.ts'
import { EmptyState, ErrorState } from '../../parts/states.tsx'
import { andFilter, conditionFor, conditionWithout, eitherCondition } from '../../parts/filter-text.ts'
import { generalText } from '../../text/general.ts'
import { flowsText } from '../../parts/flows/text.ts'

export type RecordProps = Readonly<{
  sel: string
  opened: ReadonlyMap<string, unknown>
  columns: ReadonlyMap<string, FlowColumn>
  filter: string
  onClose: () => void
  onFilter: (filter: string) => void
}>

const none: ReadonlyMap<string, unknown> = new Map()

export function Record({ sel, opened, columns, filter, onClose, onFilter }: RecordProps): React.ReactNode {
  const shown = opened.get('_pos') === sel ? opened : undefined
  const received = shown?.get('time_received')
  const whole = useQuery({
    queryKey: ['flow', sel],
    staleTime: Infinity,
    retry: 2,
    retryDelay: 1500,
    queryFn: async ({ signal }) => {
      const find = async (query: Query) => {
        const answer = await request<FlowFrame>('/api/v1/flows', { signal, query: { pos: sel, limit: 1, ...query } })
        const [row] = answer.rows
        if (row === undefined) throw new Error(flowsText.notStoredYet)
        return { names: answer.columns, found: row }
      }
      // All fields of four weeks may exceed the memory of a query.
      const at =
        typeof received === 'string'
          ? received
          : plainText((await find({ columns: 'time_received', from: 'now-4w', to: 'now' })).found[0])
      const [from, to] = [-1000, 1000].map((ms) => new Date(Date.parse(at) + ms).toISOString())
      const { names, found } = await find({ columns: '*', from, to })
      return new Map(names.map(({ name }, index) => [name, found[index]]))
    },
  })
  const values = whole.data ?? shown
  const present = [...(values ?? [])].filter(([, value]) => value !== null && value !== undefined).flatMap(membersOf)
  const end = (side: string) => plainText(values?.get(`${side}_name`) ?? values?.get(`${side}_addr`)) || '?'
  const again = () => {
    whole.refetch().catch(reportError)
  }
  return (
    <Drawer
      of={sel}
      name={flowsText.flow}
      title={values === undefined ? flowsText.flow : `${end('src')} → ${end('dst')}`}
      onClose={onClose}
    >
      {values === undefined && <Missing sel={sel} busy={whole.isFetching} error={whole.error} onAgain={again} />}
      {whole.data === undefined && values !== undefined && !whole.isFetching && (
        <p className="pad dim">
          {flowsText.tableFieldsOnly}{' '}
          <button type="button" onClick={again}>
            {flowsText.checkAgain}
          </button>
        </p>
      )}
      {values !== undefined && <Objects values={values} />}
      {whole.data !== undefined && <RecordReports flow={whole.data} />}
      {inGroups(present, ([name]) => name).map(({ title, members }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {members.map(([name, value]) => (
              <Value
                key={name}
                name={name}
                value={value}
                values={values ?? none}
                column={columns.get(name)}
                onFilter={(condition) => onFilter(andFilter(filter, condition))}
              />
            ))}
          </dl>
        </section>
      ))}
    </Drawer>
  )
}

/** Each member of `extra` as a field. */
function membersOf([name, value]: readonly [string, unknown]): readonly (readonly [string, unknown])[] {
  return name === 'extra' && typeof value === 'object' && value !== null
    ? Object.entries(value).map(([key, member]) => [`extra.${key}`, member] as const)
    : [[name, value]]
}

function Objects({ values }: { values: ReadonlyMap<string, unknown> }) {
  const text = (name: string) => plainText(values.get(name))
  const at = text('time_received')
  const ends = (['src', 'dst'] as const).flatMap((end) => {
    const [kind, name, cluster] = [text(`${end}_kind`), text(`${end}_name`), text('cluster')]
    // All kinds with addresses are in the core group.
    return kind === '' || name === '' || cluster === ''
      ? [text(`${end}_addr`)].filter((address) => address !== '')
      : [
          writeRef({
            cluster,
            group: '',
            kind,
            namespace: kind === generalText.node ? '' : text(`${end}_namespace`),
            name,
          }),
        ]
  })
  return ends.length === 0 ? null : (
    <p className="objects">
      {ends.map((ref) => (
        <span key={ref}>
          <ResourceLink to={ref} {...(at === '' ? {} : { at })}>
            {refText(ref)}
          </ResourceLink>{' '}
          <InvestigateLink of={ref} at={at} />
        </span>
      ))}
    </p>
  )
}

function Missing({ sel, busy, error, onAgain }: { sel: string; busy: boolean; error: unknown; onAgain: () => void }) {
  if (busy)
    return (
      <p className="pad dim" role="status">
        {flowsText.loading}
      </p>
    )
  if (error instanceof ApiError) return <ErrorState error={error} onRetry={onAgain} />
  return (
    <EmptyState title={flowsText.flowNotFound} action={{ text: flowsText.checkAgain, onClick: onAgain }}>
      {flowsText.recordMissing} <code>{sel}</code> {flowsText.recordMissingEnd}
    </EmptyState>
  )
}

type ValueProps = Readonly<{
  name: string
  value: unknown
  values: ReadonlyMap<string, unknown>
  column: FlowColumn | undefined
  onFilter: (condition: string) => void
}>

function Value({ name, value, values, column, onFilter }: ValueProps) {
  const plain = typeof value !== 'object'
  const either = plain ? eitherCondition(name, value) : undefined
  const title = qualified(name, column?.title ?? name)
  return (
    <>
      <dt title={`${name}: ${column?.hint ?? ''}`}>{title}</dt>
      <dd>
        <span className="picked">
          {column === undefined
            ? plainText(value)
            : column.cell((of) => (of === name ? value : (values.get(of) ?? null)))}
        </span>
        {plain && (
          <span className="picks">
            <button
              type="button"
              className="quiet pick"
              onClick={() => onFilter(conditionFor(name, value))}
              aria-label={flowsText.onlyValue(title, plainText(value))}
              title={flowsText.onlyThisValue}
            >
              =
            </button>
            <button
              type="button"
              className="quiet pick"
              onClick={() => onFilter(conditionWithout(name, value))}
              aria-label={flowsText.withoutValue(title, plainText(value))}
              title={flowsText.excludeThisValue}
            >
              ≠
            </button>
            {either !== undefined && (
              <button
                type="button"
                className="quiet pick"
                onClick={() => onFilter(either)}
                aria-label={flowsText.eitherEnd(title, plainText(value))}
                title={flowsText.thisValueAtEitherEnd}
              >
                ↔
              </button>
            )}
          </span>
        )}
      </dd>
    </>
  )
}
