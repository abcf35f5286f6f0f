import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { request, type Query } from '../../api/client.ts'
import type { GroupsTable } from './groups.ts'
import type { FlowQuery } from './overview/queries.ts'
import { questionQuery } from './flow-filter.ts'
import { useLastAnswer } from '../../api/use-last-answer.ts'

interface GroupsResult {
  readonly data: GroupsTable | undefined
  readonly busy: boolean
  readonly error: unknown
  readonly retry: () => void
  readonly cancel: () => void
}

export function useGroups({ t, revision, ...flowQuery }: FlowQuery, more: Query): GroupsResult {
  const query = { ...questionQuery(flowQuery), from: t.from, to: t.to, ...more }
  const queryKey = ['groups', query, revision]
  const client = useQueryClient()
  const answer = useQuery({
    queryKey,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: ({ signal }) => request<GroupsTable>('/api/v1/flows', { signal, query }),
  })
  const { isFetching, isError, error, refetch } = answer
  return {
    data: useLastAnswer(answer.data, isError),
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
