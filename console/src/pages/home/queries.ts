import { useQuery } from '@tanstack/react-query'
import type { Home, LevelCauses } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { useHeld, type Watched } from '../../api/queries.ts'
import { asApiError } from '../../api/problem.ts'

export function useHome(): Watched<Home> {
  return useHeld(
    useQuery({
      queryKey: ['home'],
      queryFn: ({ signal }) => request<Home>('/api/v1/home', { signal }),
      refetchInterval: ({ state }) =>
        state.error !== null && [401, 403].includes(asApiError(state.error).status) ? false : 10_000,
    }),
  )
}

/** Flows of the last seconds arrive late, and look like a fall. */
export const levelsSpan = { from: 'now-1h', to: 'now-30s' } as const

/** A search reads the flows of an hour, and its result changes slowly. */
const levelsRefreshMs = 60_000

export function useLevelCauses(): Watched<LevelCauses> {
  return useHeld(
    useQuery({
      queryKey: ['why/levels', levelsSpan],
      queryFn: ({ signal }) => request<LevelCauses>('/api/v1/why/levels', { signal, query: levelsSpan }),
      refetchInterval: levelsRefreshMs,
    }),
  )
}
