// Sink `clickhouse` against ClickHouse's engine (chdb) behind an HTTP front.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clickhouseSchema } from '../../src/connectors/clickhouse/config.ts'
import { sink as clickhouse } from '../../src/connectors/clickhouse/sink.ts'
import type { Context, Sink, SinkBatch } from '../../src/engine/contracts.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { flowFields, type Field } from '../../src/model/fields.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { anyFlows, type AnyCell } from '../../src/store/testing/any-flows.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { selfSigned } from '../kit/certificate.ts'
import type { Against } from '../kit/proof.ts'
import { SeededRandom } from '../kit/random.ts'
import { chdb, installChdb } from './install/chdb.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

const never = new AbortController().signal
const against: Against = {
  system: 'clickhouse',
  server: 'ClickHouse (chdb)',
  version: () => chdb.version,
}
let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

type Written = WrittenConfigOf<typeof clickhouseSchema>

/** Rows of the suites are years old. */
const longAges = { flows: '9000d', events: '9000d', flows_1m: '9000d', flows_5m: '9000d', flows_1h: '9000d' }
let databases = 0
const newDatabase = (): string => `test_${++databases}`

function sinkFor(written: Partial<Written>, context: Context = testContext()): Promise<Sink> {
  return clickhouse.build(configFrom(clickhouseSchema, { url: server.url, ttl: longAges, ...written }), context)
}

const send = async (written: Partial<Written>, ...batches: readonly SinkBatch[]): Promise<void> => {
  const sink = await sinkFor(written)
  for (const batch of batches) expect(await sink.send(batch, never)).toEqual([])
  await sink.close()
}

const leastMs = 2000

async function startOther(): Promise<OtherSide> {
  const database = newDatabase()
  // Creates the tables.
  await send({ database }, eventBatch([], 'none'))
  let proxy = await cutProxy(server.port)
  const ids = async (): Promise<string[]> =>
    (
      await server.ask<{ id: string }>(
        `SELECT id FROM ((SELECT id, _sequence, _row FROM ${database}.weir_events) UNION ALL ` +
          `(SELECT _pos AS id, _sequence, _row FROM ${database}.weir_flows)) ORDER BY _sequence, _row`,
      )
    ).map(({ id }) => id)
  return {
    build: (context, timeoutMs) =>
      sinkFor(
        {
          url: `http://127.0.0.1:${proxy.port}`,
          database,
          timeout: `${Math.max(timeoutMs, leastMs)}ms`,
          compression: 'none',
        },
        context,
      ),
    received: ids,
    held: ids,
    async refuse(on) {
      if (on) await proxy.close()
      else proxy = await cutProxy(server.port, proxy.port)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '"number"')),
    async poison(known) {
      const list = [...known].map((id) => `'${id}'`).join(', ')
      await server.run(`ALTER TABLE ${database}.weir_events ADD CONSTRAINT poison CHECK id NOT IN (${list})`)
    },
    shows: String.raw`\"number\"`,
    async duplicateAck(known) {
      const first = await sinkFor({ database })
      await deliverAll(first, numberedEvents(known.length, 'u'))
      await first.close()
    },
    async restart() {
      await server.kill()
      await server.start()
    },
    stop: () => proxy.close(),
  }
}

/** In the form of `anyFlows`; the engine's own text form of 64-bit numbers and addresses. */
function cellOf({ kind }: Field, value: unknown): unknown {
  if (typeof value === 'bigint') return kind === 'u64' ? String(value) : Number(value)
  if (Array.isArray(value) && value.length === 0) return null
  return value
}

function roundedCell({ kind }: Field, cell: AnyCell): AnyCell {
  return kind === 'time' && typeof cell === 'number' ? Math.round(cell * 1000) / 1000 : cell
}

function batchOf(batch: FlowBatch, token: string): SinkBatch {
  const { batch: like } = flowBatch(1, token)
  const [piece] = like.pieces
  if (piece === undefined) throw new Error('no piece')
  const rows = Uint32Array.from({ length: batch.count }, (_, row) => row)
  return { ...like, count: batch.count, pieces: [{ ...piece, batch, rows }] }
}

describe('chdb', () => {
  sinkConformance(
    'clickhouse',
    { accepts: clickhouse.accepts, idempotency: clickhouse.idempotency, start: startOther },
    against,
  )

  describe('tables of Weir', () => {
    test('every field of any flow is stored as it was, absent values as NULL', async () => {
      const database = newDatabase()
      const random = new SeededRandom(1)
      for (let round = 0; round < 5; round++) {
        const made = anyFlows(random, 300, 0.8, 1_700_000_000_000)
        const batch = batchOf(made.batch, `any${round}`)
        await send({ database }, batch)
        const sequence = batch.pieces[0]?.header.sourceSequence ?? 0
        const rows = await server.ask<Record<string, unknown>>(
          `SELECT ${flowFields.map(({ name }) => name).join(', ')} FROM ${database}.weir_flows WHERE _sequence = ` +
            `${sequence} ORDER BY _row`,
        )
        for (const field of flowFields as readonly Field[]) {
          const written = made.cells[field.name]?.map((cell) => roundedCell(field, cell)) ?? rows.map(() => null)
          expect([field.name, rows.map((row) => cellOf(field, row[field.name]))]).toEqual([field.name, written])
        }
      }
    })

    test('case 27: 4294967295 and 2^53 + 1 bytes are exact, also multiplied by the sampling interval', async () => {
      const database = newDatabase()
      const flows: FlowBatch = {
        kind: 'flows',
        count: 3,
        dictionary: [''],
        columns: {
          bytes: { kind: 'u64', words: Uint32Array.of(0xffffffff, 0, 1, 0x200000, 0xffffffff, 0xffffffff) },
          sampling: { kind: 'u32', values: Uint32Array.of(1, 0, 4_294_967_295), valid: Uint8Array.of(0b101) },
        },
      }
      await send({ database }, batchOf(flows, 'exact'))
      const most = 2n ** 64n - 1n
      expect(await server.ask(`SELECT bytes, bytes_est FROM ${database}.weir_flows ORDER BY bytes`)).toEqual([
        { bytes: 4_294_967_295n, bytes_est: 4_294_967_295n },
        { bytes: 2n ** 53n + 1n, bytes_est: 2n ** 53n + 1n },
        { bytes: most, bytes_est: most * 4_294_967_295n },
      ])
      const sum = 4_294_967_295n + 2n ** 53n + 1n
      expect(await server.ask(`SELECT flows, bytes, bytes_est FROM ${database}.weir_flows_1h`)).toEqual([
        { flows: 3n, bytes: sum + most, bytes_est: sum + most * 4_294_967_295n },
      ])
    })

    test('two instances create the same tables at once, and their rows remain distinct', async () => {
      const database = newDatabase()
      const { batch } = flowBatch(10, 't')
      await Promise.all(['a', 'b'].map((writer) => send({ database, writer }, batch)))
      expect(
        await server.ask(`SELECT _writer, count() AS n FROM ${database}.weir_flows GROUP BY _writer ORDER BY 1`),
      ).toEqual([
        { _writer: 'a', n: 10n },
        { _writer: 'b', n: 10n },
      ])
      expect(await server.ask(`SELECT sum(flows) AS n FROM ${database}.weir_flows_1m`)).toEqual([{ n: 20n }])
    })

    test('columns that an older table lacks are added; without `create` they are named', async () => {
      const database = newDatabase()
      const { batch } = flowBatch(3, 't')
      await send({ database }, batch)
      await server.run(`ALTER TABLE ${database}.weir_flows DROP COLUMN tls_group`)
      await server.run(`ALTER TABLE ${database}.weir_flows MODIFY COMMENT 'Weir, schema 0'`)
      const strict = await sinkFor({ database, create: false })
      await expect(strict.send(flowBatch(1, 'u').batch, never)).rejects.toThrow('lacks column weir_flows.tls_group')
      expect(await strict.probe?.(never)).toMatchObject({ is: 'fail' })
      await strict.close()
      await send({ database }, flowBatch(2, 'v').batch)
      expect(
        await server.ask(
          `SELECT count() AS n, any(comment) AS comment FROM ${database}.weir_flows, system.tables WHERE database = ` +
            `'${database}' AND name = 'weir_flows' AND tls_group IS NULL`,
        ),
      ).toEqual([{ n: 5n, comment: 'Weir, schema 7' }])
    })

    test('a lost response is followed by the same insert, which the server recognizes', async () => {
      const database = newDatabase()
      await send({ database }, eventBatch([], 'none'))
      const proxy = await cutProxy(server.port)
      const sink = await sinkFor({ database, url: `http://127.0.0.1:${proxy.port}`, compression: 'none' })
      const { batch } = flowBatch(500, 't')
      expect(await sink.send(flowBatch(1, 'first').batch, never)).toEqual([])
      // The body passes; the response does not.
      proxy.cutAfter(1, 'never in the body')
      const sending = sink.send(batch, never)
      await expect
        .poll(async () => (await server.ask<{ n: bigint }>(`SELECT count() AS n FROM ${database}.weir_flows`))[0]?.n)
        .toBe(501n)
      await sending
      expect(await sink.send(batch, never)).toEqual([])
      expect(await server.ask(`SELECT count() AS n FROM ${database}.weir_flows`)).toEqual([{ n: 501n }])
      expect(await server.ask(`SELECT sum(flows) AS n FROM ${database}.weir_flows_5m`)).toEqual([{ n: 501n }])
      await sink.close()
      await proxy.close()
    })

    test('rows lost by the server after it recorded their token are found by position and inserted again', async () => {
      const database = newDatabase()
      const { batch } = flowBatch(400, 't')
      await send({ database }, batch)
      await server.run(`ALTER TABLE ${database}.weir_flows DELETE WHERE src_port < 150 SETTINGS mutations_sync = 2`)
      const context = testContext()
      const restarted = await sinkFor({ database }, context)
      expect(await restarted.send(batch, never)).toEqual([])
      await restarted.close()
      expect(context.lines.filter((line) => line.includes('inserted again'))).toHaveLength(1)
      expect(await server.ask(`SELECT count() AS n, uniqExact(src_port) AS ports FROM ${database}.weir_flows`)).toEqual(
        [{ n: 400n, ports: 400n }],
      )
    })

    test('rows older than the TTL of the table do not stop the sink', async () => {
      const database = newDatabase()
      const sink = await sinkFor({ database, ttl: { flows: '1h' } }, testContext())
      expect(await sink.send(flowBatch(5, 't').batch, never)).toEqual([])
      await sink.close()
    })

    test('rows that the table never keeps do not stop the sink, and are reported', async () => {
      const database = newDatabase()
      await send({ database }, eventBatch([], 'none'))
      // The server removes expired rows at an unknown time; an engine without storage removes them at once.
      await server.run(`CREATE TABLE ${database}.none AS ${database}.weir_flows ENGINE = Null`)
      await server.run(`EXCHANGE TABLES ${database}.none AND ${database}.weir_flows`)
      const context = testContext()
      const sink = await sinkFor({ database }, context)
      expect(await sink.send(flowBatch(5, 't').batch, never)).toEqual([])
      await sink.close()
      expect(context.lines.join('\n')).toContain('older than its TTL')
    })

    test('rows that the server collects (`async_insert`) are stored once, also when they are repeated', async () => {
      const database = newDatabase()
      const { batch } = flowBatch(5, 't')
      await send({ database, async_below: 100 }, batch, batch)
      expect(await server.ask(`SELECT count() AS n FROM ${database}.weir_flows`)).toEqual([{ n: 5n }])
    })
  })

  describe("the table of NetObserv's example", () => {
    const example = (database: string): Partial<Written> => ({
      database,
      layout: 'netobserv-example',
      table_prefix: '',
    })
    const original = (types: string, engine: string): string =>
      `(start Float64, end Float64, src_ip String, dst_ip String, src_name String, dst_name String, src_kind String, ` +
      `dst_kind String, src_namespace String, dst_namespace String, bytes ${types}, packets ${types}) ENGINE = ` +
      engine
    const large: FlowBatch = {
      kind: 'flows',
      count: 2,
      dictionary: [''],
      columns: { bytes: { kind: 'u64', words: Uint32Array.of(7, 0, 5, 1) } },
    }

    test('a created table is durable, counts beyond 4 GiB, and takes each row once', async () => {
      const database = newDatabase()
      const batch = batchOf(large, 't')
      await send(example(database), batch, batch)
      await server.kill()
      await server.start()
      await send(example(database), batch)
      expect(await server.ask(`SELECT bytes FROM ${database}.flows ORDER BY bytes`)).toEqual([
        { bytes: 7n },
        { bytes: 2n ** 32n + 5n },
      ])
      expect(await server.ask(`SELECT engine FROM system.tables WHERE database = '${database}'`)).toEqual([
        { engine: 'MergeTree' },
      ])
    })

    test('an existing Memory table is used as it is; counts that it cannot hold become dead letters', async () => {
      const database = newDatabase()
      await server.run(`CREATE DATABASE ${database}`)
      await server.run(`CREATE TABLE ${database}.flows ${original('UInt32', 'Memory')}`)
      await server.run(`INSERT INTO ${database}.flows (src_ip) VALUES ('before')`)
      const context = testContext()
      const sink = await sinkFor(example(database), context)
      expect(await sink.send(batchOf(large, 't'), never)).toEqual([
        { index: 1, is: 'reject', reason: expect.stringContaining('MODIFY COLUMN bytes UInt64') as string },
      ])
      expect(await sink.send(eventBatch(numberedEvents(1, 'e'), 'u'), never)).toMatchObject([{ is: 'reject' }])
      await sink.close()
      expect(await server.ask(`SELECT src_ip, bytes FROM ${database}.flows ORDER BY bytes`)).toEqual([
        { src_ip: 'before', bytes: 0 },
        { src_ip: '', bytes: 7 },
      ])
      expect(context.lines.join('\n')).toContain('all are lost when the server stops')
    })
  })

  describe('connections', () => {
    test('a wrong password is named; the right one works', async () => {
      await using guarded = await startChdb({ user: 'weir', password: 'right' })
      process.env['CLICKHOUSE_RIGHT'] = 'right'
      process.env['CLICKHOUSE_WRONG'] = 'wrong'
      const login = (name: string): Partial<Written> => ({
        url: guarded.url,
        auth: { type: 'basic', user: 'weir', password: `env:CLICKHOUSE_${name}` },
      })
      const sink = await sinkFor(login('WRONG'))
      await expect(sink.send(flowBatch(1, 't').batch, never)).rejects.toThrow(
        'rejected the login; correct `auth` (code 516',
      )
      expect(await sink.probe?.(never)).toMatchObject({ is: 'fail' })
      await sink.close()
      await send(login('RIGHT'), flowBatch(2, 't').batch)
      expect(await guarded.ask('SELECT count() AS n FROM default.weir_flows')).toEqual([{ n: 2n }])
    })

    test('TLS verifies the server; a client certificate logs in without a password', async () => {
      const [certificate, client] = [selfSigned(), selfSigned('weir')]
      await using secure = await startChdb({
        user: 'weir',
        tls: { ...certificate, clientCa: client.cert },
      })
      const dir = await mkdtemp(join(tmpdir(), 'weir-ch-'))
      const files = { ca_file: join(dir, 'ca.pem'), cert_file: join(dir, 'c.pem'), key_file: join(dir, 'k.pem') }
      await writeFile(files.ca_file, certificate.cert)
      await writeFile(files.cert_file, client.cert)
      await writeFile(files.key_file, client.key)
      const { url } = secure
      const failure = async (written: Partial<Written>): Promise<string> => {
        const sink = await sinkFor({ url, ...written })
        const text = await sink.send(flowBatch(1, 't').batch, never).then(String, String)
        await sink.close()
        return text
      }
      expect(await failure({})).toContain('self-signed certificate')
      expect(await failure({ tls: { ca_file: files.ca_file } })).toMatch(/certificate required|ECONNRESET|closed/)
      await send({ url, tls: files, auth: { type: 'certificate', user: 'weir' } }, flowBatch(2, 't').batch)
      await rm(dir, { recursive: true })
    })
  })
})
