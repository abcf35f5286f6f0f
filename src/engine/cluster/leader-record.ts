import { untilAborted } from '../../host/with-timeout.ts'
import { Fenced, type BusWriter } from '../../journal/index.ts'
import type { LeaderRecord } from '../contracts.ts'
import type { SharedSourceOptions } from './source-units.ts'

type Written = Readonly<{
  version: string
  value: unknown
}>

/** Compare-and-set record of alternating leaders. A writer first claims the name, which fences all others. */
export function leaderRecord(
  key: string,
  { bus, records, instance, host }: Pick<SharedSourceOptions, 'bus' | 'records' | 'instance' | 'host'>,
): LeaderRecord {
  let claimed: BusWriter | undefined
  let busy = false
  const drop = async (writer: BusWriter | undefined) => {
    if (claimed === writer) claimed = undefined
    await writer?.close().catch(() => undefined)
  }
  const read = async (signal: AbortSignal) => {
    await records.sync(signal)
    signal.throwIfAborted()
    return records.get<Written>(key)
  }
  const write = async (before: string | undefined, value: unknown, signal: AbortSignal) => {
    // The abandoned write may be in progress; the next claim fences it.
    if (busy) await drop(claimed)
    busy = true
    let writer = claimed
    try {
      if (writer === undefined) {
        claimed = writer = await bus.claim(key)
        await writer.fence('records', key)
      }
      if ((await read(signal))?.version !== before) return undefined
      const version = Buffer.from(host.random.bytes(9)).toString('base64url')
      await writer.write('records', [
        { key, value: new TextEncoder().encode(JSON.stringify({ version, value } satisfies Written)) },
      ])
      return version
    } catch (error) {
      await drop(writer)
      if (error instanceof Fenced) return undefined
      throw error
    } finally {
      busy = false
    }
  }
  return {
    instance,
    read: (signal) => untilAborted(read(signal), signal),
    write: (before, value, signal) => untilAborted(write(before, value, signal), signal),
  }
}
