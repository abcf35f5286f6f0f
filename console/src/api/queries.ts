import { QueryClient, queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { Fields, Ledger, Me, Pipeline } from '../../../src/api/published.ts'
import { request } from './client.ts'
import { asApiError, type ApiError } from './problem.ts'

/** No response of Weir: 502 and 504 without a code are of a proxy. */
const isUnanswered = ({ status, code }: ApiError) => code === '' && [0, 502, 504].includes(status)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && isUnanswered(asApiError(error)),
      staleTime: 1000,
      refetchOnWindowFocus: false,
    },
  },
})

const fields = queryOptions({
  queryKey: ['fields'],
  queryFn: ({ signal }) => request<Fields>('/api/v1/fields', { signal }),
  staleTime: Infinity,
})

export function useFields(): UseQueryResult<Fields> {
  return useQuery(fields)
}

export function prefetchFields(): void {
  queryClient.prefetchQuery(fields).catch(reportError)
}

export function prefetchMe(): void {
  queryClient.prefetchQuery(me).catch(reportError)
}

/** Stops polling after 401 and 403. */
export const pollInterval = ({ state }: { state: { readonly error: Error | null } }): number | false =>
  state.error !== null && [401, 403].includes(asApiError(state.error).status) ? false : 2000

export type Watched<T> = Readonly<{
  data: T | undefined
  dataUpdatedAt: number
  error: Error | null
  isError: boolean
  refetch: () => Promise<unknown>
}>

/** Keeps an error until the next success: it would blink while the query is retried. */
export function useHeld<T>({ data, dataUpdatedAt, error, refetch }: UseQueryResult<T>): Watched<T> {
  const [last, setLast] = useState<Error | null>(null)
  const now = error ?? (data === undefined ? last : null)
  if (now !== last) setLast(now)
  return { data, dataUpdatedAt, error: now, isError: now !== null, refetch }
}

export function useLedger(): Watched<Ledger> {
  return useHeld(
    useQuery({
      queryKey: ['ledger'],
      queryFn: ({ signal }) => request<Ledger>('/api/v1/ledger', { signal }),
      refetchInterval: pollInterval,
    }),
  )
}

export function usePipeline(): Watched<Pipeline> {
  return useHeld(
    useQuery({
      queryKey: ['pipeline'],
      queryFn: ({ signal }) => request<Pipeline>('/api/v1/pipeline', { signal }),
      refetchInterval: pollInterval,
    }),
  )
}

const me = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => request<Me>('/api/v1/me', { signal }),
  staleTime: Infinity,
})

export function useMe(): UseQueryResult<Me> {
  return useQuery(me)
}
