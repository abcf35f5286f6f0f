import type { Ledger } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { asApiError } from '../api/problem.ts'
import { queryClient } from '../api/queries.ts'

/** Target of `/`: Home until the first row is accepted, then Flows. Undefined before sign-in. */
export async function firstPage(): Promise<'/home' | '/flows' | undefined> {
  try {
    const { sources } = await queryClient.fetchQuery({
      queryKey: ['ledger'],
      queryFn: ({ signal }) => request<Ledger>('/api/v1/ledger', { signal }),
      retry: false,
    })
    return sources.some(({ accepted, duplicates, unreadable }) => accepted + duplicates + unreadable > 0)
      ? '/flows'
      : '/home'
  } catch (error) {
    // Users without access to the ledger start with Flows.
    return asApiError(error).status === 401 ? undefined : '/flows'
  }
}
