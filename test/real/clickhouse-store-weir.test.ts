// A Weir with ClickHouse as its store; either is killed, and ClickHouse is away.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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

function start(): Promise<WeirProcess> {
  const clickhouse = { url: server.url, database: `weir_${++databases}`, timeout: '20s' }
  return startWeir({ folder, config: { store: { enabled: 'clickhouse', clickhouse } } })
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
})
