import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { toEventBatch, type WeirEvent } from '../model/events.ts'
import { bind } from './bind.ts'
import { compileLive } from './live.ts'
import { eventNames } from './names.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { compileSql } from './sql.ts'
import { header } from './testing/agreement.ts'

/** Bodies, and the family of each event. */
const rows: readonly (readonly [family: string, body: string])[] = [
  ['event', '{"total":5,"currency":"CHF","labels":{"app":"web","a.b/c":"x y"}}'],
  ['event', '{"total":"5","currency":null,"list":[1,2]}'],
  ['event', '{"total":18446744073709551615,"labels":"text"}'],
  ['event', '"text"'],
  ['log', '{"line":"all is well","severity":"error"}'],
  ['log', '{"line":"Wrn: almost full"}'],
  ['log', '{"line":"errors are no level"}'],
  ['log', '{"line":"","severity":null}'],
]

const utf8 = new TextEncoder()
const batch = toEventBatch(
  rows.map(([family, body], index): WeirEvent => {
    const data = utf8.encode(body)
    return { id: `${index}`, source: '/s', type: 't', family: family as 'log', encoding: 'json', data }
  }),
)

/** Numbers of the rows that match, in the store and on delivery. */
async function matching(filter: string): Promise<readonly number[]> {
  const tree = parse(filter, eventNames)
  expect(print(parse(print(tree, eventNames), eventNames), eventNames)).toBe(print(tree, eventNames))
  const bound = bind(tree, eventNames)
  const isMatch = compileLive(bound)(batch, header)
  const live = rows.flatMap((_, row) => (isMatch(row) ? [row] : []))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const values = rows.map(([family, body], row) => `(${row}, '${family}', '${body}'::JSON)`)
  const selected = await connection.runAndReadAll(
    `SELECT n FROM (VALUES ${values.join(', ')}) events(n, family, data) WHERE ${compileSql(bound)} ORDER BY n`,
  )
  connection.closeSync()
  expect(live, filter).toEqual(selected.getRows().map(([n]) => Number(n)))
  return live
}

test.each([
  ['data.total = 5', [0, 1]],
  ['data.total = 5-6', [0]],
  ['data.total > 4', [0, 2]],
  ['data.total = "5"', [0, 1]],
  ['data.total = 18446744073709551615', [2]],
  ['DATA.currency = CHF', [0]],
  ['data.Currency = CHF', []],
  ['exists(data.currency)', [0]],
  ['data.labels.app = w*', [0]],
  ['data.labels = text', [2]],
  ['data."/labels/a.b~1c" = "x y"', [0]],
  ['data."list" ~ "1"', [1]],
  ['data.line ~ "(?i)ALL"', [4]],
  ['level = error', [4]],
  ['level = warn', [5]],
  ['level = unknown', [6, 7]],
  ['exists(level)', [4, 5, 6, 7]],
  ['not exists(level)', [0, 1, 2, 3]],
])('a member of the body is tested alike in the store and on delivery: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each(['data. = 1', 'data.a..b = 1', 'level > 5 and data.'])('an empty name is no member: %s', (filter) => {
  expect(() => parse(filter, eventNames)).toThrow()
})
