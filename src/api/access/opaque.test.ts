import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { EventStream } from '../testing/event-stream.ts'
import { namespacedFlows } from '../testing/namespaces.ts'
import { shopEvents, at } from '../testing/shop-events.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'
import { Opaque } from './opaque.ts'

const auth = {
  tokens: [
    { name: 'root', token: 'secret-of-the-admin' },
    { name: 'shop', token: 'secret-of-shop', role: 'viewer', namespaces: ['shop'] },
  ],
} as const
const shop = { authorization: 'Bearer secret-of-shop' }
const admin = { authorization: 'Bearer secret-of-the-admin' }
const now = realHost().clock.now()

async function started(): Promise<StoredApi> {
  const api = await startStored({ auth, limits: { tickMs: 20 } })
  await api.addBatch(namespacedFlows(now - 60_000), now - 60_000)
  return api
}

const columnOf = (body: Record<string, unknown>, index: number): string[] =>
  (body['rows'] as unknown[][]).map((row) => String(row[index]))
/** Any form of `source:epoch:sequence:row`, also in base64. */
const positions = (value: unknown): string[] => {
  const text = JSON.stringify(value)
  const decoded = [...text.matchAll(/[\w-]{16,}/g)].map(([each]) => Buffer.from(each, 'base64url').toString('latin1'))
  return [text, ...decoded].flatMap((each) => each.match(/\w+:\d+:\d+:\d+/g) ?? [])
}

test('equal ids stay equal, lengths and order reveal nothing, and every change is detected', async () => {
  const opaque = (await Opaque.of(auth, realHost()))!
  const again = (await Opaque.of(auth, realHost()))!
  const other = (await Opaque.of({ tokens: [{ name: 'root', token: 'x' }, auth.tokens[1]] }, realHost()))!
  const sealed = opaque.seal('netflow:1:2:3')
  expect([again.seal('netflow:1:2:3'), again.open(sealed)]).toEqual([sealed, 'netflow:1:2:3'])
  expect(opaque.seal('netflow:1:2000:300').length).toBe(sealed.length)
  expect(opaque.seal('netflow:1:2:4').slice(0, 8)).not.toBe(sealed.slice(0, 8))
  for (let index = 0; index < sealed.length; index++) {
    const forged = `${sealed.slice(0, index)}${sealed[index] === 'A' ? 'B' : 'A'}${sealed.slice(index + 1)}`
    expect(opaque.open(forged), String(index)).toBeUndefined()
  }
  for (const wrong of ['', 'netflow:1:2:3', sealed.slice(4), `${sealed}A`, sealed.repeat(2)])
    expect(opaque.open(wrong)).toBeUndefined()
  expect(other.open(sealed)).toBeUndefined()
  for (const text of ['', '\x01\x01', 'é'.repeat(47), 'x'.repeat(48), 'x'.repeat(5000)])
    expect(opaque.open(opaque.seal(text))).toBe(text)
  expect(await Opaque.of({ tokens: [auth.tokens[0]] }, realHost())).toBeUndefined()
})

test('ids and cursors of flows reveal no place, and pages continue at another server', async () => {
  const { get } = await started()
  const parameters = { columns: '_pos,bytes', sort: 'bytes', limit: '2' }
  const first = await get('flows', parameters, shop)
  expect(columnOf(first.body, 1)).toEqual(['1', '2'])
  expect(positions(first.body)).toEqual([])
  const restarted = await started()
  const cursor = String(first.body['next'])
  const second = await restarted.get('flows', { ...parameters, cursor }, shop)
  expect([second.status, columnOf(second.body, 1), second.body['next']]).toEqual([200, ['4'], null])
  const plain = await get('flows', parameters, admin)
  expect(positions(plain.body)).not.toEqual([])
  for (const forged of [
    String(plain.body['next']),
    `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`,
    'x',
    '',
  ])
    expect((await get('flows', { ...parameters, cursor: forged }, shop)).status, forged).toBe(400)
  expect((await get('flows', { ...parameters, cursor }, admin)).status).toBe(400)
})

test('a limited viewer cannot filter, sort or group by the place of a row', async () => {
  const { get, url } = await started()
  for (const parameters of [
    { filter: '_pos > "a"' },
    { filter: 'exists(_POS)' },
    { sort: '-_pos' },
    { sort: 'bytes,_pos' },
    { sort: '_pos,time_received,_pos' },
    { group: '_pos' },
  ]) {
    expect((await get('flows', parameters, shop)).status, JSON.stringify(parameters)).toBe(400)
    expect((await get('flows', parameters, admin)).status, JSON.stringify(parameters)).toBe(200)
  }
  expect((await get('flows', { filter: 'src.name = "my_pos"' }, shop)).status).toBe(200)
  const post = (path: string, method: string, body: object): Promise<Response> =>
    fetch(`${url}/api/v1/${path}`, {
      method,
      headers: { ...shop, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await post('complete', 'POST', { field: '_pos' })).status).toBe(400)
  const views = (more: object): object => ({ views: [{ id: 'a', kind: 'series', q: { stream: 'flows' }, ...more }] })
  expect((await post('live/some-session', 'PUT', views({ scope: ['_pos'] }))).status).toBe(400)
  expect((await post('live/some-session', 'PUT', views({ q: { stream: 'flows', where: { _pos: 'a' } } }))).status).toBe(
    400,
  )
  const file = await fetch(`${url}/api/v1/export?format=ndjson&columns=*`, { headers: shop })
  expect(await file.text()).not.toContain('_pos')
})

test('a limited viewer finds a flow by its opaque id', async () => {
  const { get } = await started()
  const { body } = await get('flows', { columns: '_pos,bytes', sort: 'bytes' }, shop)
  const [[pos, bytes] = []] = body['rows'] as [string, number][]
  const flow = await get('flows', { pos: pos ?? '', columns: '_pos,bytes' }, shop)
  expect([flow.status, flow.body['rows']]).toEqual([200, [[pos, bytes]]])
  const [plain = ''] = positions((await get('flows', { columns: '_pos', sort: 'bytes' }, admin)).body)
  expect((await get('flows', { pos: plain }, admin)).body['rows']).toHaveLength(1)
  expect((await get('flows', { pos: plain }, shop)).status).toBe(400)
  expect((await get('flows', { pos: plain, group: 'proto' }, admin)).status).toBe(400)
})

test('a limited viewer exports ties in the order of the pages', async () => {
  const { get, url } = await started()
  for (const sort of ['-time_received', 'proto,-time_received']) {
    const file = await fetch(`${url}/api/v1/export?format=csv&columns=bytes&sort=${sort},_pos`, { headers: shop })
    const lines = (await file.text()).trim().split(/\r?\n/)
    const { body } = await get('flows', { columns: 'bytes', sort }, shop)
    expect([file.status, lines.slice(1)], sort).toEqual([200, columnOf(body, 0)])
  }
})

test('a page of the console is served for every query string, also before sign-in', async () => {
  const { url } = await started()
  for (const headers of [{}, shop]) {
    const page = await fetch(`${url}/flows?cols=_pos,src&sort=_pos&after=1&pos=x&cursor=y`, {
      headers: { ...headers, accept: 'text/html' },
    })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
  }
})

test('changes and their lists have opaque ids, by which one is found', async () => {
  const { get, addBatch } = await startStored({ auth })
  await addBatch(toEventBatch(shopEvents), Date.parse(at('13:00:01')))
  const span = { from: at('00:00:00'), to: at('23:00:00'), limit: '1' }
  const { body } = await get('changes', span, shop)
  const [change] = body['changes'] as { pos: string; name: string }[]
  expect([change?.name, positions(body)]).toEqual(['web', []])
  const found = await get('changes/one', { pos: change?.pos ?? '' }, shop)
  expect([found.status, found.body['pos'], positions(found.body)]).toEqual([200, change?.pos, []])
  expect((await get('changes', { ...span, cursor: String(body['next']) }, shop)).status).toBe(200)
  expect((await get('changes/one', { pos: 'fl:1:2:2' }, shop)).status).toBe(400)
})

test('a live stream reveals no sequence, and resumes after its opaque id', async () => {
  const { url, control } = await started()
  const opened = async (headers: Record<string, string>): Promise<EventStream> =>
    EventStream.open(`${url}/api/v1/live`, headers)
  const stream = await opened(shop)
  control.publish(namespacedFlows(now))
  const rows = await stream.untilRows('flows', 3)
  const hello = await stream.until(({ event }) => event === 'hello')
  const stat = await stream.until(({ event }) => event === 'stat')
  const withId = stream.events.findLast(({ id, event }) => id !== undefined && event === 'rows')
  expect(rows).toHaveLength(3)
  expect([hello.data['ring'], stat.data['ringFrom']]).toMatchObject([{ fromSeq: 0, toSeq: 0 }, 0])
  expect(positions(stream.events)).toEqual([])
  expect(withId?.id).toMatch(/^[\w-]{80,}$/)
  stream.close()
  control.publish(namespacedFlows(now))
  const resumed = await opened({ ...shop, 'last-event-id': withId?.id ?? '' })
  expect(await resumed.untilRows('flows', 3)).toHaveLength(3)
  expect(resumed.events.some(({ event }) => event === 'gap')).toBe(false)
  resumed.close()
  for (const id of ['1@abcdefgh', `${withId?.id}A`])
    await expect(opened({ ...shop, 'last-event-id': id })).rejects.toThrow('400')
})
