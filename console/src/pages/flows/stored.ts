import type { FlowFrame, Series } from '../../../../src/api/published.ts'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '../../api/client.ts'
import type { Row } from '../../live/rows-model.ts'
import { questionQuery, type FlowQuestion } from './flow-filter.ts'
import { usePages } from '../../api/use-pages.ts'
import { useStale } from '../../api/use-stale.ts'
import { useAfterPaint } from './use-after-paint.ts'
import { offsetSeconds } from './overview/queries.ts'
import { defaultLook, type Earlier } from './overview/state.ts'
import type { FlowsState } from './state.ts'

const volumeGroup = 'src_endpoint'

interface StoredQuestion extends FlowQuestion {
  readonly from: string
  readonly to: string
  readonly fields: readonly string[]
  readonly sort: string
  readonly revision: number
  /** From the last row back. */
  readonly backwards?: boolean
}

export type StoredRows = Readonly<{
  rows: readonly Row[]
  fields: readonly string[]
  span: FlowFrame['span'] | undefined
  /** `raw`: the store; `ring`: the live memory, without a store. */
  source: string
  /** Present while the newest part of the range is not stored yet. */
  storedTo: string | undefined
  /** Times of lost flows. */
  lost: FlowFrame['lost']
  /** Times when Weir did not run. */
  stopped: FlowFrame['stopped']
  more: boolean
  busy: boolean
  /** Of this question, not of the one before. */
  isOwn: boolean
  /** Of another question or range. */
  stale: boolean
  error: unknown
  next: () => void
  again: () => void
  cancel: () => void
}>

const pageRows = 500

export function useStoredRows(
  { from, to, fields, sort, revision, backwards = false, ...flowQuery }: StoredQuestion,
  { enabled }: Readonly<{ enabled: boolean }> = { enabled: true },
): StoredRows {
  const question = questionQuery(flowQuery)
  const queryKey = ['flows', question, from, to, fields, sort, revision, backwards]
  const query = {
    ...question,
    from,
    to,
    columns: fields.join(','),
    sort,
    limit: pageRows,
    backwards: backwards ? 'true' : undefined,
  }
  const list = usePages<FlowFrame>(queryKey, '/api/v1/flows', query, { enabled, question: [question, from, to, sort] })
  const { pages, more, busy, isOwn, stale, error, next, again } = list
  const rows = useMemo(() => pages?.flatMap((page) => page.rows as readonly Row[]) ?? [], [pages])
  const answered = pages?.[0]?.columns
  const names = useMemo(() => answered?.map(({ name }) => name) ?? [], [answered])
  const client = useQueryClient()
  const cancel = () => {
    client.cancelQueries({ queryKey }).catch(reportError)
  }
  return {
    rows,
    fields: names,
    span: pages?.[0]?.span,
    source: pages?.[0]?.source ?? '',
    storedTo: pages?.[0]?.stored_to,
    lost: pages?.[0]?.lost,
    stopped: pages?.[0]?.stopped,
    more,
    busy,
    isOwn,
    stale,
    error,
    next,
    again,
    cancel,
  }
}

type Totals = Readonly<{
  /** Of another question or range. */
  stale: boolean
  flows: number
  bytes: number
  series: Series
}>

/** The flows of a table: by their receipt, and without rollups. */
function receivedIn(question: ReturnType<typeof questionQuery>, span: FlowFrame['span'] | undefined) {
  return { ...question, from: span?.from, to: span?.to, time: 'time_received', source: 'raw' }
}

/** `span`: that of the rows, in the range. */
export function useTotals(
  flowQuery: FlowQuestion,
  range: FlowsState['t'],
  span: FlowFrame['span'] | undefined,
): Totals | undefined {
  const question = questionQuery(flowQuery)
  const painted = useAfterPaint(span === undefined ? 'absent' : 'there')
  const totals = useQuery({
    queryKey: ['totals', question, span?.from, span?.to],
    // The totals use all cores of a small machine, so rows are shown first.
    enabled: span !== undefined && painted,
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<Series>('/api/v1/series', {
        signal,
        query: {
          ...receivedIn(question, span),
          group: volumeGroup,
          limit: defaultLook.top,
        },
      }),
  })
  const { data } = totals
  const stale = useStale([question, range], totals, data)
  return useMemo(
    () =>
      data === undefined
        ? undefined
        : { stale, flows: sumOf(data, 'flows'), bytes: sumOf(data, 'bytes'), series: data },
    [data, stale],
  )
}

function sumOf({ columns, rows }: FlowFrame, name: string) {
  const at = columns.findIndex((column) => column.name === name)
  return rows.reduce((sum, row) => sum + Number(row[at]), 0)
}

/** The sums of the flows of an earlier range, if the view compares with one. */
export function useEarlierVolume(
  flowQuery: FlowQuestion,
  series: Series | undefined,
  { before, t }: Pick<FlowsState, 'before' | 't'>,
): Readonly<{ answer: Series; seconds: number; before: Earlier }> | undefined {
  const seconds = offsetSeconds(before, t)
  const question = questionQuery(flowQuery)
  const span = series?.span
  const { data } = useQuery({
    queryKey: ['earlier volume', question, span?.from, span?.to, seconds],
    enabled: span !== undefined && seconds > 0,
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: ({ signal }) =>
      request<Series>('/api/v1/series', {
        signal,
        query: {
          ...receivedIn(question, span),
          offset: `${seconds}s`,
        },
      }),
  })
  return useMemo(
    () => (data === undefined || seconds === 0 ? undefined : { answer: data, seconds, before }),
    [data, seconds, before],
  )
}
