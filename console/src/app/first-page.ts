import type { Ledger } from '../../../src/api/published.ts'
import { ask } from '../api/client.ts'
import { asRefused } from '../api/problem.ts'
import { queryClient } from '../api/queries.ts'

/**
 * Where `/` leads: to Home as long as nothing has ever come, else to Flows. Undefined: nobody knows before a login. The
 * question is that of the footer, so it is asked once for both.
 */
export async function firstPage(): Promise<'/home' | '/flows' | undefined> {
  try {
    const { sources } = await queryClient.fetchQuery({
      queryKey: ['ledger'],
      queryFn: ({ signal }) => ask<Ledger>('/api/v1/ledger', { signal }),
      retry: false,
    })
    return sources.some(({ accepted, duplicates, unreadable }) => accepted + duplicates + unreadable > 0)
      ? '/flows'
      : '/home'
  } catch (error) {
    // Who may not see the ledger has come for flows; what else went wrong is told there.
    return asRefused(error).status === 401 ? undefined : '/flows'
  }
}
