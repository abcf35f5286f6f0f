import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import type { FlowFrame } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import { useStale } from '../../api/use-stale.ts'
import { useLastAnswer } from '../../api/use-last-answer.ts'

export type TableResult<Answer> = Readonly<{
  data: Answer | undefined
  busy: boolean
  /** The data are of another question. */
  stale: boolean
  error: unknown
  retry: () => void
  cancel: () => void
}>

export function useTable<Answer extends FlowFrame>(path: string, query: Query, revision: number): TableResult<Answer> {
  const queryKey = ['table', path, query, revision]
  const client = useQueryClient()
  const answer = useQuery({
    queryKey,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: ({ signal }) => request<Answer>(path, { signal, query }),
  })
  const { isFetching, isError, error, refetch } = answer
  const data = useLastAnswer(answer.data, { failed: isError })
  return {
    data,
    busy: isFetching,
    stale: useStale([path, query], answer, data),
    error: isError ? error : undefined,
    retry: () => {
      refetch().catch(reportError)
    },
    cancel: () => {
      client.cancelQueries({ queryKey }).catch(reportError)
    },
  }
}
