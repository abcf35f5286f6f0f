import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { request } from '../../api/client.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { dashboardsText } from './text.ts'
import type { PanelProps } from './panels.tsx'

export function useFlows<Answer>(
  path: string,
  { filter, t, revision }: PanelProps,
  more: Readonly<Record<string, string | number>>,
): UseQueryResult<Answer> {
  const query = { filter, from: t.from, to: t.to, ...more }
  return useQuery({
    queryKey: [path, query, revision],
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<Answer>(path, { signal, query }),
  })
}

export function Answered<T>({
  of: { data, error, refetch },
  children,
}: {
  of: UseQueryResult<T>
  children: (data: T) => React.ReactNode
}): React.ReactNode {
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />
  return data === undefined ? <Loading what={dashboardsText.thePanel} /> : children(data)
}
