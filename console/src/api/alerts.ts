import { useQuery } from '@tanstack/react-query'
import type { Alerts } from '../../../src/api/published.ts'
import { request } from './client.ts'
import { pollInterval, useHeld, type Watched } from './queries.ts'

export type { Alerts }

export function useAlerts(): Watched<Alerts> {
  return useHeld(
    useQuery({
      queryKey: ['alerts'],
      queryFn: ({ signal }) => request<Alerts>('/api/v1/alerts', { signal }),
      refetchInterval: pollInterval,
    }),
  )
}
