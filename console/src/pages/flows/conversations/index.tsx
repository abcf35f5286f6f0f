import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { request } from '../../../api/client.ts'
import { useLastAnswer } from '../../../api/use-last-answer.ts'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import { andFilter } from '../../../parts/filter-text.ts'
import { count, counted, time, volume } from '../../../parts/format.ts'
import { Grid } from '../../../parts/grid.tsx'
import { ErrorState, Loading, RefreshButton, StaleNotice } from '../../../parts/states.tsx'
import { isMoving } from '../../../state/range.ts'
import { questionQuery } from '../flow-filter.ts'
import { NoFlows } from '../no-flows.tsx'
import { conditionOf } from '../overview/condition.ts'
import { flowQueryOf } from '../overview/queries.ts'
import { resized } from '../parameters.ts'
import { Cancelled, Running } from '../query-status.tsx'
import type { FlowViewProps } from '../views.ts'
import { conversationColumns, rankOfColumn, sortedColumn } from './columns.tsx'
import { ConversationsExport, mostConversations } from './export.tsx'
import { conversationsOf, keyCells, keyFields, type Conversation, type ConversationsAnswer } from './rows.ts'
import { conversationsText } from '../../../text/conversations.ts'
import { generalText } from '../../../text/general.ts'

const liveRefresh = 5
const firstLimit = 500

export default function Conversations({ state, set, tabs }: FlowViewProps): React.ReactNode {
  const { live, t, refresh, rank, w } = state
  const { revision, again } = useRefresh(live ? liveRefresh : isMoving(t) ? refresh : 0)
  const [limit, setLimit] = useState(firstLimit)
  const { t: span, ...question } = useMemo(() => flowQueryOf(state, revision), [state, revision])
  const query = { ...questionQuery({ ...question, both: true }), from: span.from, to: span.to, by: rank }
  const queryKey = ['conversations', query, limit, revision]
  const client = useQueryClient()
  const answer = useQuery({
    queryKey,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: ({ signal }) =>
      request<ConversationsAnswer>('/api/v1/conversations', { signal, query: { ...query, limit } }),
  })
  const { isFetching: busy, isError, error, refetch } = answer
  const data = useLastAnswer(answer.data, isError)
  const rows = useMemo(() => (data === undefined ? [] : conversationsOf(data)), [data])
  const columns = useMemo(() => conversationColumns(w), [w])
  const retry = (): void => {
    refetch().catch(reportError)
  }
  const open = (row: Conversation): void =>
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
      <div className="page-line">
        {tabs}
        <span className="number" role="status">
          {data === undefined ? '' : `${sumText(data)} · ${sourceText(data)}`}
        </span>
        {busy && !live && (
          <Running
            onCancel={() => {
              client.cancelQueries({ queryKey }).catch(reportError)
            }}
          />
        )}
        <div className="end">
          {!live && <RefreshButton onClick={again} />}
          <ConversationsExport query={query} />
        </div>
      </div>
      {isError && data !== undefined && <StaleNotice error={error} onRetry={retry} />}
      <div className="page-body">
        <section className="panel table" aria-label={conversationsText.title} aria-busy={busy}>
          {data === undefined ? (
            isError ? (
              <ErrorState error={error} onRetry={retry} />
            ) : busy ? (
              <Loading what={conversationsText.inText} />
            ) : (
              <Cancelled onRun={retry} />
            )
          ) : rows.length === 0 ? (
            <NoFlows
              filter={state.filter}
              {...(live
                ? { onStored: () => set({ live: false }) }
                : { range: t, onWiden: () => set({ t: { from: 'now-1w', to: 'now' } }) })}
              onClear={() => set({ q: '', quick: [] })}
            />
          ) : (
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
          )}
          {data !== undefined && rows.length < data.total.conversations && limit < mostConversations && (
            <div className="table-foot">
              <button type="button" onClick={() => setLimit(mostConversations)}>
                {conversationsText.showMore(
                  data.total.conversations > mostConversations
                    ? count(mostConversations)
                    : conversationsText.all.toLowerCase(),
                )}
              </button>
            </div>
          )}
        </section>
      </div>
    </>
  )
}

function sumText({ rows, total }: ConversationsAnswer): string {
  const all = counted(total.conversations, 'conversation')
  return conversationsText.sum(
    rows.length < total.conversations ? conversationsText.largest(count(rows.length), all) : all,
    volume(Number(total.bytes ?? 0)),
    counted(Number(total.flows), 'flow'),
  )
}

function sourceText({ source, span, stored_to: storedTo }: ConversationsAnswer): string {
  if (source === 'ring') return generalText.withoutStore(time(span.from), time(span.to))
  return storedTo === undefined ? generalText.storedComplete : generalText.storedUntil(time(storedTo))
}
