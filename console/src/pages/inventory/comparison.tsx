import { useState } from 'react'
import type { CloudDifference } from '../../parts/cloud/requests.ts'
import { differenceText } from '../../parts/cloud/difference-text.ts'
import { typeText } from '../../parts/cloud/texts.tsx'
import { ExportRows } from '../../parts/export-rows.tsx'
import { count, momentAt } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { EmptyState, Loading, NoAnswer, RefreshButton, StaleNotice } from '../../parts/states.tsx'
import { readMoment } from '../../state/moments.ts'
import { timeZone, usePreference } from '../../state/preferences.ts'
import type { Range } from '../../state/range.ts'
import { timeText } from '../../text/time.ts'
import { generalText } from '../../text/general.ts'
import { differenceNames, inventoryText } from '../../parts/cloud/text.ts'
import { useDifferences } from './queries.ts'
import type { InventoryState } from './state.ts'

const marks = { created: '+', found: '○', deleted: '−', changed: '~' } as const
const tones = { created: 'good', found: 'dim', deleted: 'bad', changed: undefined } as const
const kinds = ['created', 'found', 'deleted', 'changed'] as const

const fieldsText = ({ changes }: CloudDifference): string => changes.map(differenceText).join(' · ')

const columns: readonly GridColumn<CloudDifference>[] = [
  {
    id: 'kind',
    line: 1,
    title: inventoryText.difference,
    width: 96,
    cell: ({ kind }) => (
      <span className={tones[kind]}>
        <span aria-hidden="true">{marks[kind]} </span>
        {differenceNames[kind]}
      </span>
    ),
  },
  { id: 'type', line: 1, title: generalText.type, width: 140, cell: ({ type }) => typeText(type) },
  {
    id: 'name',
    line: 1,
    title: generalText.name,
    width: 170,
    cell: ({ id, name }) => <span title={id}>{name}</span>,
  },
  { id: 'account', title: inventoryText.account, width: 90, cell: ({ account }) => account },
  { id: 'region', title: generalText.region, width: 88, cell: ({ region }) => region },
  {
    id: 'fields',
    line: 2,
    title: inventoryText.fields,
    width: 260,
    grow: 1,
    cell: (row) => <span title={fieldsText(row)}>{fieldsText(row)}</span>,
  },
]

type ComparisonProps = Readonly<{
  /** Id of the tab's panel. */
  place: string
  state: InventoryState
  onTimes: (between: Range) => void
  onOpen: (ref: string) => void
  tabs: React.ReactNode
  /** Details of the selected resource. */
  children: React.ReactNode
}>

export function Comparison({ place, state, onTimes, onOpen, tabs, children }: ComparisonProps): React.ReactNode {
  const diff = useDifferences(state)
  const { data, error, isError, isFetching } = diff
  const refresh = (): void => void diff.refetch().catch(reportError)
  const isMoving = [state.between.from, state.between.to].some((written) => written.startsWith('now'))
  return (
    <>
      <div className="page-line">
        {tabs}
        <Times key={`${state.between.from}..${state.between.to}`} of={state.between} onChange={onTimes} />
        {data !== undefined && isMoving && (
          <button type="button" title={inventoryText.fixHint} onClick={() => onTimes(exact(data))}>
            {inventoryText.fix}
          </button>
        )}
      </div>
      <div className="page-line">
        <span className="number" role="status">
          {data === undefined ? '' : sumsText(data.counts)}
        </span>
        {data !== undefined && (
          <span className="dim number">
            {momentAt(Date.parse(data.from))} – {momentAt(Date.parse(data.to))}
            {data.more && ` · ${inventoryText.first(count(data.resources.length))}`}
          </span>
        )}
        <div className="end">
          <ExportRows
            name={inventoryText.comparison}
            columns={columns}
            read={() => Promise.resolve(data?.resources ?? [])}
          />
          <RefreshButton onClick={refresh} />
        </div>
      </div>
      {isError && data !== undefined && <StaleNotice error={error} onRetry={refresh} />}
      <div className="page-body" id={place} role="tabpanel" aria-label={inventoryText.comparison}>
        <section className="panel table" aria-label={inventoryText.comparison} aria-busy={isFetching}>
          {data === undefined ? (
            isError ? (
              <NoAnswer error={error} needsStore={inventoryText.needsStore} onRetry={refresh} />
            ) : (
              <Loading what={inventoryText.comparison} />
            )
          ) : data.resources.length === 0 ? (
            <EmptyState
              title={inventoryText.noDifference}
              action={{ text: inventoryText.compareWeek, onClick: () => onTimes({ from: 'now-7d', to: 'now' }) }}
            >
              {inventoryText.noDifferenceHint}
            </EmptyState>
          ) : (
            <Grid
              label={inventoryText.comparison}
              columns={columns}
              rows={data.resources}
              rowKey={({ ref }) => ref}
              total={data.resources.length}
              selected={state.sel}
              onOpen={({ ref }) => onOpen(ref)}
            />
          )}
        </section>
        {children}
      </div>
    </>
  )
}

/** Times of the URL have no fraction of a second. */
const exact = ({ from, to }: Range): Range => {
  const second = (iso: string): string => `${iso.slice(0, 19)}Z`
  return { from: second(from), to: second(to) }
}

const sumsText = (counts: Readonly<Record<(typeof kinds)[number], number>>): string =>
  kinds
    .filter((kind) => kind !== 'found' || counts.found > 0)
    .map((kind) => `${count(counts[kind])} ${differenceNames[kind]}`)
    .join(' · ')

function Times({ of, onChange }: Readonly<{ of: Range; onChange: (between: Range) => void }>): React.ReactNode {
  const [from, setFrom] = useState(of.from)
  const [to, setTo] = useState(of.to)
  const zone = usePreference(timeZone)
  const read = (written: string) => readMoment(written, Date.now(), zone)
  const [begin, end] = [read(from), read(to)]
  const wrong = begin === undefined ? from : end === undefined ? to : undefined
  return (
    <form
      className="compare-times"
      onSubmit={(event) => {
        event.preventDefault()
        if (begin !== undefined && end !== undefined) onChange({ from: begin, to: end })
      }}
    >
      <label className="control">
        {inventoryText.earlier}{' '}
        <input
          className="mono"
          value={from}
          title={timeText.hint}
          onChange={(event) => setFrom(event.target.value)}
          aria-invalid={begin === undefined}
        />
      </label>
      <label className="control">
        {inventoryText.later}{' '}
        <input
          className="mono"
          value={to}
          title={timeText.hint}
          onChange={(event) => setTo(event.target.value)}
          aria-invalid={end === undefined}
        />
      </label>
      <button type="submit" disabled={wrong !== undefined}>
        {inventoryText.compare}
      </button>
      {wrong !== undefined && (
        <span className="bad" role="alert">
          {timeText.invalid(wrong)}
        </span>
      )}
    </form>
  )
}
