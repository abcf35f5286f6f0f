import { QueryClient, queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { Field, Ledger, Pipeline, ViewColumn } from '../../../src/api/published.ts'
import { ask } from './client.ts'
import { asRefused } from './problem.ts'

/** Retries only errors that can be temporary. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < 2 && [0, 502, 504].includes(asRefused(error).status),
      staleTime: 1000,
      refetchOnWindowFocus: false,
    },
  },
})

export interface Fields {
  readonly version: number
  readonly fields: readonly Field[]
  readonly views: Readonly<
    Record<'flows' | 'events' | 'changes' | 'audit' | 'resources' | 'relations' | 'traffic', readonly ViewColumn[]>
  >
}

const fields = queryOptions({
  queryKey: ['fields'],
  queryFn: ({ signal }) => ask<Fields>('/api/v1/fields', { signal }),
  staleTime: Infinity,
})

export function useFields(): UseQueryResult<Fields> {
  return useQuery(fields)
}

/** Prefetches while the page that needs it is still loading. */
export function expectFields(): void {
  queryClient.prefetchQuery(fields).catch(reportError)
}

export function expectMe(): void {
  queryClient.prefetchQuery(me).catch(reportError)
}

/** Stops polling after 401 and 403. */
export const every = ({ state }: { readonly state: { readonly error: Error | null } }): number | false =>
  state.error !== null && [401, 403].includes(asRefused(state.error).status) ? false : 2000

export interface Watched<T> {
  readonly data: T | undefined
  readonly dataUpdatedAt: number
  readonly error: Error | null
  readonly isError: boolean
  readonly refetch: () => Promise<unknown>
}

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
      queryFn: ({ signal }) => ask<Ledger>('/api/v1/ledger', { signal }),
      refetchInterval: every,
    }),
  )
}

export function usePipeline(): Watched<Pipeline> {
  return useHeld(
    useQuery({
      queryKey: ['pipeline'],
      queryFn: ({ signal }) => ask<Pipeline>('/api/v1/pipeline', { signal }),
      refetchInterval: every,
    }),
  )
}

export interface Me {
  readonly name: string
  readonly role: string
  /** null: all namespaces. */
  readonly namespaces: readonly string[] | null
  readonly login: 'none' | 'token' | 'oidc'
}

const me = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => ask<Me>('/api/v1/me', { signal }),
  staleTime: Infinity,
})

export function useMe(): UseQueryResult<Me> {
  return useQuery(me)
}
