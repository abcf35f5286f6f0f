// A data folder after `kill -9`: acknowledged events in several segments that no projection or sink has processed.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Ledger } from '../../../src/engine/control.ts'
import { framesOfFolder, type PlacedFrame } from '../../kit/journal-frames.ts'
import { prepareWeir, type WeirProcess } from '../../kit/weir-process.ts'

export const perBatch = 10

export interface Base {
  readonly data: string
  readonly ids: readonly string[]
  readonly frames: readonly PlacedFrame[]
}

export function configFor(url: string): Record<string, unknown> {
  return {
    journal: { segment: '64KiB' },
    sinks: { out: { type: 'http', url, mode: 'batched', delivery: { retry_initial: '50ms', retry_max: '500ms' } } },
  }
}

/** Events with incompressible data, to fill segments. */
export function makeEvents(prefix: string, count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    specversion: '1.0',
    id: `${prefix}-${i}`,
    source: '/bench/damage',
    type: 'kept',
    datacontenttype: 'application/json',
    data: { text: randomBytes(750).toString('base64') },
  }))
}

export async function makeBase(folder: string): Promise<Base> {
  const weir = await prepareWeir({
    folder,
    config: { ...configFor('http://127.0.0.1:9/'), store: { enabled: 'none' } },
  })
  await weir.start()
  const ids: string[] = []
  for (let batch = 0; batch < 40; batch++) {
    await weir.events(makeEvents(String(batch), perBatch))
    for (let i = 0; i < perBatch; i++) ids.push(`${batch}-${i}`)
  }
  await weir.kill()
  return { data: weir.data, ids, frames: await framesOfFolder(join(weir.data, 'journal')) }
}

export async function storedIds(weir: WeirProcess): Promise<string[]> {
  return (await weir.sql<{ id: string }>("SELECT id FROM events WHERE source = '/bench/damage'")).map(({ id }) => id)
}

/** Waits until every row is visible in the store and delivered. */
export async function settled(weir: WeirProcess): Promise<Ledger> {
  return weir.caughtUp(60_000)
}
