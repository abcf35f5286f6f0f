// Sink `influxdb` against a real InfluxDB 1.6 (v1) and a real VictoriaMetrics (v2).
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { influxdbSchema } from '../../src/connectors/influxdb/config.ts'
import { sink as influxdb } from '../../src/connectors/influxdb/sink.ts'
import type { Context, Sink, SinkBatch } from '../../src/engine/contracts.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { asFlows } from '../conformance/as-flows.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { influxdb as program, installInfluxdb } from './install/influxdb.ts'
import { findVictoriametrics, victoriametrics } from './install/victoriametrics.ts'
import { FailingFront } from './kit/failing-front.ts'
import { startInfluxdb, startVictoriametrics, type RealInfluxdb, type RealVictoriametrics } from './kit/influxdb.ts'

const never = new AbortController().signal
let old: RealInfluxdb
let victoria: RealVictoriametrics
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-influxdb-'))
  const [first, second] = [await installInfluxdb(), findVictoriametrics()]
  if (first.path !== undefined) old = await startInfluxdb(first.path, dir)
  if (second.path !== undefined) victoria = await startVictoriametrics(second.path, dir)
}, 240_000)

beforeEach(async (context) => {
  for (const found of [await installInfluxdb(), findVictoriametrics()])
    if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await old?.[Symbol.asyncDispose]()
  await victoria?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

type Written = WrittenConfigOf<typeof influxdbSchema>

let databases = 0
async function newDatabase(): Promise<string> {
  const name = `db${++databases}`
  await old.query(`CREATE DATABASE ${name}`)
  return name
}

const build = (context: Context, written: Written): Promise<Sink> =>
  influxdb.build(configFrom(influxdbSchema, written), context)

/**
 * The suite makes frames for each attempt. Those of the same rows get the same number and receive time, as in the
 * journal.
 */
function framed(sink: Sink): Sink {
  const flows = asFlows(sink)
  const frames = new Map<string, number>()
  const begun = Date.UTC(2026, 0, 1)
  const numbered = (batch: SinkBatch): SinkBatch => ({
    ...batch,
    pieces: batch.pieces.map((piece) => {
      if (piece.batch.kind === 'flows') return piece
      const first = eventAt(piece.batch, piece.rows[0] ?? 0).id
      const number = frames.get(first) ?? frames.size
      frames.set(first, number)
      return { ...piece, header: { ...piece.header, received: begun + number, sourceSequence: number } }
    }),
  })
  const hasFlows = ({ pieces }: SinkBatch): boolean => pieces.some(({ batch }) => batch.kind === 'flows')
  return {
    ...sink,
    send: (batch, signal) => (hasFlows(batch) ? flows.send(batch, signal) : sink.send(numbered(batch), signal)),
  }
}

const poison = {
  v1: { data: Buffer.from('{"number":"none"}') },
  v2: { time: 8.64e15 },
} as const

const idOf = ({ subject, src_name: name }: Readonly<Record<string, unknown>>): string => String(subject ?? name)

async function startOther(api: 'v1' | 'v2'): Promise<OtherSide> {
  const bucket = await newDatabase()
  const server = api === 'v1' ? old : victoria
  let proxy = await cutProxy(server.port)
  const ids = async (): Promise<string[]> => {
    // VictoriaMetrics has no buckets: each case has its own measurement.
    if (api === 'v2')
      return (await victoria.samples(`{__name__=~"${bucket}_(number|bytes)"}`)).map(({ labels }) => idOf(labels))
    const rows = await Promise.all(['event', 'flow'].map((name) => old.query(`SELECT * FROM "${name}"`, bucket)))
    return rows.flat().map(idOf)
  }
  return {
    async build(context, timeoutMs) {
      const measurement = api === 'v2' ? { measurement: bucket } : {}
      const mapping = { ...measurement, tags: ['subject', 'src_name'], fields: ['number', 'bytes'] }
      const settings = { compression: 'none', timeout: `${Math.max(timeoutMs, 2000)}ms` } as const
      const url = `http://127.0.0.1:${proxy.port}`
      return framed(await build(context, { url, api, bucket, ...mapping, ...settings }))
    },
    received: ids,
    held: ids,
    async refuse(on) {
      if (on) await proxy.close()
      else proxy = await cutProxy(server.port, proxy.port)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, ' number=')),
    poison: () => Promise.resolve(),
    // A type conflict, or a time beyond 64 bits.
    poisoned: (event) => ({ ...event, ...poison[api] }),
    shows: 'number=',
    restart: () => server.restart(),
    stop: () => proxy.close(),
  }
}

for (const api of ['v1', 'v2'] as const)
  sinkConformance(
    `influxdb ${api}`,
    { accepts: influxdb.accepts, idempotency: influxdb.idempotency, start: () => startOther(api) },
    {
      system: 'influxdb',
      server: api === 'v1' ? 'InfluxDB' : 'VictoriaMetrics',
      version: () => (api === 'v1' ? program.version : victoriametrics.version),
      part: api,
      // Rows are read back by their time.
      unordered: true,
    },
  )

const point = (id: string, data: object): WeirEvent => ({
  id,
  source: '/feed',
  type: 'weir.point',
  family: 'point',
  time: Date.UTC(2026, 10, 25) + 0.25,
  datacontenttype: 'application/json',
  encoding: 'json',
  data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
})

test.each([
  ['v1', /HTTP 400: partial write: field type conflict: input field "number"/],
  ['v2', /HTTP 400: .*cannot parse timestamp/],
] as const)(
  'influxdb %s: one poison in 1,000 is one dead letter with the reason of the server',
  async (api, reason) => {
    const bucket = await newDatabase()
    const { url } = api === 'v1' ? old : victoria
    const sink = await build(testContext(), {
      url,
      api,
      bucket,
      measurement: bucket,
      tags: ['subject'],
      fields: ['number'],
    })
    const events = numberedEvents(1000, 'n').map(({ key: _, ...event }) =>
      event.id === 'n500' ? { ...event, ...poison[api] } : event,
    )
    const failures = await sink.send(eventBatch(events, 't'), never)
    expect(failures.map(({ index, is }) => [index, is])).toEqual([[500, 'reject']])
    expect(failures[0]?.reason).toMatch(reason)
    const stored =
      api === 'v1'
        ? await old.query(`SELECT * FROM "${bucket}"`, bucket)
        : await victoria.samples(`{__name__="${bucket}_number"}`)
    expect(stored).toHaveLength(999)
    await sink.close()
  },
)

test('influxdb v1: points beyond the retention are dead letters of one request', async () => {
  const bucket = await newDatabase()
  await old.query(`CREATE RETENTION POLICY "hour" ON "${bucket}" DURATION 1h REPLICATION 1 DEFAULT`)
  let requests = 0
  const front = await FailingFront.start(old.port, () => void requests++)
  const sink = await build(testContext(), { url: `http://127.0.0.1:${front.port}`, api: 'v1', bucket })
  const early = Array.from({ length: 1000 }, (_, id) => ({
    ...point(`p${id}`, { name: 't', fields: { id } }),
    time: id,
  }))
  const failures = await sink.send(eventBatch(early, 't'), never)
  expect(failures.map(({ is }) => is)).toEqual(early.map(() => 'reject'))
  expect(failures[999]?.reason).toMatch(/HTTP 400: partial write: points beyond retention policy dropped=1000/)
  expect(requests).toBe(1)
  await sink.close()
  await front.stop()
})

test('influxdb: names and values with special characters are read back by InfluxDB', async () => {
  const bucket = await newDatabase()
  const counted: string[] = []
  const metrics = {
    count: (_: string, by: number, labels = {}) => counted.push(`${by} ${JSON.stringify(labels)}`),
    set: () => undefined,
  }
  const context = { ...testContext(), metrics } as Context
  const sink = await build(context, { url: old.url, api: 'v1', bucket, types: { big: 'int', flag: 'bool' } })
  const data = String.raw`{"name":"a b,c=d","labels":{"tag one,=":"v 1,=\"é 🦊","end":"back\\","empty":""},
    "fields":{"field ,=x":1.5,"text":"say \"hi\" \\ , = 🦊\\","big":9007199254740993,"flag":true,"exp":1e21},
    "special":{"nan":"NaN"}}`
  expect(await sink.send(eventBatch([point('p', data as unknown as object)], 't'), never)).toEqual([])
  expect(await old.query('SELECT * FROM "a b,c=d"', bucket)).toEqual([
    {
      time: 1_795_564_800_000_250_000,
      'tag one,=': 'v 1,="é 🦊',
      end: 'back',
      'field ,=x': 1.5,
      text: 'say "hi" \\ , = 🦊\\',
      big: 9_007_199_254_740_992,
      flag: true,
      exp: 1e21,
    },
  ])
  // The client's JSON parser rounds; the server compares exactly.
  expect(await old.query('SELECT * FROM "a b,c=d" WHERE big = 9007199254740993', bucket)).toHaveLength(1)
  expect(counted.sort()).toEqual([
    '1 {"sink":"tested","reason":"backslash"}',
    '1 {"sink":"tested","reason":"empty_tag"}',
    '1 {"sink":"tested","reason":"not_a_number"}',
  ])
  await sink.close()
})
