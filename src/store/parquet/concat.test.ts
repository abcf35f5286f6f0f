import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { realHost } from '../../host/index.ts'
import type { Column } from '../../model/columns.ts'
import { flowFields } from '../../model/fields.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { anyFlows } from '../testing/any-flows.ts'
import { ask } from '../testing/ask.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

/** A number for each column that changes when any cell of any row does. */
async function fingerprint(store: Store): Promise<unknown> {
  return ask(store.reader, `SELECT count(*) AS rows, ${flowFields.map(({ name }) => `bit_xor(hash("${name}", _pos))::VARCHAR AS "${name}"`).join(', ')} FROM flows`)
}

it.each([1, 2, 3])('large files are put together as they are, whatever columns each has (seed %i)', async (seed) => {
  const random = new SeededRandom(seed)
  let now = startOfDay
  const real = realHost()
  const store = await stores.open({ host: { ...real, clock: { ...real.clock, now: () => now } } })
  const make = new FrameMaker()
  for (const [index, share] of [0.1, 0.4, 0.05].entries()) {
    const { batch } = anyFlows(random, 17_000, share, startOfDay)
    const columns: Record<string, Column> = Object.fromEntries(Object.entries(batch.columns).filter(([, { kind }]) => kind !== 'time'))
    // Times of whole milliseconds and finer ones can't stand in one file: such files are written anew.
    if (seed === 3) columns['time_end'] = { kind: 'time', values: Float64Array.from({ length: 17_000 }, (_, row) => startOfDay + row + index / 4) }
    await store.projection.apply([make.batch({ ...batch, columns }, startOfDay, 'netflow')])
    await store.projection.commit()
  }
  const before = await fingerprint(store)
  now += 2 * msPerHour
  while (await store.maintain());
  const files = (await readdir(stores.directory)).filter((name) => name.startsWith('flows-'))
  expect(files).toHaveLength(1)
  // DuckDB says so of what it writes.
  expect((await readFile(join(stores.directory, files[0] ?? ''))).includes('DuckDB version')).toBe(seed === 3)
  expect(await fingerprint(store)).toEqual(before)
})
