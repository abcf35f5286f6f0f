import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realHost, type Host } from '../../../src/host/index.ts'
import type { FlowBatch } from '../../../src/model/batches.ts'
import { parseIp } from '../../../src/model/ip.ts'
import { openStore } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics } from '../../../src/store/testing/frames.ts'
import { later } from '../flow-queries/week.ts'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'
import { flowBatchesBetween } from '../throughput/batches.ts'

/** Receive time of the generated batches. */
const madeAt = Date.UTC(2026, 10, 20, 8)
const defaultRate = 2300
const rowsOfBatch = 3600
const batchesOfCommit = 8
const completeFile = 'flows-stored'

/** Sources of so many flows each, at regular distances among all flows. */
export const needles = { '203.0.113.1': 1, '203.0.113.20': 20, '203.0.113.200': 200 } as const

/**
 * Fills FOLDER/store, unless it is complete, with flows between 120,000 addresses and of {@link needles}, received at
 * `rate` per second until now. Returns their number.
 */
export async function storeFlows(folder: string, seed: number, atLeast: number, rate = defaultRate): Promise<number> {
  const batches = Math.ceil(atLeast / rowsOfBatch)
  const rows = batches * rowsOfBatch
  if ((await storedFlows(folder)) === rows) return rows
  const step = (rowsOfBatch / rate) * 1000
  const now = Date.now()
  const real = realHost()
  let clock = now
  const host: Host = { ...real, clock: { ...real.clock, now: () => clock } }
  const store = await openStore({
    host,
    directory: join(folder, 'store'),
    resolver: { generation: 1, resolve: () => ({ is: 'unknown' }) },
    log: recordingLog(),
    metrics: recordingMetrics(),
  })
  const frames = new FrameMaker()
  let index = 0
  for (const batch of flowBatchesBetween({ addresses: 60_000, skew: 3 }, seed, batches)) {
    clock = Math.floor(now - (batches - index) * step)
    const moved = later(batch, clock - madeAt - index * 100 - 3)
    addNeedles(moved, index, batches)
    await store.projection.apply([frames.batch(moved, clock, 'netflow')])
    if (++index % batchesOfCommit > 0) continue
    await store.projection.commit()
    while (await store.maintain());
  }
  await store.projection.commit()
  clock = now
  while (await store.maintain());
  await store.close()
  await writeFile(join(folder, completeFile), String(rows))
  return rows
}

/** Flows of a complete store in FOLDER; 0: none. */
export async function storedFlows(folder: string): Promise<number> {
  return Number(await readFile(join(folder, completeFile), 'utf8').catch(() => '0'))
}

/** First and last receipt, Unix ms. */
export async function spanOf(weir: WeirProcess): Promise<[number, number]> {
  const [span] = await weir.sql<{ first: number; last: number }>(
    'SELECT epoch_ms(min(time_received))::DOUBLE AS first, epoch_ms(max(time_received))::DOUBLE AS last FROM flows',
  )
  return [span?.first ?? 0, span?.last ?? 0]
}

/** An address of a few hundred flows; none: an empty text. */
export async function addressOfSome(weir: WeirProcess): Promise<string> {
  const [row] = await weir.sql<{ ip: string }>(
    'SELECT src_addr AS ip FROM flows GROUP BY src_addr HAVING count(*) <= 220 ORDER BY count(*) DESC, 1 LIMIT 1',
  )
  return row?.ip ?? ''
}

function addNeedles({ columns: { src_addr: sources } }: FlowBatch, index: number, batches: number) {
  if (sources?.kind !== 'ip') return
  for (const [row, [address, flows]] of Object.entries(needles).entries()) {
    const before = (batch: number) => Math.floor(((batch + 0.5) * flows) / batches)
    // In stores with few batches, several flows of an address are in one.
    for (let copy = before(index) - before(index - 1); copy > 0; copy--)
      sources.words.set(parseIp(address)!, 4 * (row + 3 * copy))
  }
}
