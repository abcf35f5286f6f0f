import { realHost } from '../../../src/host/index.ts'
import { decodeBatch, encodeBatch, openJournal, openReader, type Unit } from '../../../src/journal/index.ts'
import type { Batch, BatchKind } from '../../../src/model/batches.ts'
import { nowhere } from '../../../src/model/positions.ts'

interface Rate {
  /** Uncompressed megabytes (10^6) per CPU second, user and system time of all threads. */
  readonly perCpu: number
  /** The same per second. */
  readonly perSecond: number
}

interface JournalRates {
  readonly in: Rate
  /** Without encoding, which the source does. */
  readonly inBodies: Rate
  readonly out: Rate
  /** Without decoding. */
  readonly outBodies: Rate
  readonly megabytes: number
  /** Uncompressed bytes by stored bytes. */
  readonly compression: number
  readonly rows: number
  readonly rowsRead: number
  /** Bytes read as damage. */
  readonly unreadable: number
}

/** Concurrent appends, as of the netflow source. */
const underWay = 32
const readBytes = 2 * 1024 * 1024

export async function measureJournal(
  folder: string,
  batches: readonly Batch[],
  megabytes: number,
): Promise<JournalRates> {
  const host = realHost()
  const limits = { keepBytes: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }
  const bodies = batches.map((batch) => encodeBatch(batch).slice())
  const total = bodies.reduce((sum, body) => sum + body.length, 0)
  const rounds = Math.max(1, Math.round((megabytes * 1e6) / total))
  const all = (rounds * total) / 1e6
  const write = async (directory: string, count: number, bodyOf: (index: number) => Uint8Array) => {
    const journal = await openJournal({ host, directory, epoch: 1, limits })
    const rate = await timed((count * total) / 1e6, async () => {
      const waiting = new Set<Promise<unknown>>()
      for (let i = 0; i < count * batches.length; i++) {
        const batch = batches[i % batches.length] as Batch
        const appending = journal
          .append(unitOf(batch, bodyOf(i % batches.length)))
          .finally(() => waiting.delete(appending))
        waiting.add(appending)
        if (waiting.size >= underWay) await Promise.race(waiting)
      }
      await Promise.all(waiting)
    })
    return { rate, journal }
  }
  // Warms up the compiler.
  await (await write(`${folder}/warm`, 1, (i) => encodeBatch(batches[i] as Batch))).journal.close()
  const given = await write(`${folder}/bodies`, rounds, (i) => bodies[i] as Uint8Array)
  await given.journal.close()
  const { rate, journal } = await write(`${folder}/all`, rounds, (i) => encodeBatch(batches[i] as Batch))

  let rowsRead = 0
  let unreadable = 0
  const read = async (each: (kind: BatchKind, body: Uint8Array) => number) => {
    const reader = openReader({
      host,
      directory: `${folder}/all`,
      after: nowhere,
      tail: journal.tail,
      onUnreadable: ({ bytes }) => (unreadable += bytes),
    })
    rowsRead = 0
    const out = await timed(all, async () => {
      for (;;) {
        const frames = await reader.ready(readBytes)
        if (frames.length === 0) break
        for (const frame of frames) if (frame.header.kind !== 'empty') rowsRead += each(frame.header.kind, frame.body())
      }
    })
    await reader.close()
    return out
  }
  const outBodies = await read((_, body) => body.length)
  const out = await read((kind, body) => decodeBatch(kind, body).count)
  const compression = (all * 1e6) / journal.size()
  await journal.close()
  return {
    in: rate,
    inBodies: given.rate,
    out,
    outBodies,
    megabytes: all,
    compression,
    rows: rounds * batches.reduce((sum, batch) => sum + batch.count, 0),
    rowsRead,
    unreadable,
  }
}

function unitOf(batch: Batch, raw: Uint8Array): Unit {
  return {
    source: 'bench',
    stream: 'bench',
    kind: batch.kind,
    count: batch.count,
    raw,
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

async function timed(megabytes: number, act: () => Promise<void>): Promise<Rate> {
  const cpu = process.cpuUsage()
  const clock = performance.now()
  await act()
  const { user, system } = process.cpuUsage(cpu)
  return { perCpu: megabytes / ((user + system) / 1e6), perSecond: megabytes / ((performance.now() - clock) / 1000) }
}
