import { setTimeout as sleep } from 'node:timers/promises'
import type { WatchedCluster } from '../../src/engine/control.ts'
import type { WeirProcess } from './weir-process.ts'

/**
 * Waits until the whole cluster is listed and watched. Earlier writes may be part of the list, which emits nothing.
 * @param objects minimum of known objects @throws at the limit, with the unwatched collections
 */
export async function synced(
  weir: WeirProcess,
  { objects, limitMs = 120_000 }: { readonly objects?: number; readonly limitMs?: number } = {},
): Promise<void> {
  const began = performance.now()
  let seen: WatchedCluster | undefined
  while (performance.now() - began < limitMs) {
    seen = (await weir.get<{ clusters: readonly WatchedCluster[] }>('/api/v1/clusters')).clusters[0]
    if (seen?.synced === true && (objects === undefined || seen.objects === objects)) return
    await sleep(50)
  }
  const missing = seen?.kinds
    .filter(({ state }) => state !== 'watching')
    .map(({ kind, state, reason }) => `${kind} ${state} ${reason ?? ''}`)
    .join('; ')
  throw new Error(
    `the cluster is not fully watched after ${limitMs / 1000} s (${seen?.objects ?? 0} objects known; ` +
      `${missing ?? 'no cluster'})`,
  )
}
