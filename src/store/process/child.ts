import type { Duplex } from 'node:stream'
import type { IsolatedQuery, StatementProgress } from '../../engine/control.ts'
import type { Host } from '../../host/index.ts'
import { DuckReader } from '../read/reader.ts'
import type { StoredFile } from '../record.ts'
import { emptyState } from '../state.ts'
import { Versions } from '../versions.ts'
import { faultOf, type Fault } from '../fault.ts'
import { FrameReader, writeFrame, type Order, type ReaderSettings, type Reply } from './frames.ts'
import { memoryMessage } from './limits.ts'

type QueryChildOptions = Readonly<{
  host: Host
  channel: Duplex
  pid: number
  /** If no other process monitors this one. */
  ownBytes: () => number | undefined
}>

const watchEveryMs = 50

const fileOutput = '/dev/stdout'

export async function serveCommands({ host, channel, pid, ownBytes }: QueryChildOptions): Promise<void> {
  const orders = new FrameReader<Order>(channel)
  const versions = new Versions(emptyState, new Set(), async () => {})
  let reader: DuckReader | undefined
  let settings: ReaderSettings | undefined
  let abort = new AbortController()
  let verified: PromiseWithResolvers<readonly string[]> | undefined
  const send = (reply: Reply) => writeFrame(channel, reply)
  const written = Promise.withResolvers<void>()
  host.timers.every(watchEveryMs, () => {
    const bytes = ownBytes()
    if (settings === undefined || bytes === undefined || bytes <= settings.processBytes) return
    channel.destroy()
  })

  const run = async ({ sql, format, parameters }: IsolatedQuery, signal: AbortSignal) => {
    try {
      if (reader === undefined) throw new Error('The query process received a query before it was opened.')
      if (format === 'parquet') {
        const copy = await reader.copy(sql, fileOutput, signal)
        await send({ is: 'open' })
        await send({ is: 'end', rows: await copy.run() })
        written.resolve()
        return
      }
      const onProgress = (progress: StatementProgress) => void send({ is: 'progress', progress })
      const chunks = await reader.query(sql, format, signal, onProgress, parameters)
      await send({ is: 'open' })
      for await (const bytes of chunks) await send({ is: 'chunk', bytes })
      await send({ is: 'end', rows: undefined })
    } catch (error) {
      await send({ is: 'failed', fault: withMemoryLimit(error, settings?.processBytes ?? 0) })
    }
  }

  const take = (order: Order) => {
    switch (order.do) {
      case 'open': {
        settings = order.settings
        const { directory, duckBytes, threads, spill } = settings
        const suspect = async (files: readonly StoredFile[], message: string) => {
          for (const { name } of files) versions.exclude(name)
          await send({ is: 'unreadable', names: files.map(({ name }) => name), message })
        }
        const verify = async (files: readonly StoredFile[]) => {
          verified = Promise.withResolvers()
          await send({ is: 'verify', names: files.map(({ name }) => name) })
          const damaged = await verified.promise
          for (const name of damaged) versions.exclude(name)
          return damaged.length === 0
        }
        reader = new DuckReader({
          folder: { directory, versions, verify, suspect },
          timers: host.timers,
          disk: host.disk,
          memoryLimit: `${Math.round(duckBytes / 1e6)}MB`,
          threads,
          calls: 2,
          cacheBytes: 0,
          ...(spill === undefined ? {} : { spill: async () => spill.bytes, spillFolder: spill.folder }),
          ...(order.file ? { output: fileOutput } : {}),
        })
        // A failure recurs with the first query.
        const started = () => send({ is: 'started', pid })
        reader
          .open()
          .then(started, started)
          .catch(() => channel.destroy())
        break
      }
      case 'version':
        versions.advance(order.state)
        break
      case 'verified':
        verified?.resolve(order.damaged)
        break
      case 'query':
        abort = new AbortController()
        run(order.query, abort.signal).catch(() => channel.destroy())
        break
    }
  }

  const read = async () => {
    for (;;) {
      const order = await orders.next()
      if (order === undefined) return
      take(order)
    }
  }
  await Promise.race([read(), written.promise])
  abort.abort()
}

/** The limit of the process instead of that of DuckDB in it. */
function withMemoryLimit(error: unknown, processBytes: number): Fault {
  const fault = faultOf(error)
  return fault.code === 'WEIR_QUERY_MEMORY' || /bad_alloc|Allocation failure|failed to allocate/i.test(fault.message)
    ? { code: 'WEIR_SQL_MEMORY', message: memoryMessage(processBytes) }
    : fault
}
