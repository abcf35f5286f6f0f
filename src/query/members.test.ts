import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { bind } from './bind.ts'
import { compileLive } from './live.ts'
import { flowNames } from './names.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { compileSql } from './sql.ts'
import { header } from './testing/agreement.ts'
import { applications, extras, memberBatch, mixedCases, nameCases, numberCases, textCases } from './testing/members.ts'

/** Numbers of the rows that match, in the store and on delivery. */
async function matching(filter: string): Promise<readonly number[]> {
  const tree = parse(filter, flowNames)
  expect(print(parse(print(tree, flowNames), flowNames), flowNames)).toBe(print(tree, flowNames))
  const bound = bind(tree, flowNames)
  const batch = memberBatch()
  const isMatch = compileLive(bound)(batch, header)
  const live = extras.flatMap((_, row) => (isMatch(row) ? [row] : []))
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const values = extras.map((text, row) => {
    const json = text === undefined ? 'NULL' : `'${text.replaceAll("'", "''")}'::JSON`
    return `(${row}, ${json}, '${applications[row]}')`
  })
  const found = await connection.runAndReadAll(
    `SELECT n FROM (VALUES ${values.join(', ')}) flows(n, extra, application) WHERE ${compileSql(bound)} ORDER BY n`,
  )
  connection.closeSync()
  expect(live, filter).toEqual(found.getRows().map(([n]) => Number(n)))
  return live
}

test.each(textCases)('a text of extra is tested as a text: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each(numberCases)('a number of extra is compared by its value: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each(mixedCases)('a text is no number, and a number is no text: %s', async (filter, expected) => {
  expect(await matching(filter)).toEqual(expected)
})

test.each(nameCases)('a name of any signs is a member: %s', async (filter, expected) => {
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
