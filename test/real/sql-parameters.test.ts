// Values of `$name` in statements: the embedded engine and ClickHouse bind them alike, and no value becomes SQL.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { queryProcesses } from '../../src/app/query-processes.ts'
import type { StoreReader } from '../../src/engine/control.ts'
import type { SqlParameters } from '../../src/model/sql-parameters.ts'
import { clickhouseSettings } from '../../src/query/index.ts'
import { TemporaryStores } from '../../src/store/testing/temporary.ts'
import { flowBatch } from '../../src/store/testing/frames.ts'
import { installChdb } from './install/chdb.ts'
import { bothStores, type BothStores } from './kit/both-stores.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

const found = await installChdb()
const stores = new TemporaryStores()
let server: ChdbServer
let both: BothStores

beforeAll(async () => {
  const start = queryProcesses()
  if (found.path === undefined || start === undefined) return
  server = await startChdb()
  await stores.begin()
  const store = await stores.open({ processes: { start, limits: { memoryBytes: 1 << 30, timeoutMs: 60_000 } } })
  both = await bothStores(server.url, 'parameters', store, clickhouseSettings)
  await both.add(
    flowBatch([
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 100 },
      { src: '10.0.0.3', dst: '10.0.0.2', bytes: 50 },
      { src: '10.0.0.4', dst: '10.0.0.2', bytes: 7 },
    ]),
  )
}, 180_000)

afterAll(async () => {
  await both?.close()
  await stores.end()
  await server?.[Symbol.asyncDispose]()
})

async function rows(reader: StoreReader, sql: string, parameters: SqlParameters): Promise<readonly unknown[]> {
  const chunks: Uint8Array[] = []
  const query = { sql, parameters, format: 'json', bound: 'work' } as const
  const answer = await reader.isolated!(query, new AbortController().signal)
  for await (const chunk of answer) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString()) as readonly unknown[]
}

const sizes = 'SELECT bytes AS n FROM flows WHERE'
const inOrder = 'ORDER BY n'

const cases: readonly (readonly [string, SqlParameters, readonly unknown[]])[] = [
  [`${sizes} bytes = $size ${inOrder}`, { size: 100 }, [{ n: 100 }]],
  [`${sizes} bytes IN $sizes ${inOrder}`, { sizes: [50, 100, 9] }, [{ n: 50 }, { n: 100 }]],
  [`${sizes} bytes IN $sizes ${inOrder}`, { sizes: [7, 50.5] }, [{ n: 7 }]],
  [`${sizes} bytes IN $sizes ${inOrder}`, { sizes: [] }, []],
  [`${sizes} NOT (bytes IN $sizes) ${inOrder} LIMIT $rows`, { sizes: [], rows: 2 }, [{ n: 7 }, { n: 50 }]],
  [`${sizes} bytes > $least ${inOrder}`, { least: 49.5 }, [{ n: 50 }, { n: 100 }]],
  [`${sizes} src_addr = $address`, { address: '10.0.0.3' }, [{ n: 50 }]],
  [
    'SELECT $text AS t, $Number AS n',
    { text: 'ü "x"', Number: -9007199254740991, unused: 'x' },
    [{ t: 'ü "x"', n: -9007199254740991 }],
  ],
  ["SELECT 'a $text' AS t, $text AS u -- $other", { text: "it's" }, [{ t: 'a $text', u: "it's" }]],
  ['SELECT $list AS l', { list: ["a'b", 'c\\d', 'e\tf\ng'] }, [{ l: ["a'b", 'c\\d', 'e\tf\ng'] }]],
]

/** Texts that would end a literal, a comment or the statement, and the placeholders of both engines. */
const attacks = [
  "'; DROP TABLE flows; --",
  "x' OR '1'='1",
  '\\',
  "\\'; SELECT 1; --",
  "']) UNION ALL SELECT 1 --",
  '$other {other:String} ? $1 $$ $a$b$a$',
  '*/ SELECT 1 /*',
  '\r\n\t\b\f \u2028 %27 %00 &query=SELECT%201&readonly=0',
  '\\N',
  'NULL',
  '[1,2]',
]

describe.skipIf(found.path === undefined)('chdb: parameters of statements', () => {
  test.each(['embedded', 'outside'] as const)('are bound as values of their types: %s', async (engine) => {
    for (const [sql, parameters, expected] of cases)
      expect(await rows(both[engine], sql, parameters), sql).toEqual(expected)
  })

  test.each(['embedded', 'outside'] as const)('never become SQL: %s', async (engine) => {
    for (const text of attacks) {
      const parameters = { text, other: 'other', list: [text, 'z'] }
      expect(await rows(both[engine], 'SELECT $text AS t, $list AS l', parameters)).toEqual([
        { t: text, l: [text, 'z'] },
      ])
      const sql = 'SELECT count(*) AS n FROM flows WHERE src_namespace = $text OR src_namespace IN $list'
      expect(await rows(both[engine], sql, parameters)).toEqual([{ n: 0 }])
    }
    expect(await rows(both[engine], 'SELECT count(*) AS n FROM flows', {})).toEqual([{ n: 3 }])
  })

  test.each(['embedded', 'outside'] as const)('are required, and named: %s', async (engine) => {
    await expect(rows(both[engine], 'SELECT $port AS p', { ports: [1] })).rejects.toThrow(
      'Parameter $port has no value',
    )
    await expect(rows(both[engine], 'SELECT * FROM $table', { table: 'flows' })).rejects.toThrow()
    await expect(rows(both[engine], 'SELECT ? AS p', { p: 1 })).rejects.toThrow()
  })
})
