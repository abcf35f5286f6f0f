import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { ask, type Query } from '../../api/client.ts'
import type { GroupsTable } from './groups.ts'
import type { Asked } from './overview/ask.ts'
import { questionQuery } from './question.ts'
import { useLastAnswer } from '../../api/use-last-answer.ts'

interface AskedGroups {
  /** Of this question, or of the one before while it is asked, or when it failed. */
  readonly data: GroupsTable | undefined
  readonly busy: boolean
  readonly error: unknown
  readonly retry: () => void
  /** Asks no more; the server stops working on it. */
  readonly cancel: () => void
}

/** Groups of flows, queried again for each new `revision`. */
export function useGroups({ t, revision, ...asked }: Asked, more: Query): AskedGroups {
  const query = { ...questionQuery(asked), from: t.from, to: t.to, ...more }
  const queryKey = ['groups', query, revision]
  const client = useQueryClient()
  const answer = useQuery({
    queryKey,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    queryFn: ({ signal }) => ask<GroupsTable>('/api/v1/flows', { signal, query }),
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
