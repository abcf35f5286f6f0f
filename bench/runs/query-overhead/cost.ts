import { percentile } from '../../../test/kit/percentile.ts'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'

export type Cost = Readonly<{ ms: number; cpuMs: number }>

/** Processor time of Weir's process. Statements of SQL run in another one. */
export async function costOf(weir: WeirProcess, run: () => Promise<unknown>): Promise<Cost> {
  const [began, cpu] = [performance.now(), weir.cpuSeconds()]
  await run()
  return { ms: performance.now() - began, cpuMs: (weir.cpuSeconds() - cpu) * 1000 }
}

export function median(costs: readonly Cost[], part: keyof Cost): number {
  return percentile(
    costs.map((cost) => cost[part]),
    50,
  )
}
