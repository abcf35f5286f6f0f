import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import type { FlowBatch } from '../model/batches.ts'
import { DictionaryBuilder } from '../model/dictionary.ts'
import { bind } from './bind.ts'
import { compileLive } from './live.ts'
import { flowNames } from './names.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { compileSql } from './sql.ts'
import { header } from './testing/agreement.ts'

const rows = [
  { wlanChannelId: 6, wlanSSID: 'guest', big: '18446744073709551615' },
  { wlanChannelId: 36, wlanSSID: 'staff-2', big: '18446744073709551614' },
  { wlanChannelId: 100, wlanSSID: '36', load: 0.75, 'app.kubernetes.io/name': 'web' },
  { load: 36, ratio: 'a>b', open: true, none: null, 'a b"c': '10-20', down: -5 },
  undefined,
]
const texts = rows.map((row) => {
  if (row === undefined) return undefined
  const { big, ...others } = { big: undefined, ...row }
  return JSON.stringify(others).replace(/\}$/, big === undefined ? '}' : `,"big":${big}}`)
})

/** Numbers of the rows that match, in the store and on delivery. */
async function matching(filter: string): Promise<readonly number[]> {
  const tree = parse(filter, flowNames)
  expect(print(parse(print(tree, flowNames), flowNames), flowNames)).toBe(print(tree, flowNames))
  const bound = bind(tree, flowNames)
  const words = new DictionaryBuilder()
  const codes = Uint32Array.from(texts, (text) => (text === undefined ? 0 : words.code(text)))
  const application = Uint32Array.from(texts, (_, row) => words.code(row === 1 ? 'staff-2' : 'other'))
  const batch: FlowBatch = {
    kind: 'flows',
    count: rows.length,
    dictionary: words.strings,
    columns: { extra: { kind: 'json', codes }, application: { kind: 'dict', codes: application } },
  }
  const isMatch = compileLive(bound)(batch, header)
  const live = rows.flatMap((_, row) => (isMatch(row) ? [row] : []))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const values = texts.map((text, row) => {
    const json = text === undefined ? 'NULL' : `'${text.replaceAll("'", "''")}'::JSON`
    return `(${row}, ${json}, '${row === 1 ? 'staff-2' : 'other'}')`
  })
  const found = await connection.runAndReadAll(
    `SELECT n FROM (VALUES ${values.join(', ')}) flows(n, extra, application) WHERE ${compileSql(bound)} ORDER BY n`,
  )
  connection.closeSync()
  expect(live, filter).toEqual(found.getRows().map(([n]) => Number(n)))
  return live
}

test.each([
  ['extra.wlanSSID = guest', [0]],
  ['EXTRA.wlanSSID = guest', [0]],
  ['extra.wlanssid = guest', []],
  ['extra.wlanSSID != guest', [1, 2, 3, 4]],
  ['extra.wlanSSID in (guest, staff*)', [0, 1]],
  ['extra.wlanSSID ~ "^st"', [1]],
  ['exists(extra.wlanSSID)', [0, 1, 2]],
  ['not exists(extra.none)', [0, 1, 2, 3, 4]],
  ['extra.open = true', [3]],
  ['extra.wlanSSID = application', [1]],
])('a text of extra is tested as a text: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each([
  ['extra.wlanChannelId > 7', [1, 2]],
  ['extra.wlanChannelId >= 36', [1, 2]],
  ['extra.wlanChannelId = 36.0', [1]],
  ['extra.wlanChannelId = 0x24', [1]],
  ['extra.wlanChannelId = 30-99', [1]],
  ['extra.wlanChannelId not in (6, 30..40)', [2, 3, 4]],
  ['extra.load > 0.5', [2, 3]],
  ['extra.load < 1', [2]],
  ['extra.down < 0', [3]],
  ['extra.big = 18446744073709551615', [0]],
  ['extra.big < 18446744073709551615', [1]],
  ['extra.big > 18446744073709551614', [0]],
])('a number of extra is compared by its value: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each([
  ['extra.wlanSSID = 36', [2]],
  ['extra.wlanSSID > 5', []],
  ['extra.wlanSSID > "f"', [0, 1]],
  ['extra.wlanChannelId > "1"', []],
  ['extra.wlanSSID = 5m', []],
])('a text is no number, and a number is no text: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each([
  ['extra.app.kubernetes.io/name = web', [2]],
  ['extra."a b\\"c" = "10-20"', [3]],
  ['extra."ratio" = "a>b"', [3]],
])('a name of any signs is a member: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test('an unknown name that is no member is refused with the name of a member', () => {
  expect(() => parse('wlanSSID = guest', flowNames)).toThrow('There is no field wlanSSID.')
  try {
    parse('wlanSSID = guest', flowNames)
  } catch (error) {
    expect(error).toMatchObject({ problems: [{ hint: expect.stringContaining('extra.wlanSSID') as string }] })
  }
})
