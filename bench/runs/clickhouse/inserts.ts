import { clickhouseSchema } from '../../../src/connectors/clickhouse/config.ts'
import { sink as clickhouse } from '../../../src/connectors/clickhouse/sink.ts'
import type { SinkBatch } from '../../../src/engine/contracts.ts'
import type { FlowBatch } from '../../../src/model/batches.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { flowBatch, testContext } from '../../../test/conformance/batches.ts'
import { startChdb, type ChdbServer } from '../../../test/real/kit/chdb.ts'
import type { AcceptanceContext } from '../../harness.ts'
import { flowBatches } from '../throughput/batches.ts'

const never = new AbortController().signal
const perInsert = 50_000

/** Rows per second of the sink, and of one INSERT per row, on the same server over one connection each. */
export async function measureInserts(context: AcceptanceContext): Promise<void> {
  await using server = await startChdb()
  const examples = flowBatches(context.seed, context.size(200, 20)).filter((batch) => batch.kind === 'flows')
  const rows = context.size(1_000_000, 100_000)
  const narrow = await batched(server, examples, rows, { layout: 'netobserv-example', table_prefix: 'narrow_' })
  const wide = await batched(server, examples, rows, {})
  const single = await oneByOne(server, context.size(2000, 100))
  context.figure('sink, all fields and three sums', Math.round(wide.rate), 'rows/s')
  context.figure('sink, twelve columns', Math.round(narrow.rate), 'rows/s')
  context.figure('one INSERT per row, twelve columns, engine Memory', Math.round(single), 'rows/s')
  context.figure('times as fast, twelve columns', Math.round(narrow.rate / single))
  context.figure('times as fast, all fields and sums', Math.round(wide.rate / single))
  context.figure('encoding and sending, processor time of Weir', wide.microseconds, 'µs/row')
  const [size] = await server.ask<{ bytes: bigint; rows: bigint }>(
    'SELECT sum(data_compressed_bytes) AS bytes, sum(rows) AS rows FROM system.parts WHERE active AND table = ' +
      "'weir_flows'",
  )
  context.figure('stored', Math.round((10 * Number(size?.bytes ?? 0)) / Number(size?.rows ?? 1)) / 10, 'bytes/row')
  context.expectSpeed(narrow.rate >= 100 * single, 'twelve columns in batches are at least 100 times as fast')
  context.expectSpeed(wide.rate >= 100 * single, 'all fields in batches are at least 100 times as fast')
}

interface Measured {
  readonly rate: number
  readonly microseconds: number
}

async function batched(
  server: ChdbServer,
  examples: readonly FlowBatch[],
  rows: number,
  written: Readonly<Record<string, unknown>>,
): Promise<Measured> {
  const ttl = Object.fromEntries(['flows', 'events', 'flows_1m', 'flows_5m', 'flows_1h'].map((name) => [name, '9000d']))
  const sink = await clickhouse.build(configFrom(clickhouseSchema, { url: server.url, ttl, ...written }), testContext())
  await sink.send(insertOf(examples, 0, 1000, 'first'), never)
  const cpu = process.cpuUsage()
  const started = performance.now()
  let sent = 0
  for (let number = 0; sent < rows; number++) {
    const batch = insertOf(examples, number, perInsert, `t${number}`)
    const failures = await sink.send(batch, never)
    if (failures.length > 0) throw new Error(failures[0]?.reason)
    sent += batch.count
  }
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await sink.close()
  return { rate: sent / seconds, microseconds: Math.round((100 * (user + system)) / sent) / 100 }
}

/** As the engine delivers it: many frames. */
function insertOf(examples: readonly FlowBatch[], number: number, rows: number, token: string): SinkBatch {
  const pieces: SinkBatch['pieces'][number][] = []
  for (let count = 0; count < rows;) {
    const batch = examples[(number * 100 + pieces.length) % examples.length]
    const [piece] = flowBatch(1, token).batch.pieces
    if (piece === undefined || batch === undefined) throw new Error('no flows')
    const all = Uint32Array.from({ length: Math.min(batch.count, rows - count) }, (_, row) => row)
    pieces.push({ ...piece, batch, rows: all })
    count += all.length
  }
  return { token, count: rows, retried: false, pieces }
}

async function oneByOne(server: ChdbServer, rows: number): Promise<number> {
  await server.run(
    'CREATE TABLE single (start Float64, end Float64, src_ip String, dst_ip String, src_name String, dst_name ' +
      'String, src_kind String, dst_kind String, src_namespace String, dst_namespace String, bytes UInt32, packets ' +
      'UInt32) ENGINE = Memory',
  )
  const started = performance.now()
  for (let row = 0; row < rows; row++)
    await server.run(
      `INSERT INTO single VALUES (1700000000500, 1700000009000, '10.0.${row >> 8}.${row & 255}', '10.0.0.2', 'a', ` +
        `'b', 'Pod', 'Pod', 'shop', 'shop', ${row}, 1)`,
    )
  const rate = rows / ((performance.now() - started) / 1000)
  const [counted] = await server.ask<{ n: bigint }>('SELECT count() AS n FROM single')
  if (Number(counted?.n) !== rows) throw new Error('rows are missing')
  return rate
}
