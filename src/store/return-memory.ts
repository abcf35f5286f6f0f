import type { DuckDBInstance } from '@duckdb/node-api'
import type { Timers } from '../host/index.ts'
import type { Thread } from '../host/thread.ts'
import { openDuck, withoutExtensions } from './duck.ts'

const limit = '16MB'
/** How often, and for how much growth of the process, memory is returned: it takes 10 to 60 ms. */
const usual = { everyMs: 10_000, growth: 32e6 }
const whenShort = { everyMs: 500, growth: 16e6 }

/**
 * Returns freed memory of all threads to the system. The C library keeps the freed parts of pages in use: 60 to 100 MB
 * after bodies of many sizes. Setting a limit of DuckDB calls `malloc_trim`, which Node does not offer.
 */
export async function openMemoryReturn(): Promise<{ run(): Promise<void>; close(): void }> {
  const instance: DuckDBInstance = await openDuck({ ...withoutExtensions, memory_limit: limit, threads: '1' })
  const connection = await instance.connect()
  return {
    async run() {
      await connection.run(`SET GLOBAL memory_limit = '${limit}'`)
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

export function returnMemoryAfterGrowth(
  timers: Timers,
  thread: Pick<Thread, 'resident' | 'isMemoryShort'>,
  giveBack: () => Promise<void>,
): void {
  let least = thread.resident()
  let isRunning = false
  // It rejects if DuckDB has no memory itself.
  const finish = () => {
    isRunning = false
    least = thread.resident()
  }
  const after = (growth: number) => {
    const bytes = thread.resident()
    least = Math.min(least, bytes)
    if (isRunning || bytes - least < growth) return
    isRunning = true
    giveBack().then(finish, finish)
  }
  timers.every(usual.everyMs, () => after(usual.growth))
  timers.every(whenShort.everyMs, () => {
    if (thread.isMemoryShort()) after(whenShort.growth)
  })
}
