import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ForgetfulDisk } from '../../../test/kit/forgetful-disk.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { realHost } from '../../host/index.ts'
import { start } from '../testing/kit.ts'
import { maxPerOwner, SavedBook } from '../../topics/saved/book.ts'
import { savedFile } from '../../topics/saved/file.ts'
import { savedPages } from '../../topics/saved/pages.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-saved-'))
  folders.push(folder)
  return folder
}

const tokens = [
  { name: 'ann', token: 'ann-token-0123456789' },
  { name: 'bob', token: 'bob-token-0123456789' },
]

async function users(
  folder: string,
): Promise<
  Record<
    'ann' | 'bob',
    (method: string, path?: string, body?: unknown) => Promise<{ status: number; body: Record<string, unknown> }>
  >
> {
  const { api } = await start({ folder, auth: { tokens } })
  const as =
    (token: string) =>
    async (method: string, path = '', body?: unknown) => {
      const answer = await fetch(`${api.url}/api/v1/saved${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
    }
  return { ann: as('ann-token-0123456789'), bob: as('bob-token-0123456789') }
}

const view = { name: 'Shop to database', page: '/flows', search: 'q=src.ns%3Dshop&sort=-bytes' }
const names = (body: Record<string, unknown>): string[] => (body['views'] as { name: string }[]).map(({ name }) => name)

test('a view is private until it is shared; only its owner changes or deletes it', async () => {
  const { ann, bob } = await users(await temporary())
  expect(await ann('PUT', '/shop-1', view)).toMatchObject({
    status: 200,
    body: { id: 'shop-1', ...view, shared: false, owned: true },
  })
  expect(names((await bob('GET')).body)).toEqual([])
  expect((await bob('GET', '/shop-1')).status).toBe(404)
  expect((await bob('PUT', '/shop-1', view)).status).toBe(404)
  expect((await ann('PUT', '/shop-1', { ...view, shared: true })).status).toBe(200)
  expect(await bob('GET', '/shop-1')).toMatchObject({ status: 200, body: { ...view, shared: true, owned: false } })
  expect(await bob('PUT', '/shop-1', { ...view, name: 'Renamed' })).toMatchObject({
    status: 403,
    body: { code: 'WEIR_API_FORBIDDEN' },
  })
  expect((await bob('DELETE', '/shop-1')).status).toBe(403)
  expect((await ann('PUT', '/shop-1', { ...view, name: 'Renamed', shared: true })).status).toBe(200)
  expect(names((await bob('GET')).body)).toEqual(['Renamed'])
  expect(await ann('DELETE', '/shop-1')).toEqual({ status: 200, body: { deleted: 'shop-1' } })
  expect(names((await bob('GET')).body)).toEqual([])
  expect((await ann('DELETE', '/shop-1')).status).toBe(404)
})

test('reports errors of a request', async () => {
  const { ann } = await users(await temporary())
  expect((await ann('PUT', '/with%20blank', view)).status).toBe(400)
  expect((await ann('PUT', '/a', { ...view, name: '' })).status).toBe(400)
  expect((await ann('PUT', '/a', { ...view, extra: 1 })).status).toBe(400)
  await ann('PUT', '/a', view)
  expect((await ann('PUT', '/b', view)).body['detail']).toBe('You already have a saved view "Shop to database".')
})

test('a view opens a page of the console only, and stored ones with another page are not offered', async () => {
  const folder = await temporary()
  const { ann } = await users(folder)
  for (const page of [
    'javascript:alert(1)',
    '//evil.example/x',
    'https://evil.example',
    '/../../api/v1/logout',
    '',
    '/',
    'flows',
    '/Flows',
    '/flows/x',
    '/flows?q=x',
    '/api/v1/logout',
    '/resource/',
    '/resource//evil.example',
    '/resource/../api/v1/logout',
    '/resource/a/%2E%2e',
    '/resource/a/.%2e/b',
    '/resource/a\\b',
    `/resource/${'a'.repeat(2048)}`,
  ])
    expect((await ann('PUT', '/a', { ...view, page, shared: true })).status, page).toBe(400)
  for (const page of [...savedPages, '/resource/shop/core/Pod/shop/web-0', '/resource/a/-/b/-/system:x%2Fy'])
    expect((await ann('PUT', '/any', { ...view, page })).body['page']).toBe(page)
  const old = { ...view, page: '//evil.example/x', id: 'old', shared: true, owner: 'token:ann', changed: 1 }
  await savedFile(realHost().disk, folder).write({ views: [old, { ...old, id: 'good', page: '/flows' }] })
  const again = await users(folder)
  expect([names((await again.bob('GET')).body), (await again.bob('GET', '/old')).status]).toEqual([[view.name], 404])
  expect((await again.ann('DELETE', '/old')).status).toBe(200)
})

test('the pages are those of the console', async () => {
  const text = await readFile(new URL('../../../console/src/app/pages.ts', import.meta.url), 'utf8')
  const paths = [...text.matchAll(/path: '([^']+)'/g)].map(([, path]) => path)
  expect(paths.filter((path) => path !== '/resource/$')).toEqual(savedPages)
})

test('views survive a restart, and concurrent changes are all stored', async () => {
  const folder = await temporary()
  const first = await users(folder)
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => first.ann('PUT', `/v${index}`, { ...view, name: `View ${index}` })),
  )
  const again = await users(folder)
  expect(names((await again.ann('GET')).body)).toHaveLength(20)
  expect(JSON.parse(await readFile(join(folder, 'saved-views.json'), 'utf8'))).toMatchObject({ version: 1 })
})

test('a damaged file is reported, never overwritten, and read again after a repair', async () => {
  const folder = await temporary()
  const { ann } = await users(folder)
  await ann('PUT', '/a', view)
  const path = join(folder, 'saved-views.json')
  const whole = await readFile(path, 'utf8')
  const other = await users(folder)
  for (const damaged of [
    whole.slice(0, -20),
    '',
    '{}',
    '{"version":99,"views":[]}',
    '{"version":1,"views":[{"id":1}]}',
  ]) {
    await writeFile(path, damaged)
    for (const answer of [await other.ann('GET'), await other.ann('PUT', '/b', { ...view, name: 'B' })]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'WEIR_API_SAVED' } })
      expect(String((answer.body['hints'] as string[])[0])).toContain(path)
    }
    expect(await readFile(path, 'utf8')).toBe(damaged)
  }
  await writeFile(path, whole)
  expect(names((await other.ann('GET')).body)).toEqual(['Shop to database'])
})

test('after a power failure every acknowledged change is stored and the file is whole', async () => {
  let interrupted = 0
  for (let seed = 1; seed <= 200; seed++) {
    const disk = new ForgetfulDisk(seed)
    await disk.makeDirectory('/data')
    await disk.syncDirectory('/')
    const random = new SeededRandom(seed)
    const host = { clock: { now: () => 1, monotonic: () => 1 }, random: realHost().random, disk }
    const book = new SavedBook(host, '/data')
    const answered: string[] = []
    disk.powerOffAfter(random.integer(1, 60))
    for (let index = 0; index < 8; index++) {
      try {
        await book.put(`v${index}`, 'ann', { ...view, name: `View ${index}` })
        answered.push(`v${index}`)
      } catch {
        break
      }
    }
    if (answered.length < 8) interrupted++
    disk.crash()
    const ids = (await new SavedBook(host, '/data').list('ann')).map(({ id }) => id).sort()
    // The unacknowledged change may be stored, too.
    expect([answered, [...answered, `v${answered.length}`]], `seed ${seed}`).toContainEqual(ids)
  }
  expect(interrupted).toBeGreaterThan(50)
})

test('rejects views over the limits', async () => {
  const folder = await temporary()
  const kept = (count: number, owner: (index: number) => string, search: string): Promise<void> =>
    savedFile(realHost().disk, folder).write({
      views: Array.from({ length: count }, (_, index) => ({
        ...view,
        search,
        id: `v${index}`,
        name: `View ${index}`,
        shared: false,
        owner: owner(index),
        by: owner(index),
        changed: 1,
      })),
    })
  await kept(maxPerOwner - 1, () => 'ann', view.search)
  const book = new SavedBook(realHost(), folder)
  await book.put('last', 'ann', { ...view, name: 'Last one' })
  await expect(book.put('more', 'ann', { ...view, name: 'One more' })).rejects.toThrow(
    `The limit is ${maxPerOwner} saved views of one owner.`,
  )
  await book.put('other', 'bob', view)
  await book.put('v0', 'ann', { ...view, name: 'Changed' })
  const large = 'a'.repeat(16_384)
  await kept(254, (index) => `owner ${index % 10}`, large)
  const full = new SavedBook(realHost(), folder)
  await full.put('fits', 'cid', view)
  await expect(full.put('large', 'cid', { ...view, name: 'Large', search: large })).rejects.toThrow(
    'The size limit of all saved views together is 4 MiB.',
  )
})

test('a version replaces the one that it was made from, and no later one', async () => {
  const { ann } = await users(await temporary())
  const first = await ann('PUT', '/board', view)
  const before = String(first.body['changed'])
  const second = await ann('PUT', '/board', { ...view, search: 'q=second', before })
  expect(second.status).toBe(200)
  const late = await ann('PUT', '/board', { ...view, search: 'q=late', before })
  expect({ status: late.status, code: late.body['code'] }).toEqual({ status: 409, code: 'WEIR_API_CONFLICT' })
  expect((await ann('GET', '/board')).body['search']).toBe('q=second')
  expect((await ann('PUT', '/gone', { ...view, name: 'Gone', before })).status).toBe(409)
  const large = await ann('PUT', '/board', { ...view, search: 'a'.repeat(262_144), before: second.body['changed'] })
  expect(large.status).toBe(200)
  const larger = await ann('PUT', '/board', { ...view, search: 'a'.repeat(262_145) })
  expect({ status: larger.status, detail: larger.body['detail'] }).toMatchObject({ status: 400 })
  expect(String(larger.body['detail'])).toContain('262144')
})

test('without a folder nothing can be saved, with an error', async () => {
  const { api } = await start()
  expect((await fetch(`${api.url}/api/v1/saved`)).status).toBe(503)
})
