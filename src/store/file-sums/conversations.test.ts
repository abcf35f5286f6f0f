import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDuck, withoutExtensions } from '../duck.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { usualFlows } from '../testing/file-sums.ts'
import { temporaryStores } from '../testing/temporary.ts'
import { buildSums } from './build.ts'

const stores = temporaryStores()

test('lists of conversations are equal, whether the largest are kept in memory or read twice', async () => {
  const store = await stores.open()
  await store.projection.apply([new FrameMaker().flows(usualFlows, startOfDay)])
  await store.projection.commit()
  await stores.close()
  const names = (await readdir(stores.directory)).filter((name) => name.endsWith('.parquet'))
  const paths = (stream: string) =>
    names.filter((name) => name.startsWith(`${stream}-`)).map((name) => join(stores.directory, name))
  const instance = await openDuck({ ...withoutExtensions, threads: '1' })
  const into = join(stores.directory, 'test.sums')
  const built = async (mostKept: number) => {
    const context = { agent: null, endpoints: paths('endpoints'), mostKept }
    return { built: await buildSums(instance, paths('flows')[0]!, into, context), bytes: await readFile(into) }
  }
  try {
    const kept = await built(usualFlows.length)
    expect(kept.built?.parts['conversations']).toBeGreaterThan(0)
    expect(await built(0)).toEqual(kept)
  } finally {
    instance.closeSync()
  }
})
