// Debian's ClickHouse takes the wire format. It is of 2018: tables of Weir need types and settings that it lacks.
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { BlockTexts, encodeBlock, flowColumns } from '../../src/codecs/clickhouse-native/index.ts'
import { clickhouseSchema } from '../../src/connectors/clickhouse/config.ts'
import { sink as clickhouse } from '../../src/connectors/clickhouse/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { flowFields, type Field } from '../../src/model/fields.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { anyFlows } from '../../src/store/testing/any-flows.ts'
import { flowBatch, testContext } from '../conformance/batches.ts'
import { SeededRandom } from '../kit/random.ts'
import { clickhouse as program } from './install/clickhouse.ts'
import { readerPassword, startClickHouse, type OldClickHouse } from './kit/clickhouse-server.ts'
import { need } from './kit/need.ts'

const never = new AbortController().signal
let server: OldClickHouse | undefined

beforeEach(async (context) => {
  server ??= await startClickHouse(await need(context, program))
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

function theServer(): OldClickHouse {
  if (server === undefined) throw new Error('no server')
  return server
}

type Written = WrittenConfigOf<typeof clickhouseSchema>

function sinkFor(written: Partial<Written>, context = testContext()): Promise<Sink> {
  const settings = { url: theServer().url, layout: 'netobserv-example', table_prefix: '', compression: 'gzip' } as const
  return clickhouse.build(configFrom(clickhouseSchema, { ...settings, ...written }), context)
}

describe('clickhouse-server', () => {
  test("NetObserv's twelve columns are written into a table that the sink creates", async () => {
    const context = testContext()
    const sink = await sinkFor({ database: 'net' }, context)
    expect((await sink.probe?.(never))?.message).toContain('Weir will create table flows')
    expect(await sink.send(flowBatch(1000, 't').batch, never)).toEqual([])
    await sink.close()
    expect(
      await theServer().ask('SELECT count() AS n, sum(bytes) AS total, max(bytes) AS most FROM net.flows'),
    ).toEqual([{ n: 1000n, total: 99_900_000n, most: 199_800n }])
    expect(context.lines.join('\n')).toContain('cannot recognize a repeated insert')
  })

  test('a user that may only read is named with the action to take, and so is a wrong password', async () => {
    process.env['CLICKHOUSE_READER'] = readerPassword
    process.env['CLICKHOUSE_WRONG'] = 'wrong'
    const failure = async (variable: string): Promise<string> => {
      const auth = { type: 'basic', user: 'reader', password: `env:${variable}` } as const
      const sink = await sinkFor({ auth, table_prefix: 'other_' })
      const text = await sink.send(flowBatch(1, 't').batch, never).then(String, String)
      await sink.close()
      return text
    }
    expect(await failure('CLICKHOUSE_READER')).toContain('use a user or profile without `readonly` (code 164')
    expect(await failure('CLICKHOUSE_WRONG')).toContain('rejected the login; correct `auth` (code 193')
  })

  test('numbers, texts, lists and NULL of any flows are read as they were written', async () => {
    // Types of 2018; the other kinds need later ones.
    const kinds: ReadonlySet<string> = new Set(['u8', 'u16', 'u32', 'u64', 'i32', 'f64', 'json', 'list<u8>'])
    const fields = (flowFields as readonly Field[]).filter(({ kind }) => kinds.has(kind))
    const made = anyFlows(new SeededRandom(7), 500, 0.9, 1_700_000_000_000)
    const rows = Uint32Array.from({ length: 500 }, (_, row) => row)
    const columns = flowColumns([{ batch: made.batch, rows }], rows.length, fields, new BlockTexts())
    const definitions = columns.map(({ name, type }) => `${name} ${type}`)
    const names = columns.map(({ name }) => name)
    await theServer().run(`CREATE TABLE any (n UInt32, ${definitions.join(', ')}) ENGINE = Memory`)
    const numbers = { name: 'n', type: 'UInt32', data: [new Uint8Array(rows.buffer)] }
    const query = `INSERT INTO any (n, ${names.join(', ')}) FORMAT Native`
    const response = await fetch(`${theServer().url}/?query=${encodeURIComponent(query)}`, {
      method: 'POST',
      body: encodeBlock([numbers, ...columns], rows.length),
    })
    expect([response.status, await response.text()]).toEqual([200, ''])
    const read = await theServer().ask<Record<string, unknown>>(`SELECT ${names.join(', ')} FROM any ORDER BY n`)
    for (const name of names)
      expect([
        name,
        read.map((row) => {
          const value = row[name]
          return typeof value === 'bigint' ? String(value) : Array.isArray(value) && value.length === 0 ? null : value
        }),
      ]).toEqual([name, made.cells[name]])
  })
})
