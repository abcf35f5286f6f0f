import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { queryTable } from './query-table.ts'
import { rowTable } from './row-table.ts'
import { outputText } from './output.ts'
import { textTable, useTableStyle } from './text-table.ts'

beforeEach(() => vi.stubEnv('COLUMNS', '40'))
afterEach(() => {
  vi.unstubAllEnvs()
  useTableStyle({ layout: 'fit', headers: true })
})

const long = 'a text that is longer than the terminal is wide'

test('a table fits the terminal: text columns give way, numbers stay whole', () => {
  const table = textTable(['name', 'text', 'bytes'], [['api', long, 1_234_567]])
  expect(table).toBe('name  text                         bytes\napi   a text that is longer …  1,234,567\n')
  expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40)
})

test('columns without room are left out, and each line states it', () => {
  const table = textTable(['one', 'two', 'three', 'four', 'five'], [[long, long, long, long, long]])
  const lines = table.trimEnd().split('\n')
  expect(lines.map((line) => line.endsWith('  …'))).toEqual([true, true])
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
})

test('-o wide prints every cell in full, and --no-headers no titles', () => {
  useTableStyle({ layout: 'wide', headers: false })
  expect(textTable(['one', 'two'], [[long, long]])).toBe(`${long}  ${long}\n`)
})

test('rows of one day have times without a date, and only amounts have separators', () => {
  useTableStyle({ layout: 'wide', headers: true })
  const row = { time_received: '2026-11-20T10:00:05.123Z', src_port: 51_234, bytes_est: 51_234 }
  expect(rowTable([row], Object.keys(row))).toBe('time (UTC)   port   bytes\n10:00:05    51234  51,234\n')
  const older = { ...row, time_received: '2026-11-19T23:00:00.000Z' }
  expect(rowTable([row, older], Object.keys(row))).toContain('2026-11-19 23:00:00')
})

async function* bytesOf(rows: readonly object[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

async function tableOf(rows: readonly object[]): Promise<string> {
  let text = ''
  for await (const piece of queryTable(bytesOf(rows))) text += piece
  return text
}

test('the rows of a statement are counted, and are in the style of the other tables', async () => {
  expect(await tableOf([{ a: 'x', n: 1, big: '9007199254740993' }])).toBe(
    'a  n               big\nx  1  9007199254740993\n(1 row)\n',
  )
  expect(await tableOf([])).toBe('(0 rows)\n')
  expect(await tableOf([{ a: { b: 1 } }, { a: null }])).toBe('a\n{"b":1}\n\n(2 rows)\n')
})

test('a table for reading ends after 1,000 rows and states it; -o wide has all', async () => {
  const rows = Array.from({ length: 1500 }, (_, n) => ({ n }))
  const cut = (await tableOf(rows)).trimEnd().split('\n')
  expect([cut.length, cut.at(-1)]).toEqual([1002, '(the first 1000 rows; -o wide and the other formats have all)'])
  useTableStyle({ layout: 'wide', headers: true })
  expect(await tableOf(rows)).toMatch(/\n1499\n\(1500 rows\)\n$/)
})

test('-o vertical prints a block for each row, and continues long values on further lines', async () => {
  useTableStyle({ layout: 'vertical', headers: true })
  const rows = [
    { name: 'api', text: 'x'.repeat(60) },
    { name: 'web', text: null },
  ]
  const data = { whole: rows, rows, columns: ['name', 'text'], table: () => 'a table' }
  const blocks = `row 1\nname  api\ntext  ${'x'.repeat(34)}\n      ${'x'.repeat(26)}\n\nrow 2\nname  web\ntext\n`
  expect(await outputText('table', data)).toBe(blocks)
  expect(await tableOf(rows)).toBe(blocks)
  expect(await outputText('table', { ...data, rows: [] })).toBe('a table')
})

test('a time is not cut, because the date alone hides the order of rows', () => {
  const table = textTable(['time', 'text', 'more'], [['2026-11-20 10:00:05', long, long]])
  expect(table.split('\n')[1]).toMatch(/^2026-11-20 10:00:05 {2}a text/)
})
