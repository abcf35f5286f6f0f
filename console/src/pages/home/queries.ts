import { useQuery } from '@tanstack/react-query'
import type { Home } from '../../../../src/api/published.ts'
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
