import { expect, it } from 'vitest'
import { openDuck, quoted, rowsOf } from '../duck.ts'
import { receiveBoundsOf } from './receipt.ts'

const instance = await openDuck({})
const connection = await instance.connect()

async function of(sql: string): Promise<unknown> {
  const [[text] = []] = await rowsOf(connection, `SELECT json_serialize_sql(${quoted(sql)})`)
  return receiveBoundsOf((JSON.parse(String(text)) as { statements: unknown[] }).statements[0])
}

const early = 'time_received >= make_timestamptz(1000000)'
const late = 'time_received < make_timestamptz(9000000)'

it.each([
  [`SELECT * FROM flows WHERE ${early}`, { from: 1000, to: Infinity }],
  [`SELECT * FROM flows f WHERE bytes > 5 AND (f.${early} AND ${late}) LIMIT 5`, { from: 1000, to: 9000 }],
  [
    `WITH parts AS (SELECT bytes FROM flows WHERE ${early} GROUP BY ALL) SELECT * FROM parts`,
    { from: 1000, to: Infinity },
  ],
  [
    `SELECT * FROM flows WHERE ${early} UNION ALL SELECT * FROM flows WHERE ${late} AND ${early}`,
    { from: 1000, to: Infinity },
  ],
  [`SELECT * FROM flows WHERE NOT (${early})`, { from: -Infinity, to: 1000 }],
  ['SELECT * FROM flows', undefined],
  [`SELECT * FROM flows WHERE ${early} OR bytes > 5`, undefined],
  [`SELECT * FROM flows WHERE (${early}) IS NOT TRUE`, undefined],
  [`SELECT * FROM flows WHERE ${early} AND EXISTS (SELECT 1 FROM flows)`, undefined],
  [`SELECT * FROM flows a JOIN flows b USING (src_addr) WHERE a.${early}`, undefined],
  [`WITH flows AS (SELECT 1 AS time_received) SELECT * FROM flows WHERE ${early}`, undefined],
  [`SELECT * FROM flows AS f(time_received) WHERE ${early}`, undefined],
  [`SELECT * FROM events WHERE ${early}`, undefined],
  [`SELECT * FROM flows WHERE make_timestamptz(1000000) <= time_received`, undefined],
] as const)('%s', async (sql, expected) => {
  expect(await of(sql)).toEqual(expected)
})
