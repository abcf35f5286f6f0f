import { useQuery } from '@tanstack/react-query'
import type { SourceExporters } from '../../../src/api/published.ts'
import { ask } from './client.ts'
import { every, useHeld, type Watched } from './queries.ts'

export interface Exporters {
  readonly sources: readonly (SourceExporters & { readonly known: number })[]
}

export function useExporters(): Watched<Exporters> {
  return useHeld(
    useQuery({
      queryKey: ['exporters'],
      queryFn: ({ signal }) => ask<Exporters>('/api/v1/exporters', { signal }),
      refetchInterval: every,
    }),
  )
}
