import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Store } from './index.ts'
import { event, FrameMaker, startOfDay } from './testing/frames.ts'
import { queryRows } from './testing/query-rows.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
const make = new FrameMaker()

async function addFlow(store: Store): Promise<void> {
  await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 1 }], startOfDay)])
  await store.projection.commit()
}

test('files are counted once until a commit or a lost file', async () => {
  const store = await stores.open()
  await addFlow(store)
  const first = store.status()
  expect(store.status()).toBe(first)
  expect(first.sums).toBe(store.status().sums)
  expect(first).toMatchObject({ rows: 1, unreadableRows: 0, sums: { flows: { rows: 1 } } })

  await addFlow(store)
  const second = store.status()
  expect(second).toMatchObject({ rows: 2, unreadableRows: 0, sums: { flows: { rows: 2, hours: [{ rows: 2 }] } } })

  const name = (await readdir(stores.directory)).find((each) => each.startsWith('flows-'))!
  await writeFile(join(stores.directory, name), 'damaged')
  expect(await queryRows(store.reader, 'SELECT count(*) AS n FROM flows')).toEqual([{ n: 1 }])
  expect(store.status()).toMatchObject({ unreadableFiles: 1, unreadableRows: 1, sums: { flows: { rows: 1 } } })
  expect(second).toMatchObject({ unreadableRows: 0 })
})

test('the sums of a status can be read after a commit, and are sent to other threads', async () => {
  const store = await stores.open()
  await addFlow(store)
  const before = store.status()
  await addFlow(store)
  expect(before.sums.flows.rows).toBe(1)
  expect(structuredClone(store.status())).toEqual(store.status())
})

test('the number of a source changes with its flows alone', async () => {
  const store = await stores.open()
  const add = async (source: string, kind: 'flows' | 'events') => {
    await store.projection.apply([
      kind === 'flows'
        ? make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }], startOfDay, source)
        : make.events([event(source)], startOfDay, source),
    ])
    await store.projection.commit()
    return store.status().sums.flows.newest ?? {}
  }
  const first = await add('netobserv', 'flows')
  const second = await add('netflow', 'flows')
  const third = await add('http', 'events')
  expect(second['netobserv']).toBe(first['netobserv'])
  expect(third).toMatchObject(second)
  expect((await add('netobserv', 'flows'))['netobserv']).toBeGreaterThan(first['netobserv'] ?? Infinity)
})
