import { expect, it } from 'vitest'
import { openDuck } from '../duck.ts'
import { checkStatement } from './statement.ts'

const instance = await openDuck({})
const connection = await instance.connect()

/** Columns of views that the statement can need; undefined: all. */
async function columnsOf(sql: string): Promise<readonly string[] | undefined> {
  const { columns } = await checkStatement(connection, sql)
  return columns === undefined ? undefined : [...columns].sort()
}

it.each([
  'WITH parts AS (SELECT bytes FROM flows) SELECT * FROM parts',
  'WITH parts AS MATERIALIZED (SELECT bytes FROM flows), few AS (SELECT p.* FROM parts p) SELECT few.* FROM few',
  'SELECT * FROM (SELECT bytes FROM flows) parts',
  'SELECT "PARTS".* FROM (SELECT bytes FROM flows) Parts, flows',
  'WITH Parts AS (SELECT bytes FROM flows) FROM parts',
  'WITH parts AS (SELECT bytes FROM flows) SELECT *, 1 AS n FROM parts JOIN (VALUES (1)) list ON true',
  'WITH flows AS (SELECT bytes FROM flows) SELECT * FROM flows',
  'WITH parts AS (SELECT bytes FROM flows) SELECT * FROM (SELECT * FROM (SELECT * FROM parts))',
])('needs only the selected columns for %s', async (sql) => {
  expect(await columnsOf(sql)).toEqual(['bytes'])
})

it.each([
  'SELECT * FROM flows',
  'WITH parts AS (SELECT * FROM flows) SELECT bytes FROM parts',
  'WITH parts AS (SELECT bytes FROM flows) SELECT * FROM parts JOIN flows ON true',
  'WITH parts AS (SELECT bytes FROM flows) SELECT flows.* FROM parts JOIN flows ON true',
  'WITH flows AS (SELECT * FROM flows) SELECT bytes FROM flows',
  'WITH RECURSIVE flows AS (SELECT 1 AS n UNION ALL SELECT * FROM flows) SELECT n FROM flows',
  'SELECT (WITH flows AS (SELECT 1 AS n) SELECT n FROM flows) FROM (SELECT * FROM flows)',
  'SELECT bytes FROM flows f, LATERAL (SELECT f.*) all_of',
  'WITH parts AS (SELECT bytes FROM flows) SELECT * FROM main.parts',
  'SELECT * FROM (PIVOT flows ON proto IN (6) USING sum(bytes))',
  'WITH parts AS (SELECT bytes FROM flows) SELECT parts FROM parts',
])('needs all columns for %s', async (sql) => {
  expect(await columnsOf(sql)).toBeUndefined()
})
