import type { StoreReader } from '../../engine/control.ts'
import { queryRows } from './query-rows.ts'

/** CPU and elapsed seconds of three runs. */
export async function printCosts(
  reader: StoreReader,
  queries: readonly (readonly [what: string, sql: string])[],
  width: number,
): Promise<void> {
  for (const [what, sql] of queries) {
    const spent: string[] = []
    for (let round = 0; round < 3; round++) {
      const [before, began] = [process.cpuUsage(), performance.now()]
      await queryRows(reader, sql)
      const { user, system } = process.cpuUsage(before)
      spent.push(`${((user + system) / 1e6).toFixed(2)} (${((performance.now() - began) / 1000).toFixed(2)})`)
    }
    console.log(`${`${what}, CPU-seconds (seconds)`.padEnd(width)} ${spent.join('  ')}`)
  }
}
