import { setTimeout as sleep } from 'node:timers/promises'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'

type Panel = Readonly<{ what: string; path: string; parameters: Readonly<Record<string, string>> }>

/** As on Overview, with the newest flows below. */
const panels: readonly Panel[] = [
  { what: 'series by source', path: 'series', parameters: { group: 'src_addr', limit: '8' } },
  { what: 'top sources', path: 'flows', parameters: { group: 'src_addr', limit: '10' } },
  { what: 'top pairs', path: 'flows', parameters: { group: 'src_addr,dst_addr', limit: '10' } },
  { what: 'service ports', path: 'flows', parameters: { group: 'service_port', limit: '10' } },
  { what: 'protocols', path: 'flows', parameters: { group: 'proto', limit: '10' } },
  { what: 'topology', path: 'topology', parameters: { scope: 'addr', limit: '500' } },
  { what: 'newest flows', path: 'flows', parameters: { limit: '100' } },
]

export const panelNames: readonly string[] = panels.map(({ what }) => what)

export function pathOf(path: string, parameters: Readonly<Record<string, string>>): string {
  return `/api/v1/${path}?${new URLSearchParams({ from: 'now-24h', ...parameters }).toString()}`
}

export type Times = Map<string, number[]>

export type Dashboard = Readonly<{
  rounds: number
  everyMs: number
  /** Ms until the first round. */
  after: number
  /** Undefined: all flows. */
  filter?: ((round: number) => string) | undefined
}>

/** Requests all panels of each round at once, and adds the ms of each response to `times`. */
export async function watchDashboard(
  weir: WeirProcess,
  { rounds, everyMs, after, filter }: Dashboard,
  times: Times,
): Promise<void> {
  await sleep(after)
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    const parameters = filter === undefined ? {} : { filter: filter(round) }
    await Promise.all(
      panels.map(async ({ what, path, parameters: own }) => {
        await weir.get(pathOf(path, { ...own, ...parameters }))
        const ms = performance.now() - began
        const known = times.get(what)
        if (known === undefined) times.set(what, [ms])
        else known.push(ms)
      }),
    )
    if (round < rounds - 1) await sleep(Math.max(0, everyMs - (performance.now() - began)))
  }
}
