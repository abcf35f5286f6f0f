import { QueryClient, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Field, Ledger, Pipeline, ViewColumn } from '../../../src/api/published.ts'
import { ask } from './client.ts'
import { asRefused } from './problem.ts'

/** Questions are asked again only where another answer can be expected. */
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
  readonly views: Readonly<Record<'flows' | 'events' | 'changes' | 'resources' | 'relations', readonly ViewColumn[]>>
}

/** The field registry. It does not change while a server runs. */
export function useFields(): UseQueryResult<Fields> {
  return useQuery({ queryKey: ['fields'], queryFn: ({ signal }) => ask<Fields>('/api/v1/fields', { signal }), staleTime: Infinity })
}

/** Who may not ask will not be allowed a moment later. */
export const every = ({ state }: { readonly state: { readonly error: Error | null } }): number | false => (state.error !== null && [401, 403].includes(asRefused(state.error).status) ? false : 2000)

export function useLedger(): UseQueryResult<Ledger> {
  return useQuery({ queryKey: ['ledger'], queryFn: ({ signal }) => ask<Ledger>('/api/v1/ledger', { signal }), refetchInterval: every })
}

export function usePipeline(): UseQueryResult<Pipeline> {
  return useQuery({ queryKey: ['pipeline'], queryFn: ({ signal }) => ask<Pipeline>('/api/v1/pipeline', { signal }), refetchInterval: every })
}

/** Who the server takes us for. */
export interface Me {
  readonly name: string
  readonly role: string
  /** The only namespaces whose flows are shown; null: all. */
  readonly namespaces: readonly string[] | null
  readonly login: 'none' | 'token' | 'oidc'
}

export function useMe(): UseQueryResult<Me> {
  return useQuery({ queryKey: ['me'], queryFn: ({ signal }) => ask<Me>('/api/v1/me', { signal }), staleTime: Infinity })
}
