// A Weir with ClickHouse as its store; either is killed, and ClickHouse is away.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EventStream } from '../../src/api/testing/event-stream.ts'
import type { Ledger } from '../../src/engine/control.ts'
import { FlowSender } from '../kit/flow-sender.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { installChdb } from './install/chdb.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

let server: ChdbServer
let folder = ''
let databases = 0

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
  folder = await mkdtemp(join(tmpdir(), 'weir-outside-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

function start(more: Record<string, unknown> = {}, store: object = {}): Promise<WeirProcess> {
  const clickhouse = { url: server.url, database: `weir_${++databases}`, timeout: '20s' }
  return startWeir({
    folder,
    config: { ...more, store: { enabled: 'clickhouse', clickhouse, ...store } },
    env: { ADMIN: 'admin-token', SHOP: 'shop-token', NONE: 'none-token' },
  })
}

async function post(weir: WeirProcess, ids: readonly string[]): Promise<void> {
  const events = ids.map((id) => ({ specversion: '1.0', id, source: '/s', type: 't', data: { id } }))
  await weir.post('/events', events, 'application/cloudevents-batch+json')
}

async function sql(weir: WeirProcess, text: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: text }),
  })
  return { status: answer.status, body: await answer.json() }
}

async function storeLedger(weir: WeirProcess) {
  const ledger = await weir.get<Ledger>('/api/v1/ledger')
  expect(ledger.balanced).toBe(true)
  return ledger.sinks.find(({ name }) => name === 'store')
}

const ids = (from: number, count: number): string[] => Array.from({ length: count }, (_, at) => `e${from + at}`)
const patience = { timeout: 60_000, interval: 250 }

describe('a Weir with ClickHouse as its store', () => {
  it('stores rows, and queries them with their ledger entry', async () => {
    await using weir = await start()
    await post(weir, ids(0, 20))
    await expect
      .poll(() => sql(weir, 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM events'), patience)
      .toEqual({ status: 200, body: [{ n: 20, ids: 20 }] })
    expect(await storeLedger(weir)).toMatchObject({ delivered: 20, pending: 0, dead_lettered: 0 })
  })

  it('has each row once after Weir and ClickHouse were killed', async () => {
    await using weir = await start()
    const sender = new FlowSender({ port: weir.ports.netflow, rate: 2000 })
    let events = 0
    for (let round = 0; round < 3; round++) {
      await sender.start()
      await post(weir, ids(events, 50))
      events += 50
      await server.kill()
      await post(weir, ids(events, 50))
      events += 50
      sender.pause()
      await weir.kill()
      await server.start()
      await weir.start()
    }
    await sender.close()
    await expect
      .poll(() => sql(weir, 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM events'), patience)
      .toEqual({ status: 200, body: [{ n: events, ids: events }] })
    const flows = (await weir.get<Ledger>('/api/v1/ledger')).sources.find(({ name }) => name === 'netflow')?.accepted
    await expect
      .poll(() => sql(weir, 'SELECT count(*) AS n, count(DISTINCT _pos) AS ids FROM flows'), patience)
      .toEqual({ status: 200, body: [{ n: flows, ids: flows }] })
    expect(await storeLedger(weir)).toMatchObject({ pending: 0, dead_lettered: 0, dropped: {} })
  }, 240_000)

  it('answers 503 without ClickHouse, is not ready, loses nothing, and recovers', async () => {
    await using weir = await start()
    await post(weir, ids(0, 10))
    await expect.poll(() => storeLedger(weir), patience).toMatchObject({ delivered: 10 })
    await server.kill()
    await post(weir, ids(10, 10))
    const refused = await sql(weir, 'SELECT 1 AS one')
    expect(refused).toMatchObject({ status: 503, body: { code: 'WEIR_STORE_UNREACHABLE' } })
    await expect
      .poll(async () => (await fetch(`${weir.opsUrl}/healthz/ready`)).json(), patience)
      .toMatchObject({ reasons: [expect.stringMatching(/^store: .*10 rows wait in the journal/)] })
    await server.start()
    await expect
      .poll(() => sql(weir, 'SELECT count(*) AS n FROM events'), patience)
      .toEqual({ status: 200, body: [{ n: 20 }] })
    await expect.poll(async () => (await fetch(`${weir.opsUrl}/healthz/ready`)).status, patience).toBe(200)
  }, 180_000)

  it('shows live what a role may see, also while ClickHouse is away, and the same rows afterwards', async () => {
    const viewer = { role: 'viewer', namespaces: ['shop'] }
    const tokens = [
      { name: 'admin', token: 'env:ADMIN' },
      { name: 'shop', token: 'env:SHOP', ...viewer },
      { name: 'none', token: 'env:NONE', ...viewer, namespaces: [] },
    ]
    const set = { src_namespace: 'flow.packets % 2 == 0 ? "shop" : "vault"' }
    const named = { type: 'map', from: ['netflow'], set }
    await using weir = await start({ auth: { tokens }, transforms: { named } }, { from: ['named'] })
    await server.kill()
    const columns = ['packets', 'src_namespace']
    const open = (name: string): Promise<EventStream> =>
      EventStream.open(
        `${weir.url}/api/v1/live?sid=session-of-${name}`,
        { authorization: `Bearer ${name}-token` },
        { views: [{ id: 'f', kind: 'rows', q: { stream: 'flows' }, columns }] },
      )
    const [admin, shop, none] = await Promise.all([open('admin'), open('shop'), open('none')])
    const sender = new FlowSender({ port: weir.ports.netflow, rate: 300 })
    await sender.start()
    while (sender.sent < 60) await new Promise((resolve) => setTimeout(resolve, 5))
    await sender.close()
    const { sent } = sender
    const byNumber = (rows: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] =>
      rows.toSorted(([a], [b]) => Number(a) - Number(b))
    const all = Array.from({ length: sent }, (_, at) => [at + 1, at % 2 === 1 ? 'shop' : 'vault'])
    const own = all.filter(([, namespace]) => namespace === 'shop')
    expect(byNumber(await admin.untilRows('f', sent))).toEqual(all)
    expect(byNumber(await shop.untilRows('f', own.length))).toEqual(own)
    const stored = async (name: string): Promise<unknown> => {
      const answer = await fetch(
        `${weir.url}/api/v1/flows?${new URLSearchParams({ columns: columns.join(','), limit: '1000' }).toString()}`,
        { headers: { authorization: `Bearer ${name}-token` } },
      )
      const { rows } = (await answer.json()) as { rows?: unknown[][] }
      return rows === undefined ? answer.status : byNumber(rows)
    }
    expect(await stored('shop')).toBe(503)
    await server.start()
    await expect.poll(() => stored('admin'), patience).toEqual(all)
    expect([await stored('shop'), await stored('none')]).toEqual([own, []])
    expect(byNumber(shop.rows('f'))).toEqual(own)
    expect(none.rows('f')).toEqual([])
    for (const stream of [admin, shop, none]) stream.close()
  }, 120_000)
})
