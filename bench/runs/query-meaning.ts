import { eventNames, flowNames } from '../../src/query/names.ts'
import { agreement } from '../../src/query/testing/agreement.ts'
import { bind } from '../../src/query/bind.ts'
import { compileLive } from '../../src/query/live.ts'
import { parse } from '../../src/query/parse.ts'
import { toEventBatch } from '../../src/model/events.ts'
import { ClickhouseTables } from '../../src/query/testing/clickhouse.ts'
import type { AcceptanceRun } from '../harness.ts'
import { installChdb } from '../../test/real/install/chdb.ts'
import { startChdb } from '../../test/real/kit/chdb.ts'

const catastrophic = ['(a+)+$', '(a|aa)+$', '(a|a?)+$', '(.*a){20}b', '(a*)*b', '([a-z]+)*\\d']

export default {
  name: 'query-meaning',
  issue: '3.5',
  title:
    '10,000 random expressions have the same results in DuckDB, ClickHouse, the live evaluator and a naive ' +
    'reference. None blocks the process.',
  async run(context) {
    const tables = context.size(40, 4)
    const chdb = await installChdb()
    await using server = chdb.path === undefined ? undefined : await startChdb()
    const clickhouse = server === undefined ? undefined : new ClickhouseTables(server.url)
    context.figure('targets', clickhouse === undefined ? 3 : 4)
    if (chdb.path === undefined) console.log(`without ClickHouse: ${chdb.reason}`)
    for (const [names, share] of [
      [flowNames, 0.75],
      [eventNames, 0.25],
    ] as const) {
      const wanted = Math.ceil((context.size(10_000, 400) * share) / tables)
      const started = performance.now()
      const { expressions, rows, matched, differences } = await agreement(names, {
        seed: context.seed,
        tables,
        rowsPerTable: 120,
        expressionsPerTable: wanted,
        folder: context.folder,
        clickhouse,
      })
      for (const difference of differences) console.log(difference)
      context.figure(`${names.view}: expressions`, expressions, 'expressions')
      context.figure(`${names.view}: rows compared`, rows, 'rows')
      context.figure(`${names.view}: rows that matched`, matched, 'rows')
      context.figure(`${names.view}: time`, Math.round((performance.now() - started) / 100) / 10, 's')
      context.expect(
        differences.length === 0 && expressions >= wanted * tables,
        `${expressions} expressions over ${names.view} mean the same to all`,
      )
    }
    const batch = toEventBatch(
      Array.from({ length: 200 }, (_, index) => ({
        id: String(index),
        source: `${'a'.repeat(5000)}${index}!`,
        type: 'x',
        encoding: 'none' as const,
      })),
    )
    let slowest = 0
    for (const pattern of catastrophic) {
      const started = performance.now()
      const test = compileLive(bind(parse(`source ~ "${pattern.replaceAll('\\', '\\\\')}"`, eventNames), eventNames))(
        batch,
        { source: 's', epoch: 1, sourceSequence: 1, received: 0 },
      )
      for (let row = 0; row < batch.count; row++) test(row)
      slowest = Math.max(slowest, performance.now() - started)
    }
    context.figure('slowest catastrophic expression over a megabyte of text', slowest, 'ms')
    context.expectSpeed(slowest < 2000, 'no expression takes longer than two seconds for a megabyte of text')
  },
} satisfies AcceptanceRun
