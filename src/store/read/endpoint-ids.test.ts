import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openDuck } from '../duck.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'
import type { StoredFile } from '../record.ts'
import { EndpointIds } from './endpoint-ids.ts'

const stores = temporaryStores()

test('ids of a text are read once from each file, also if it has none', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  for (const [src, at] of [
    ['10.0.0.1', startOfDay],
    ['10.0.0.2', startOfDay + 86_400_000],
  ] as const) {
    await store.projection.apply([make.flows([{ src, dst: '10.0.0.9', bytes: 1 }], at)])
    await store.projection.commit()
  }
  const names = (await readdir(stores.directory)).filter((name) => /^endpoints-.*parquet$/.test(name)).sort()
  const files = names.map((name) => ({ name }) as StoredFile)
  const instance = await openDuck({})
  const connection = await instance.connect()
  const ids = new EndpointIds(stores.directory)
  const find = async (texts: readonly string[], some = files, maxIds = 10) => {
    const found = await ids.find(connection, some, { part: 'addr', texts, maxIds })
    return found?.map(({ file, text }) => `${text} ${names.indexOf(file.name)}`).sort()
  }
  expect(await find(['10.0.0.1', '10.0.0.9'])).toEqual(['10.0.0.1 0', '10.0.0.9 0', '10.0.0.9 1'])
  expect(await find(['10.0.0.9'], files, 1)).toBeUndefined()
  connection.closeSync()
  instance.closeSync()
  // Without a connection, nothing is read.
  expect(await find(['10.0.0.9', '10.0.0.1'])).toEqual(['10.0.0.1 0', '10.0.0.9 0', '10.0.0.9 1'])
  await expect(find(['10.0.0.2'])).rejects.toThrow()
})
