import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorTable, WeirError } from '../../model/errors.ts'
import type { Store, StoreOptions } from '../index.ts'
import { flowFields } from '../../model/fields.ts'
import { queryRows, queryText } from '../testing/query-rows.ts'
import { event, FrameMaker, startOfDay } from '../testing/frames.ts'
import { refused } from '../testing/refused.ts'
import { TemporaryStores, temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const shared = new TemporaryStores()
let store: Store

async function opened(of: TemporaryStores, options: Partial<StoreOptions> = {}): Promise<Store> {
  const made = await of.open(options)
  const make = new FrameMaker()
  await made.projection.apply([
    make.flows([
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 100, sampling: 10 },
      { src: '10.0.0.3', dst: '10.0.0.1', bytes: 50 },
    ]),
    make.events([event('a', { json: { level: 3 } }), event('b')]),
  ])
  await made.projection.commit()
  return made
}

beforeAll(async () => {
  await shared.begin()
  store = await opened(shared)
})
afterAll(() => shared.end())

async function refusal(sql: string): Promise<string> {
  try {
    const answer = await queryText(store.reader, sql)
    throw new Error(`answered: ${answer.slice(0, 200)}`)
  } catch (error) {
    if (error instanceof WeirError && error.code === 'WEIR_SQL_REFUSED') return error.message
    throw error
  }
}

describe('one read-only statement returns its result', () => {
  it.each([
    ['SELECT count(*) AS n FROM flows', [{ n: 2 }]],
    ['  -- a comment; with a semicolon\n select 1 as a /* and ; /* nested */ one */ ;', [{ a: 1 }]],
    ['WITH x AS (SELECT bytes FROM flows) SELECT sum(bytes) AS s FROM x', [{ s: 150 }]],
    ['FROM flows SELECT src_addr ORDER BY ALL', [{ src_addr: '10.0.0.1' }, { src_addr: '10.0.0.3' }]],
    ['(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY 1', [{ a: 1 }, { a: 2 }]],
    ['SHOW TABLES', [{ name: 'events' }, { name: 'flows' }]],
    ["SELECT data.level AS level FROM events WHERE id = 'a'", [{ level: 3 }]],
    ["SELECT data->>'level' AS level FROM events WHERE id = 'a'", [{ level: '3' }]],
    ['SELECT i FROM range(3) t(i)', [{ i: 0 }, { i: 1 }, { i: 2 }]],
    ['SELECT unnest([1, 2]) AS u', [{ u: 1 }, { u: 2 }]],
    [
      'FROM (PIVOT (SELECT src_port, bytes FROM flows) ON src_port IN (40000, 40001) USING sum(bytes))',
      [{ 40000: 100, 40001: 50 }],
    ],
  ])('%s', async (sql, rows) => {
    expect(await queryRows(store.reader, sql)).toEqual(rows)
  })

  it('DESCRIBE, SUMMARIZE and EXPLAIN work', async () => {
    expect((await queryRows(store.reader, 'DESCRIBE flows'))[3]).toMatchObject({
      column_name: 'src_addr',
      column_type: 'VARCHAR',
    })
    expect((await queryRows(store.reader, 'desc SELECT 1 AS x'))[0]).toMatchObject({ column_name: 'x' })
    expect(await queryRows(store.reader, 'SUMMARIZE flows')).toHaveLength(flowFields.length + 5)
    expect(await queryRows(store.reader, 'EXPLAIN SELECT * FROM flows')).toHaveLength(1)
    expect(await queryRows(store.reader, 'EXPLAIN ANALYZE SELECT * FROM flows')).toHaveLength(1)
    expect(await queryRows(store.reader, 'explain (format json) from events')).toHaveLength(1)
  })
})

describe('all other statements are refused with a message for the user', () => {
  it.each(refused)('%s', async (sql, part) => {
    expect(await refusal(sql)).toContain(part)
    expect(await queryRows(store.reader, 'SELECT count(*) AS n FROM flows')).toEqual([{ n: 2 }])
  })

  it('allowed statements are listed where the statement is none of them, not for an unknown name', async () => {
    for (const sql of ['DROP TABLE flows', 'SELECT 1; SELECT 2', ''])
      expect(await refusal(sql)).toContain('Send one statement')
    for (const sql of ['SELECT nosuch FROM flows', 'SELECT * FROM nosuch', 'SELECT 1 +'])
      expect(await refusal(sql)).not.toContain('Send one statement')
    expect(errorTable.WEIR_SQL_REFUSED.advice).not.toContain('one statement')
  })

  it('insufficient memory is reported as an error of the query', async () => {
    const small = await opened(stores, { memoryLimit: { reader: '20MB' } })
    await expect(
      queryRows(small.reader, "SELECT length(string_agg(repeat('x', 100), '')) FROM range(2000000)"),
    ).rejects.toMatchObject({
      code: 'WEIR_QUERY_MEMORY',
      message: expect.stringMatching(/^The query needs more memory than is left: Out of Memory Error: .*used\)$/),
    })
    expect(await refusal("SELECT 'Out of Memory Error: ' FROM nowhere")).toContain('nowhere')
    expect(await queryRows(small.reader, 'SELECT count(*) AS n FROM flows')).toEqual([{ n: 2 }])
  })

  it('a nesting depth that would occupy DuckDB for minutes is refused', async () => {
    const nested = (open: string, close: string, levels: number): string =>
      `SELECT ${open.repeat(levels)}1${close.repeat(levels)}`
    for (const levels of [400, 5000]) {
      expect(await refusal(nested('abs(', ')', levels))).toMatch(/nested|syntax error/)
      expect(await refusal(nested('1 + ', '', levels))).toMatch(/nested|syntax error/)
    }
    expect(await refusal(nested("'{}'::JSON -> 'a' -> ", '', 20))).toContain('chain of arrows')
    expect(await refusal(nested('list_transform([1], x -> ', ')', 20))).toContain('nested')
    expect(await refusal(`SELECT '${'x'.repeat(1 << 18)}'`)).toContain('262,144')
  })

  it('messages do not contain the path of the data folder', async () => {
    await writeFile(join(shared.directory, 'notes.csv'), 'a,b\n1,2\n')
    for (const sql of ["SELECT * FROM 'nowhere.parquet'", `SELECT * FROM '${shared.directory}/nothing.parquet'`])
      expect(await refusal(sql)).not.toContain(shared.home)
  })

  it('no refused statement has written a file', async () => {
    const before = await readdir(shared.directory)
    for (const sql of [
      `COPY (SELECT 1) TO '${shared.directory}/x.csv'`,
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '${shared.directory}/x.csv'`,
      `ATTACH '${shared.directory}/x.db'`,
    ])
      await refusal(sql)
    expect(await readdir(shared.directory)).toEqual(before)
  })
})

describe('the file lock alone is sufficient, without the statement check', () => {
  it('a statement that passes the check reaches no file outside the folder', async () => {
    // The parser sees a table name; only the lock refuses the file.
    await writeFile(join(shared.home, 'secret.csv'), 'a\n1\n')
    for (const path of [
      `${shared.home}/secret.csv`,
      `${shared.directory}/../secret.csv`,
      'secret.csv',
      '/etc/passwd.csv',
    ])
      expect(await refusal(`SELECT * FROM '${path}'`)).not.toContain('"a"')
  })
})

describe('omitting joins of unused columns does not change results', () => {
  it.each([
    [
      'SELECT src_addr, src_name FROM flows ORDER BY 1',
      [
        { src_addr: '10.0.0.1', src_name: 'gateway' },
        { src_addr: '10.0.0.3', src_name: null },
      ],
    ],
    ['SELECT f.dst_name FROM flows f ORDER BY 1 NULLS LAST', [{ dst_name: 'gateway' }, { dst_name: null }]],
    ['SELECT f.f.src_addr AS s FROM (SELECT f FROM flows f) f ORDER BY 1', [{ s: '10.0.0.1' }, { s: '10.0.0.3' }]],
    ['SELECT (flows).src_addr AS s FROM flows ORDER BY 1', [{ s: '10.0.0.1' }, { s: '10.0.0.3' }]],
    [
      "SELECT COLUMNS('^src_(addr|name)$') FROM flows ORDER BY 1",
      [
        { src_addr: '10.0.0.1', src_name: 'gateway' },
        { src_addr: '10.0.0.3', src_name: null },
      ],
    ],
    ['SELECT #4 AS s FROM flows ORDER BY 1', [{ s: '10.0.0.1' }, { s: '10.0.0.3' }]],
    ['SELECT d FROM flows AS f(a, b, c, d) ORDER BY 1', [{ d: '10.0.0.1' }, { d: '10.0.0.3' }]],
    ['SELECT count(*) AS n FROM flows a JOIN flows b USING (src_addr)', [{ n: 2 }]],
    ['SELECT count(*) AS n FROM flows a NATURAL JOIN (SELECT src_addr FROM flows) b', [{ n: 2 }]],
    ['SELECT count(DISTINCT "SRC_ADDR") AS n FROM flows', [{ n: 2 }]],
    ["SELECT count(*) AS n FROM flows WHERE exporter_addr = '192.0.2.1'", [{ n: 2 }]],
    ['WITH c AS (FROM flows) SELECT max(dst_addr) AS d FROM c', [{ d: '10.0.0.2' }]],
    ['SELECT max(x) AS m FROM (SELECT row(src_addr, 1) AS x FROM flows) t', [{ m: ['10.0.0.3', 1] }]],
  ])('%s', async (sql, rows) => {
    expect(await queryRows(store.reader, sql)).toEqual(rows)
  })
})

it('a query reads the version with which it began, despite merges and retention', async () => {
  const store = await opened(stores)
  const make = new FrameMaker(2)
  make.lose('netflow', 0)
  make.lose('netflow', 0)
  for (let i = 0; i < 10; i++) {
    await store.projection.apply([
      make.flows(
        Array.from({ length: 300 }, (_, row) => ({ src: `10.1.${i}.${row % 250}`, dst: '10.0.0.1' })),
        startOfDay + i,
      ),
    ])
    await store.projection.commit()
  }
  const answer = await store.reader.query('SELECT * FROM flows', 'ndjson', new AbortController().signal)
  const before = (await readdir(stores.directory)).length
  while (await store.maintain());
  expect(store.status().files).toBeLessThan(10)
  expect((await readdir(stores.directory)).length).toBeGreaterThanOrEqual(before)
  const chunks: Uint8Array[] = []
  for await (const chunk of answer) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString().trim().split('\n')).toHaveLength(3002)
  expect((await readdir(stores.directory)).length).toBeLessThan(12)
  expect(await queryRows(store.reader, 'SELECT count(*) AS n, count(DISTINCT _pos) AS p FROM flows')).toEqual([
    { n: 3002, p: 3002 },
  ])
})

describe('a limited selection of flows is the head of the unlimited one', () => {
  it.each([
    'SELECT * FROM flows ORDER BY _pos',
    'SELECT src_addr, dst_name, bytes AS b FROM flows ORDER BY bytes DESC',
    'SELECT f.* EXCLUDE (exporter_addr) FROM flows f ORDER BY f.src_port',
    "SELECT src_addr, protocol FROM flows WHERE protocol = 'netflow5' ORDER BY protocol, src_port DESC",
    "SELECT src_addr, dst_addr FROM flows WHERE src_name = 'gateway' OR bytes_est < 60 ORDER BY src_addr",
    `SELECT dst_addr AS x, bytes FROM flows
      WHERE bytes > 10 AND time_received > TIMESTAMPTZ '2020-01-01' - INTERVAL 1 HOUR ORDER BY bytes`,
    'SELECT src_addr AS bytes, bytes AS src_port FROM flows ORDER BY src_port',
    'SELECT src_addr, count(*) AS n FROM flows GROUP BY ALL ORDER BY src_addr',
    'SELECT DISTINCT exporter_addr FROM flows ORDER BY 1',
    'SELECT src_addr FROM flows ORDER BY 1',
    'SELECT count(src_addr) AS n FROM flows',
    'SELECT src_addr, row_number() OVER (ORDER BY bytes) AS n FROM flows ORDER BY bytes DESC',
    'SELECT src_addr FROM flows WHERE bytes < (SELECT max(bytes) FROM flows) ORDER BY bytes',
    'SELECT upper(src_name) AS u, src_addr FROM flows ORDER BY src_addr',
    'SELECT src_addr FROM flows WHERE src_port IN (SELECT 40001 FROM flows) ORDER BY bytes',
    'WITH flows AS (SELECT 1 AS src_addr UNION ALL SELECT 2) SELECT src_addr FROM flows ORDER BY src_addr',
  ])('%s', async (sql) => {
    const all = await queryRows(store.reader, sql)
    expect(all.length).toBeGreaterThan(0)
    for (const [limit, offset] of [
      [0, 0],
      [1, 1],
      [10, 0],
    ] as const) {
      expect(await queryRows(store.reader, `${sql} LIMIT ${limit} OFFSET ${offset};`)).toEqual(
        all.slice(offset, offset + limit),
      )
    }
  })

  it('a limit without an order returns that many rows, with their names', async () => {
    const all = await queryRows(store.reader, 'SELECT src_addr, exporter_addr, _pos FROM flows')
    const some = await queryRows(store.reader, 'SELECT src_addr, exporter_addr, _pos FROM flows LIMIT 1')
    expect(some).toHaveLength(1)
    expect(all).toContainEqual(some[0])
    expect(await queryRows(store.reader, 'FROM flows LIMIT 1')).toHaveLength(1)
    expect(await queryRows(store.reader, 'FROM flows WHERE random() < 2 LIMIT 50%')).toHaveLength(1)
  })

  it('an unknown column is reported with the names of all columns', async () => {
    expect(await refusal('SELECT src_prt FROM flows')).toContain('src_port')
    expect(await refusal('SELECT bytes, src_prt FROM flows LIMIT 2')).toContain('src_port')
    expect(await queryRows(store.reader, 'SELECT count(*) > 0 AS n FROM flows')).toEqual([{ n: true }])
  })

  it('the selection is not visible to users', async () => {
    expect(await queryRows(store.reader, 'SHOW TABLES')).toEqual([{ name: 'events' }, { name: 'flows' }])
    expect(await refusal('SELECT "f$bytes", src_addr FROM flows LIMIT 1')).toContain('f$bytes')
  })
})

it('a number beyond 2^53 in the condition of a page is exact', async () => {
  const store = await opened(stores)
  const make = new FrameMaker(2)
  for (let each = 0; each < 5; each++) make.empty()
  await store.projection.apply([
    make.flows([
      { src: '10.0.0.8', dst: '10.0.0.9', bytes: 1_921_794_119_374_052_768n },
      { src: '10.0.0.8', dst: '10.0.0.9', bytes: 1_921_794_119_374_052_769n },
    ]),
  ])
  await store.projection.commit()
  expect(
    await queryRows(store.reader, 'SELECT src_addr, bytes FROM flows WHERE bytes = 1921794119374052769 LIMIT 5'),
  ).toEqual([{ src_addr: '10.0.0.8', bytes: '1921794119374052769' }])
})

it('queries that need too much memory together run one after the other', async () => {
  const small = await opened(stores, { memoryLimit: { reader: '64MB' } })
  const list = (seed: number): string => `SELECT length(list(i + ${seed})) AS n FROM range(1800000) t(i)`
  expect(await queryRows(small.reader, list(0))).toEqual([{ n: 1_800_000 }])
  const all = await Promise.all([1, 2, 3, 4].map((seed) => queryRows(small.reader, list(seed))))
  expect(all.flat().map(({ n }) => n)).toEqual([1_800_000, 1_800_000, 1_800_000, 1_800_000])
  await expect(queryRows(small.reader, list(5).replace('1800000', '18000000'))).rejects.toMatchObject({
    code: 'WEIR_QUERY_MEMORY',
  })
})
