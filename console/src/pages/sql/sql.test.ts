import { expect, test } from 'vitest'
import { readSqlError, wordAt } from './error-place.ts'
import { chartOf, columnsOf, isSelect, isSmallIn, sortedRows } from './result.ts'

test('the position of an error refers to the statement, also for a shortened line', () => {
  const sql = 'SELECT\n  nope,\n bytes FROM flows'
  const error = readSqlError('Binder Error: no "nope"\nCandidates: x\n\nLINE 2:   nope,\n          ^', sql)
  expect(error).toMatchObject({ message: 'Binder Error: no "nope"\nCandidates: x', line: 2, column: 3 })
  const { from, to } = wordAt(sql, error.offset ?? 0)
  expect(sql.slice(from, to)).toBe('nope')
  const long = `SELECT ${'a, '.repeat(60)}nope FROM flows`
  const cut = readSqlError(
    `Binder Error: x\n\nLINE 1: ...a, a, nope FROM flows\n${' '.repeat('LINE 1: ...a, a, '.length)}^`,
    long,
  )
  expect(long.slice(wordAt(long, cut.offset ?? 0).from, wordAt(long, cut.offset ?? 0).to)).toBe('nope')
})

test('an error without a place is its sentence', () => {
  expect(readSqlError('Only one statement is allowed. Send each statement separately.', 'SELECT 1; SELECT 2')).toEqual({
    message: 'Only one statement is allowed. Send each statement separately.',
    line: undefined,
    column: undefined,
    offset: undefined,
  })
})

test('columns are queried only for statements that DESCRIBE accepts', () => {
  for (const sql of ['SELECT 1', ' -- a\n/* b */ with x as (select 1) from x', 'FROM flows'])
    expect(isSelect(sql)).toBe(true)
  for (const sql of ['DESCRIBE flows', 'SHOW TABLES', 'selection', 'EXPLAIN SELECT 1'])
    expect(isSelect(sql)).toBe(false)
  expect(columnsOf(undefined, [{ a: 1 }, { b: 2, a: 1 }]).map(({ name }) => name)).toEqual(['a', 'b'])
})

test('one large value gives all numbers of its column separators', () => {
  const rows = [{ port: 443, bytes: '96596' }, { port: 65535, bytes: '101910' }, { port: null }]
  expect([isSmallIn(rows, 'port'), isSmallIn(rows, 'bytes')]).toEqual([true, false])
})

const column = (name: string, type: string): { name: string; type: string } => ({ name, type })

test('a result of time and numbers is drawn as a line for each column', () => {
  const rows = [
    { t: '2026-01-01T00:01:00.000Z', n: 2, m: '9007199254740993' },
    { t: '2026-01-01T00:00:00.000Z', n: 1, m: null },
  ]
  expect(
    chartOf({
      columns: [column('t', 'TIMESTAMP WITH TIME ZONE'), column('n', 'BIGINT'), column('m', 'HUGEINT')],
      rows,
    }),
  ).toMatchObject({
    by: 't',
    times: [1767225600, 1767225660],
    series: [
      { name: 'n', values: [1, 2] },
      { name: 'm', values: [null, 9007199254740992] },
    ],
  })
})

test('columns of ClickHouse are drawn as those of DuckDB', () => {
  const rows = [{ t: '2026-01-01 00:01:00.000000', n: '2', m: 0.5, text: '7' }]
  const columns = [
    column('t', "Nullable(DateTime64(6, 'UTC'))"),
    column('n', 'UInt64'),
    column('m', 'Nullable(Float64)'),
    column('text', 'LowCardinality(String)'),
  ]
  const chart = chartOf({ columns, rows })
  expect(typeof chart === 'string' ? chart : chart.series.map(({ name }) => name)).not.toContain('text')
  expect(chart).toMatchObject({ by: 't' })
})

test('missing buckets break the line; irregular times are unchanged', () => {
  const drawn = (seconds: readonly number[]): readonly number[] => {
    const found = chartOf({
      columns: [column('t', 'TIMESTAMP WITH TIME ZONE'), column('n', 'BIGINT')],
      rows: seconds.map((second) => ({ t: new Date(second * 1000).toISOString(), n: 1 })),
    })
    if (typeof found === 'string') throw new Error(found)
    expect(found.series[0]?.values.filter((value) => value !== null)).toHaveLength(seconds.length)
    return found.times
  }
  expect(drawn([60, 120, 180, 420, 480])).toEqual([60, 120, 180, 240, 420, 480])
  expect(drawn([60, 61, 97, 200, 310])).toEqual([60, 61, 97, 200, 310])
})

test('a text column makes a line per text, and texts beyond the colours are summed', () => {
  const rows = Array.from({ length: 20 }, (_, index) => ({ t: '2026-01-01T00:00:00.000Z', who: `w${index}`, n: index }))
  const drawn = chartOf({ columns: [column('t', ''), column('who', ''), column('n', '')], rows })
  if (typeof drawn === 'string') throw new Error(drawn)
  expect(drawn.series).toHaveLength(7)
  expect(drawn.series.reduce((sum, { values }) => sum + (values[0] ?? 0), 0)).toBe(190)
  expect(chartOf({ columns: [column('n', 'BIGINT')], rows })).toMatch(/time column/)
})

test('numbers are sorted by value, and nulls are last', () => {
  const rows = [{ n: '10' }, { n: null }, { n: '9' }]
  expect(sortedRows({ columns: [column('n', 'HUGEINT')], rows }, 'n').map(({ n }) => n)).toEqual(['9', '10', null])
  expect(sortedRows({ columns: [column('n', 'HUGEINT')], rows }, '-n').map(({ n }) => n)).toEqual(['10', '9', null])
})
