/** The inside of a query process: runs one statement at a time and writes its bytes to the channel. */
import type { Duplex } from 'node:stream'
import type { IsolatedQuery } from '../../engine/control.ts'
import type { Log } from '../../engine/ports.ts'
import type { Host } from '../../host/index.ts'
import { DuckReader } from '../read/reader.ts'
import { emptyState } from '../state.ts'
import { Versions } from '../versions.ts'
import { faultOf, type Fault } from '../fault.ts'
import { FrameReader, writeFrame, type Order, type ReaderSettings, type Reply } from './frames.ts'
import { memoryMessage } from './limits.ts'

export interface QueryChildOptions {
  readonly host: Host
  readonly channel: Duplex
  readonly pid: number
  /** Bytes of this process in memory, where nobody else looks at them. */
  readonly ownBytes: () => number | undefined
}

const watchEveryMs = 50
const none = (): void => {}
const silent: Log = { debug: none, info: none, warn: none, error: none }

/** Standard output is a pipe where the process was started for a file. */
const fileOutput = '/dev/stdout'

/** Answers orders until the channel closes, or a file is written. */
export async function answerOrders({ host, channel, pid, ownBytes }: QueryChildOptions): Promise<void> {
  const orders = new FrameReader<Order>(channel)
  const versions = new Versions(emptyState, new Set(), async () => {})
  let reader: DuckReader | undefined
  let settings: ReaderSettings | undefined
  let abort = new AbortController()
  const send = (reply: Reply): Promise<void> => writeFrame(channel, reply)
  const written = Promise.withResolvers<void>()
  host.timers.every(watchEveryMs, () => {
    const bytes = ownBytes()
    if (settings === undefined || bytes === undefined || bytes <= settings.processBytes) return
    channel.destroy()
  })

  const run = async ({ sql, format }: IsolatedQuery, signal: AbortSignal): Promise<void> => {
    try {
      if (reader === undefined) throw new Error('The query process was not opened.')
      if (format === 'parquet') {
        const copy = await reader.copy(sql, fileOutput, signal)
        await send({ is: 'open' })
        await send({ is: 'end', rows: await copy.run() })
        written.resolve()
        return
      }
      const chunks = await reader.query(sql, format, signal)
      await send({ is: 'open' })
      for await (const bytes of chunks) await send({ is: 'chunk', bytes })
      await send({ is: 'end', rows: undefined })
    } catch (error) {
      await send({ is: 'failed', fault: sayingLimit(error, settings?.processBytes ?? 0) })
    }
  }

  const take = (order: Order): void => {
    switch (order.do) {
      case 'open': {
        settings = order.settings
        const { directory, duckBytes, threads, spill } = settings
        const exclude = (name: string): void => {
          versions.exclude(name)
          send({ is: 'unreadable', name }).catch(() => undefined)
        }
        reader = new DuckReader({
          folder: { directory, versions: { pin: () => versions.pin(), exclude } },
          log: silent, timers: host.timers, memoryLimit: `${Math.round(duckBytes / 1e6)}MB`, threads, calls: 2, keptBytes: 0,
          ...(spill === undefined ? {} : { spill: async () => spill.bytes, spillFolder: spill.folder }), ...(order.file ? { output: fileOutput } : {}),
        })
        // What fails here fails again with the first query, which tells why.
        const started = (): Promise<void> => send({ is: 'started', pid })
        reader.open().then(started, started).catch(() => channel.destroy())
        break
      }
      case 'version': versions.advance(order.state); break
      case 'query':
        abort = new AbortController()
        run(order.query, abort.signal).catch(() => channel.destroy())
        break
    }
  }

  const read = async (): Promise<void> => {
    for (;;) {
      const order = await orders.next()
      if (order === undefined) return
      take(order)
    }
  }
  await Promise.race([read(), written.promise])
  abort.abort()
}

/** DuckDB's own words about memory name settings that nobody can change here. */
function sayingLimit(error: unknown, processBytes: number): Fault {
  const fault = faultOf(error)
  return /Out of Memory|bad_alloc|Allocation failure|failed to allocate/i.test(fault.message) ? { code: 'WEIR_SQL_MEMORY', message: memoryMessage(processBytes) } : fault
}
