import { setTimeout as sleep } from 'node:timers/promises'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'
import { overviewPanels } from '../overview/panels.ts'

export const panelNames: readonly string[] = overviewPanels.map(({ what }) => what)

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
      overviewPanels.map(async ({ what, path, parameters: own }) => {
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
