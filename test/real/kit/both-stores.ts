// The same rows in the embedded store and in ClickHouse.
import { clickhouseSchema } from '../../../src/connectors/clickhouse/config.ts'
import { sink as clickhouse } from '../../../src/connectors/clickhouse/sink.ts'
import type { SinkPiece } from '../../../src/engine/contracts.ts'
import type { StoreReader } from '../../../src/engine/control.ts'
import { realHost } from '../../../src/host/index.ts'
import type { Frame } from '../../../src/journal/types.ts'
import type { Batch } from '../../../src/model/batches.ts'
import { toEventBatch, type WeirEvent } from '../../../src/model/events.ts'
import { hourSumNames } from '../../../src/model/hour-sums.ts'
import { ClickHouseClient } from '../../../src/net/clickhouse/client.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { ClickHouseReader, prepareViews } from '../../../src/store/clickhouse/index.ts'
import type { Store } from '../../../src/store/index.ts'
import { FrameMaker, recordingLog, startOfDay } from '../../../src/store/testing/frames.ts'
import { testContext } from '../../conformance/batches.ts'

/** The rows of the tests are years old. */
export const longAges = { flows: '9000d', events: '9000d', flows_1m: '9000d', flows_5m: '9000d', flows_1h: '9000d' }

export interface BothStores {
  readonly embedded: StoreReader
  readonly outside: StoreReader
  add(batch: Batch, received?: number, source?: string): Promise<Frame>
  addEvents(events: readonly WeirEvent[], received?: number, source?: string): Promise<Frame>
  close(): Promise<void>
}

/** `settings`: of the statements, as the API's. */
export async function bothStores(
  url: string,
  database: string,
  store: Store,
  settings: Readonly<Record<string, string>>,
): Promise<BothStores> {
  const config = configFrom(clickhouseSchema, { url, database, ttl: longAges })
  const host = realHost()
  const sink = await clickhouse.build(config, { ...testContext(), host })
  const client = await ClickHouseClient.open(config, { host }, 4)
  const never = new AbortController().signal
  let queries = 0
  const outside = new ClickHouseReader({
    client,
    names: config,
    settings,
    limits: { memoryBytes: 4 * 2 ** 30, sqlMemoryBytes: 2 ** 30, sqlTimeoutMs: 1000 },
    prepare: (signal) =>
      prepareViews(
        {
          client,
          names: config,
          cluster: null,
          distributed: false,
          create: true,
          hourSums: hourSumNames,
          log: recordingLog(),
          tables: async (until) => {
            await sink.send({ token: 'tables', count: 0, pieces: [], retried: false }, until)
          },
        },
        signal,
      ),
    fresh: () => Promise.resolve(true),
    queryId: () => `test-${++queries}`,
  })
  const make = new FrameMaker()
  const add: BothStores['add'] = async (batch, received = startOfDay, source = 'netflow') => {
    const frame = make.batch(batch, received, source)
    await store.projection.apply([frame])
    await store.projection.commit()
    const piece: SinkPiece = {
      header: frame.header,
      batch,
      rows: Uint32Array.from({ length: batch.count }, (_, row) => row),
      firstRow: 0,
    }
    const failures = await sink.send(
      { token: `t${frame.header.sequence}`, count: batch.count, pieces: [piece], retried: false },
      never,
    )
    if (failures.length > 0) throw new Error(JSON.stringify(failures[0]))
    return frame
  }
  return {
    embedded: store.reader,
    outside,
    add,
    addEvents: (events, received, source = 'http') => add(toEventBatch(events), received, source),
    async close() {
      await sink.close()
      client.close()
    },
  }
}
