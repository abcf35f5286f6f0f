import { useQuery } from '@tanstack/react-query'
import type { Exporters } from '../../../src/api/published.ts'
import { request } from './client.ts'
import { pollInterval, useHeld, type Watched } from './queries.ts'

export type { Exporters }

export function useExporters(): Watched<Exporters> {
  return useHeld(
    useQuery({
      queryKey: ['exporters'],
      queryFn: ({ signal }) => request<Exporters>('/api/v1/exporters', { signal }),
      refetchInterval: pollInterval,
    }),
  )
}
