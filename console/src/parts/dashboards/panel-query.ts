import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { request, type Query } from '../../api/client.ts'
import type { PanelProps } from './kind.ts'

type PanelQuery<Answer> = Readonly<{
  /** All that the answer depends on, except the revision. */
  key: readonly unknown[]
  revision: number
  enabled?: boolean
  read: (signal: AbortSignal) => Promise<Answer>
}>

/** A refresh keeps the rows until the next ones arrive. Another filter or range has no rows of the one before. */
export function usePanelQuery<Answer>({
  key,
  revision,
  enabled = true,
  read,
}: PanelQuery<Answer>): UseQueryResult<Answer> {
  const about = JSON.stringify(key)
  return useQuery<Answer>({
    queryKey: ['panel', about, revision],
    enabled,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: ((before: Answer | undefined, query?: { readonly queryKey: readonly unknown[] }) =>
      query?.queryKey[1] === about ? before : undefined) as never,
    queryFn: ({ signal }) => read(signal),
  })
}

/** An answer about the time range of the panel. */
export function useRanged<Answer>(
  path: string,
  { t, revision }: Pick<PanelProps, 't' | 'revision'>,
  query: Query,
): UseQueryResult<Answer> {
  const whole = { ...query, from: t.from, to: t.to }
  return usePanelQuery({
    key: [path, whole],
    revision,
    read: (signal) => request<Answer>(path, { signal, query: whole }),
  })
}
