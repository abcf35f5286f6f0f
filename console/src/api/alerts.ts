import { useQuery } from '@tanstack/react-query'
import type { AlertList } from '../../../src/api/published.ts'
import { request } from './client.ts'
import { pollInterval, useHeld, type Watched } from './queries.ts'

export type { AlertList }

export function useAlerts(): Watched<AlertList> {
  return useHeld(
    useQuery({
      queryKey: ['alerts'],
      queryFn: ({ signal }) => request<AlertList>('/api/v1/alerts', { signal }),
      refetchInterval: pollInterval,
    }),
  )
}
