import { lazy, Suspense, useMemo, useState } from 'react'
import type { FlowConversations } from '../../../../../src/api/published.ts'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import { andFilter } from '../../../parts/filter-text.ts'
import { count, counted, countedWithin, volume } from '../../../parts/format.ts'
import { Grid } from '../../../parts/grid.tsx'
import { LoadingChart, RefreshButton } from '../../../parts/states.tsx'
import { isMoving } from '../../../state/range.ts'
import { CsvExport, shownTable } from '../csv-export.tsx'
import { questionQuery } from '../flow-filter.ts'
import { useFlowMarks } from '../marks.ts'
import { sourceText } from '../source-text.ts'
import { TablePanel } from '../table-panel.tsx'
import { useTable } from '../use-table.ts'
import { conditionOf } from '../../../parts/endpoint-condition.ts'
import { flowQueryOf } from '../overview/flow-query.ts'
import { amountOf } from '../overview/names.ts'
import { resized } from '../parameters.ts'
import { Running } from '../../../parts/query-status.tsx'
import type { FlowViewProps } from '../views.ts'
import { conversationColumns, rankOfColumn, sortedColumn } from './columns.tsx'
import { conversationsOf, keyCells, keyFields, type Conversation } from './rows.ts'
import type { Rank } from './state.ts'
import { conversationsText } from './text.ts'

const ConversationVolume = lazy(() => import('./volume.tsx'))

const path = '/api/v1/conversations'
const liveRefresh = 5
const [firstLimit, mostConversations] = [500, 10_000]

export default function Conversations({ state, set, tabs }: FlowViewProps): React.ReactNode {
  const { live, t, refresh, rank, w } = state
  const { revision, again } = useRefresh(live ? liveRefresh : isMoving(t) ? refresh : 0)
  const [limit, setLimit] = useState(firstLimit)
  const [source, setSource] = useState<'auto' | 'raw'>('auto')
  const { t: span, ...question } = useMemo(() => flowQueryOf(state, revision), [state, revision])
  const range = { ...questionQuery({ ...question, both: true }), from: span.from, to: span.to }
  const query = { ...range, by: rank, source }
  const table = useTable<FlowConversations>(path, { ...query, limit }, revision)
  const { data, busy, cancel } = table
  const marks = useFlowMarks(state, set, live ? undefined : data?.span, data?.source, 0)
  const rows = useMemo(() => (data === undefined ? [] : conversationsOf(data)), [data])
  const columns = useMemo(() => conversationColumns(w), [w])
  const open = (row: Conversation) =>
    set({
      view: 'table',
      q: andFilter(state.q, conditionOf(keyFields, keyCells(row))),
      both: true,
      group: [],
      live: false,
      sel: '',
    })
  return (
    <>
      <div className={table.stale ? 'page-line stale' : 'page-line'}>
        {tabs}
        <span className="number" role="status">
          {data === undefined ? '' : `${sumText(data)} · ${sourceText(data)}`}
        </span>
        {busy && !live && <Running onCancel={cancel} />}
        <div className="end">
          {!live && <RefreshButton onClick={again} />}
          <CsvExport<FlowConversations>
            path={path}
            query={{ ...query, limit: mostConversations }}
            file="weir-conversations.csv"
            title={conversationsText.exportTitle}
            action={conversationsText.csv}
            hint={conversationsText.csvHint(count(mostConversations))}
            table={(answer) => shownTable(columns, conversationsOf(answer))}
            savedText={({ rows: { length } }) => conversationsText.saved(count(length))}
          />
        </div>
      </div>
      {!live && (data === undefined || rows.length > 0) && (
        <Suspense fallback={<LoadingChart />}>
          <ConversationVolume query={range} onSpan={(from, to) => set({ t: { from, to } })} marks={marks} />
        </Suspense>
      )}
      <TablePanel
        state={state}
        set={set}
        result={table}
        title={conversationsText.title}
        what={conversationsText.inText}
        empty={rows.length === 0}
        foot={(answer) => (
          <Foot
            answer={answer}
            shown={rows.length}
            error={errorText(answer, rank)}
            onAll={() => setSource('raw')}
            onMore={limit < mostConversations ? () => setLimit(mostConversations) : undefined}
          />
        )}
      >
        <Grid
          label={conversationsText.title}
          columns={columns}
          rows={rows}
          rowKey={({ key }) => key}
          total={rows.length}
          sort={`-${sortedColumn(rank)}`}
          onOpen={open}
          onResize={(id, width) => set({ w: resized(w, id, width) }, 'replace')}
          onSort={(id) => {
            const next = rankOfColumn[id]
            if (next !== undefined) set({ rank: next })
          }}
        />
      </TablePanel>
    </>
  )
}

type FootProps = Readonly<{
  answer: FlowConversations
  shown: number
  error: string | undefined
  onAll: () => void
  onMore: (() => void) | undefined
}>

function Foot({ answer: { total }, shown, error, onAll, onMore }: FootProps) {
  const hasMore = shown < total.conversations && onMore !== undefined
  if (!hasMore && error === undefined) return null
  const more = total.conversations > mostConversations ? count(mostConversations) : conversationsText.all.toLowerCase()
  return (
    <div className="table-foot">
      {error !== undefined && (
        <>
          <span className="dim">{error}</span>{' '}
          <button type="button" onClick={onAll}>
            {conversationsText.readAll}
          </button>{' '}
        </>
      )}
      {hasMore && (
        <button type="button" onClick={onMore}>
          {conversationsText.showMore(more)}
        </button>
      )}
    </div>
  )
}

/** Undefined if no larger conversation can exist. */
function errorText({ source, exact, error }: FlowConversations, rank: Rank) {
  if (exact || source !== 'lists') return undefined
  const measure = rank === 'packets' || rank === 'flows' ? rank : 'bytes'
  return conversationsText.listed(amountOf(measure, Number(error ?? 0)))
}

function sumText({ rows, total }: FlowConversations): string {
  const all = countedWithin(total.conversations, 'conversation', total.conversations_error)
  return conversationsText.sum(
    rows.length < total.conversations ? conversationsText.largest(count(rows.length), all) : all,
    volume(Number(total.bytes)),
    counted(Number(total.flows), 'flow'),
  )
}
