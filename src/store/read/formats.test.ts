import { describe, expect, it } from 'vitest'
import { queryRows, queryText } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

async function cell(expression: string): Promise<string> {
  const store = await stores.open()
  const text = await queryText(store.reader, `SELECT ${expression} AS v`, 'ndjson')
  return text.slice('{"v":'.length, -2)
}

describe('JSON of a value', () => {
  it.each([
    ['9007199254740991::BIGINT', '9007199254740991'],
    ['9007199254740993::BIGINT', '"9007199254740993"'],
    ['(-9007199254740993)::BIGINT', '"-9007199254740993"'],
    ['(-5)::BIGINT', '-5'],
    ['18446744073709551615::UBIGINT', '"18446744073709551615"'],
    ['(-1)::TINYINT', '-1'],
    ['170141183460469231731687303715884105727::HUGEINT', '"170141183460469231731687303715884105727"'],
    ['5::HUGEINT', '5'],
    ['sum(x) FROM (VALUES (9007199254740991::UBIGINT), (2)) t(x)', ''],
    ['1.50::DECIMAL(9,2)', '1.50'],
    ['12345678901234567890.12::DECIMAL(38,2)', '"12345678901234567890.12"'],
    ['12345678901234567890::DECIMAL(38,0)', '"12345678901234567890"'],
    ['(-42)::DECIMAL(38,0)', '-42'],
    ['1.5::DOUBLE', '1.5'],
    ['1e300::DOUBLE', '1e+300'],
    ["'NaN'::DOUBLE", 'null'],
    ["'-Infinity'::FLOAT", 'null'],
    ['true', 'true'],
    ['NULL', 'null'],
    ["''", '""'],
    ["'a\"b\\c' || chr(10) || chr(0) || chr(8232) || '🐟'", '"a\\"b\\\\c\\n\\u0000\u2028🐟"'],
    ["TIMESTAMPTZ '2026-11-20 08:09:10.123456+01'", '"2026-11-20T07:09:10.123Z"'],
    ["TIMESTAMP '1969-12-31 23:59:59.999'", '"1969-12-31T23:59:59.999Z"'],
    ["TIMESTAMP '0044-03-15 12:00:00'", '"0044-03-15T12:00:00.000Z"'],
    ["TIMESTAMP_NS '2026-11-20 08:09:10.123456789'", '"2026-11-20T08:09:10.123Z"'],
    ["TIMESTAMP_S '2026-11-20 08:09:10'", '"2026-11-20T08:09:10.000Z"'],
    ["'infinity'::TIMESTAMPTZ", '"infinity"'],
    ["DATE '2026-11-20'", '"2026-11-20"'],
    ["TIME '08:09:10'", '"08:09:10"'],
    ["INTERVAL '1 day 2 hours'", '"1 day 02:00:00"'],
    ["'\\x00\\xFF'::BLOB", '"AP8="'],
    ["'8c1a1f1e-0000-4000-8000-000000000001'::UUID", '"8c1a1f1e-0000-4000-8000-000000000001"'],
    ["'x'::ENUM('x', 'y')", '"x"'],
    ['[1::BIGINT, NULL, 9007199254740993]', '[1,null,"9007199254740993"]'],
    [
      "{'10': 1, '2': 'b', 'deep': {'at': TIMESTAMP '2026-11-20 00:00:00'}}",
      '{"10":1,"2":"b","deep":{"at":"2026-11-20T00:00:00.000Z"}}',
    ],
    ["MAP {'a': 1, 'b': 2}", '{"a":1,"b":2}'],
    ['array_value(1, 2)', '[1,2]'],
    ["row('a', 1)", '["a",1]'],
    ['union_value(n := 5)', '5'],
    ['\'{"a": [1, 9007199254740993]}\'::JSON', '{"a": [1, 9007199254740993]}'],
    ["('{' || chr(10) || '\"a\":1}')::JSON", '{ "a":1}'],
    ["'[1,]'::JSON", '"[1,]"'],
    ['[\'{"a":1}\'::JSON]', '[{"a":1}]'],
    ["'null'::JSON", 'null'],
  ])('%s', async (expression, json) => {
    if (json !== '') expect(await cell(expression)).toBe(json)
    else
      expect(await queryText((await stores.open()).reader, `SELECT ${expression}`, 'ndjson')).toBe(
        '{"sum(x)":"9007199254740993"}\n',
      )
  })

  it('rows with and without values', async () => {
    const store = await stores.open()
    const kinds = [
      'TINYINT',
      'UTINYINT',
      'SMALLINT',
      'USMALLINT',
      'INTEGER',
      'UINTEGER',
      'BIGINT',
      'UBIGINT',
      'HUGEINT',
      'FLOAT',
      'DOUBLE',
      'VARCHAR',
      'DECIMAL(9,0)',
    ]
    const rows = await queryRows(
      store.reader,
      `SELECT
        ${kinds.map((kind, i) => `CASE WHEN i % 3 = 0 THEN NULL ELSE (i % 100)::${kind} END AS c${i}`).join(', ')}
        FROM range(5000) t(i)`,
    )
    rows.forEach((row, i) => {
      for (const [column, kind] of kinds.entries()) {
        const value = i % 100
        expect(row[`c${column}`]).toBe(i % 3 === 0 ? null : kind === 'VARCHAR' ? String(value) : value)
      }
    })
    expect(rows).toHaveLength(5000)
  })
})

describe('documents', () => {
  it('json is one array, empty or not', async () => {
    const store = await stores.open()
    expect(await queryText(store.reader, 'SELECT 1 AS a WHERE false')).toBe('[]\n')
    expect(await queryText(store.reader, 'SELECT i AS a FROM range(2) t(i)')).toBe('[\n{"a":0},\n{"a":1}\n]\n')
  })

  it('duplicate column names get a number', async () => {
    const store = await stores.open()
    expect(await queryText(store.reader, 'SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a', 'ndjson')).toBe(
      '{"a":1,"a_2":2,"a_1":3,"a_3":4}\n',
    )
  })

  it('ndjson without rows is empty', async () => {
    const store = await stores.open()
    expect(await queryText(store.reader, 'SELECT 1 AS a WHERE false', 'ndjson')).toBe('')
  })

  it('csv quotes where RFC 4180 requires it', async () => {
    const store = await stores.open()
    expect(
      await queryText(
        store.reader,
        `SELECT 'a,b' AS "x,y", 'say "hi"' AS q, NULL AS n, '' AS e, [1, 2] AS l, true AS t,
          TIMESTAMPTZ '2026-11-20 08:00:00+00' AS at, 'two' || chr(10) || 'lines' AS m`,
        'csv',
      ),
    ).toBe('"x,y",q,n,e,l,t,at,m\r\n"a,b","say ""hi""",,"","[1,2]",true,2026-11-20T08:00:00.000Z,"two\nlines"\r\n')
  })

  it('a table is aligned and states the number of rows', async () => {
    const store = await stores.open()
    expect(
      await queryText(
        store.reader,
        "SELECT * FROM (VALUES ('web', 10, NULL), ('database', 5, chr(27) || '[31m')) t(name, flows, note)",
        'table',
      ),
    ).toBe(
      [
        'name      flows  note',
        '────────  ─────  ──────────',
        'web          10',
        'database      5  \\u001b[31m',
        '(2 rows)',
        '',
      ].join('\n'),
    )
    expect(await queryText(store.reader, 'SELECT 1 AS a WHERE false', 'table')).toBe('a\n─\n(0 rows)\n')
    expect(
      (await queryText(store.reader, 'SELECT i FROM range(10000) t(i)', 'table')).endsWith('9999\n(10000 rows)\n'),
    ).toBe(true)
  })

  it('large results arrive in order, in pieces of moderate size', async () => {
    const store = await stores.open()
    const sizes: number[] = []
    let text = ''
    for await (const chunk of await store.reader.query(
      "SELECT i, repeat('x', 100) AS x FROM range(20000) t(i)",
      'json',
      new AbortController().signal,
    )) {
      sizes.push(chunk.length)
      text += Buffer.from(chunk).toString()
    }
    expect(sizes.length).toBeGreaterThan(5)
    expect(Math.max(...sizes)).toBeLessThan(1 << 20)
    expect((JSON.parse(text) as { i: number }[]).map(({ i }) => i)).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
  })
})

describe('a result that fails or is aborted', () => {
  it('an error after the first bytes ends the stream', async () => {
    const store = await stores.open()
    const answer = await store.reader.query(
      "SELECT CASE WHEN i < 1000000 THEN i ELSE ('x' || i)::INTEGER END AS v FROM range(1100000) t(i)",
      'ndjson',
      new AbortController().signal,
    )
    let bytes = 0
    await expect(
      (async () => {
        for await (const chunk of answer) bytes += chunk.length
      })(),
    ).rejects.toMatchObject({
      code: 'WEIR_SQL_REFUSED',
      message: expect.stringContaining("Could not convert string 'x1000000'"),
    })
    expect(bytes).toBeGreaterThan(0)
  })

  it('an abort stops a running query, a stream between two reads, and one that was never read', async () => {
    const store = await stores.open()
    const running = new AbortController()
    const query = queryText(
      store.reader,
      'SELECT count(*) FROM range(100000) a, range(100000) b WHERE hash(a.range + b.range) = 1',
      'json',
      running.signal,
    )
    setTimeout(() => running.abort(new Error('enough')), 50)
    await expect(query).rejects.toThrow('enough')

    const reading = new AbortController()
    const answer = await store.reader.query('SELECT * FROM range(100000000)', 'ndjson', reading.signal)
    const iterator = answer[Symbol.asyncIterator]()
    expect((await iterator.next()).done).toBe(false)
    reading.abort(new Error('enough'))
    await expect(iterator.next()).rejects.toThrow('enough')

    const unread = new AbortController()
    await store.reader.query('SELECT * FROM range(100000000)', 'ndjson', unread.signal)
    unread.abort(new Error('enough'))
    expect(await queryRows(store.reader, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
  })

  it('many concurrent queries wait for each other, and all complete', async () => {
    const store = await stores.open()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => queryRows(store.reader, `SELECT count(*) + ${i} AS n FROM range(100000)`)),
    )
    expect(answers.map(([row]) => row?.['n'])).toEqual(Array.from({ length: 20 }, (_, i) => 100_000 + i))
  })
})
