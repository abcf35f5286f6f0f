import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { AnswerFrame } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import type { Row } from '../../live/rows-model.ts'
import { questionQuery, type FlowQuestion } from './flow-filter.ts'
import { useLastAnswer } from '../../api/use-last-answer.ts'
import { useAfterPaint } from './use-after-paint.ts'
import { volumeGroup, type SeriesAnswer } from './volume.tsx'

interface StoredQuestion extends FlowQuestion {
  readonly from: string
  readonly to: string
  readonly fields: readonly string[]
  readonly sort: string
  readonly revision: number
}

export type StoredRows = Readonly<{
  rows: readonly Row[]
  fields: readonly string[]
  span: AnswerFrame['span'] | undefined
  /** `raw`: the store; `ring`: the live memory, without a store. */
  source: string
  /** Present while the newest part of the range is not stored yet. */
  storedTo: string | undefined
  more: boolean
  busy: boolean
  error: unknown
  next: () => void
  again: () => void
  cancel: () => void
}>

const pageRows = 500

/** All pages; the cursor keeps the time of the first page. */
export function useStoredRows(
  { from, to, fields, sort, revision, ...flowQuery }: StoredQuestion,
  enabled: boolean,
): StoredRows {
  const question = questionQuery(flowQuery)
  const queryKey = ['flows', question, from, to, fields, sort, revision]
  const answer = useInfiniteQuery({
    queryKey,
    enabled,
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    // Rows are immutable, so comparing them is wasted.
    structuralSharing: false,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      request<AnswerFrame>('/api/v1/flows', {
        signal,
        query: { ...question, from, to, columns: fields.join(','), sort, limit: pageRows, cursor: pageParam },
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const { hasNextPage, isFetching, isError, error, fetchNextPage, refetch } = answer
  const data = useLastAnswer(answer.data, isError)
  const rows = useMemo(() => data?.pages.flatMap((page) => page.rows as readonly Row[]) ?? [], [data])
  const answered = data?.pages[0]?.columns
  const names = useMemo(() => answered?.map(({ name }) => name) ?? [], [answered])
  const more = (data?.pages.at(-1)?.next ?? null) !== null
  const next = useCallback(() => {
    if (hasNextPage && !isFetching && !isError) fetchNextPage().catch(reportError)
  }, [hasNextPage, isFetching, isError, fetchNextPage])
  const again = useCallback(() => void refetch().catch(reportError), [refetch])
  const client = useQueryClient()
  const cancel = (): void => {
    client.cancelQueries({ queryKey }).catch(reportError)
  }
  return {
    rows,
    fields: names,
    span: data?.pages[0]?.span,
    source: data?.pages[0]?.source ?? '',
    storedTo: data?.pages[0]?.stored_to,
    more,
    busy: isFetching,
    error: isError ? error : undefined,
    next,
    again,
    cancel,
  }
}

type Totals = Readonly<{
  flows: number
  bytes: number
  series: SeriesAnswer
}>

export function useTotals(flowQuery: FlowQuestion, span: AnswerFrame['span'] | undefined): Totals | undefined {
  const question = questionQuery(flowQuery)
  const painted = useAfterPaint(span !== undefined)
  const { data } = useQuery({
    queryKey: ['totals', question, span?.from, span?.to],
    // The totals use all cores of a small machine, so rows are shown first.
    enabled: span !== undefined && painted,
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<SeriesAnswer>('/api/v1/series', {
        signal,
        query: {
          ...question,
          from: span?.from,
          to: span?.to,
          time: 'time_received',
          source: 'raw',
          group: volumeGroup,
          limit: 4,
        },
      }),
  })
  return useMemo(
    () => (data === undefined ? undefined : { flows: sumOf(data, 'flows'), bytes: sumOf(data, 'bytes'), series: data }),
    [data],
  )
}

function sumOf({ columns, rows }: AnswerFrame, name: string): number {
  const at = columns.findIndex((column) => column.name === name)
  return rows.reduce((sum, row) => sum + Number(row[at]), 0)
}
