import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { realHost, type Host } from '../../../src/host/index.ts'
import { openStore } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, recordingMetrics } from '../../../src/store/testing/frames.ts'
import { later } from '../flow-queries/week.ts'
import { flowBatchesBetween } from '../throughput/batches.ts'

/** Receive time of the generated batches. */
const madeAt = Date.UTC(2026, 10, 20, 8)
const rowsPerSecond = 2300
const rowsOfBatch = 3600
const batchesOfCommit = 8

/**
 * Fills FOLDER/store, unless it is complete, with flows between 120,000 addresses, received at 2,300 per second until
 * now. Returns their number.
 */
export async function storeFlows(folder: string, seed: number, atLeast: number): Promise<number> {
  const batches = Math.ceil(atLeast / rowsOfBatch)
  const rows = batches * rowsOfBatch
  const complete = join(folder, 'flows-stored')
  if ((await readFile(complete, 'utf8').catch(() => '')) === String(rows)) return rows
  const step = (rowsOfBatch / rowsPerSecond) * 1000
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
    await store.projection.apply([frames.batch(moved, clock, 'netflow')])
    if (++index % batchesOfCommit > 0) continue
    await store.projection.commit()
    while (await store.maintain());
  }
  await store.projection.commit()
  clock = now
  while (await store.maintain());
  await store.close()
  await writeFile(complete, String(rows))
  return rows
}
