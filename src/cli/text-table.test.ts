import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { queryTable } from './query-table.ts'
import { rowTable } from './row-table.ts'
import { textTable, useTableStyle } from './text-table.ts'

beforeEach(() => vi.stubEnv('COLUMNS', '40'))
afterEach(() => {
  vi.unstubAllEnvs()
  useTableStyle({ wide: false, headers: true })
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
  useTableStyle({ wide: true, headers: false })
  expect(textTable(['one', 'two'], [[long, long]])).toBe(`${long}  ${long}\n`)
})

test('rows of one day have times without a date, and only amounts have separators', () => {
  useTableStyle({ wide: true, headers: true })
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
  useTableStyle({ wide: true, headers: true })
  expect(await tableOf(rows)).toMatch(/\n1499\n\(1500 rows\)\n$/)
})
