import { keepPreviousData, queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type {
  AlertHistory,
  AlertPreview,
  Alerts,
  AlertSettings,
  AlertTest,
  SentTest,
} from '../../../src/api/published.ts'
import { request, type Query } from './client.ts'
import { pollInterval, useHeld, type Watched } from './queries.ts'
import { useActs } from './use-acts.ts'

export type { AlertHistory, AlertPreview, Alerts, AlertSettings, AlertTest, SentTest }
export type Rule = Alerts['rules'][number]

const alerts = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) => request<Alerts>('/api/v1/alerts', { signal }),
})

export function useAlerts(): Watched<Alerts> {
  return useHeld(useQuery({ ...alerts, refetchInterval: pollInterval }))
}

/** For views that show the rules beside something else: not polled. */
export function useAlertRules(): readonly Rule[] | undefined {
  return useQuery({ ...alerts, staleTime: 60_000, retry: false }).data?.rules
}

/** It is read again every `refreshMs`; 0: never. */
export function useAlertHistory(
  query: Query,
  refreshMs: number,
  { enabled }: Readonly<{ enabled: boolean }> = { enabled: true },
): UseQueryResult<AlertHistory> {
  return useQuery({
    queryKey: ['alert-history', query],
    enabled,
    placeholderData: keepPreviousData,
    ...(refreshMs > 0 ? { refetchInterval: refreshMs } : {}),
    retry: false,
    queryFn: ({ signal }) => request<AlertHistory>('/api/v1/alerts/history', { signal, query }),
  })
}

export function useAlertPreview(settings: AlertSettings | undefined): UseQueryResult<AlertPreview> {
  return useQuery({
    queryKey: ['alert-preview', settings],
    enabled: settings !== undefined,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
    queryFn: ({ signal }) =>
      request<AlertPreview>('/api/v1/alerts/preview', { method: 'POST', body: { settings }, signal }),
  })
}

export const alertPath = (name: string) => `/api/v1/alerts/${encodeURIComponent(name)}`

/** Changes of rules and silences. */
export const useAlertActs = (): ReturnType<typeof useActs> => useActs('alerts')
