// Sink `clickhouse` against ClickHouse's engine (chdb) behind an HTTP front.
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

sinkConformance(
  'clickhouse',
  { accepts: clickhouse.accepts, idempotency: clickhouse.idempotency, start: startOther },
  against,
)

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
})
