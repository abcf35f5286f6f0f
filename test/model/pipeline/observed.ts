import type { StoredDeadLetter } from '../../../src/engine/delivery/dead-letters.ts'
import { decodeBatch } from '../../../src/journal/bodies.ts'
import type { Frame } from '../../../src/journal/types.ts'
import { eventId } from '../../../src/model/events.ts'
import { stableId } from '../../../src/model/positions.ts'
import { readManifest } from '../../../src/store/manifest.ts'
import type { FakeHost } from '../../kit/fake-host.ts'
import { parseTable } from '../../kit/memory-tables.ts'
import { violated } from '../reference.ts'
import { storeFolder, type Life } from './life.ts'
import type { StoredRow } from './reference.ts'

/** Rows of every file in the manifest on disk. */
export async function storedRows(host: FakeHost): Promise<StoredRow[]> {
  const { state } = await readManifest(host.disk, storeFolder)
  const names = new Map(Object.entries(state.sources).map(([name, { id }]) => [id, name]))
  const rows: StoredRow[] = []
  for (const file of state.files.values()) {
    const found = parseTable(await host.disk.readFile(`${storeFolder}/${file.name}`))
    if (found.length !== file.rows) violated(`${file.name} holds ${found.length} rows, its metadata has ${file.rows}`)
    for (const { id, source, epoch, sequence, row } of found) {
      const name = names.get(source) ?? '?'
      rows.push({ id, source: name, position: stableId(name, epoch, sequence, row) })
    }
  }
  return rows
}

export function idsOf(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => {
    if (frame.header.kind !== 'events') return []
    const batch = decodeBatch('events', frame.body())
    return batch.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventId(batch, row)) : []
  })
}

export function buried(life: Life, name: string): readonly StoredDeadLetter[] {
  return life.sinks.get(name)?.deadLetters.all() ?? []
}
