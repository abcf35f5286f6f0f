import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import type { FlowFrame } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import { useLastAnswer } from '../../api/use-last-answer.ts'

export type TableResult<Answer> = Readonly<{
  data: Answer | undefined
  busy: boolean
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
  return {
    data: useLastAnswer(answer.data, { failed: isError }),
    busy: isFetching,
    error: isError ? error : undefined,
    retry: () => {
      refetch().catch(reportError)
    },
    cancel: () => {
      client.cancelQueries({ queryKey }).catch(reportError)
    },
  }
}
