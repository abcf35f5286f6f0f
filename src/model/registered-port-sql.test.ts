import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { registeredPortSql } from './registered-port-sql.ts'

test('both forms select the same ports in DuckDB: those below the limit without 0, and the listed ones', async () => {
  const ports = { below: 1024, listed: new Set([1080, 8080, 32_768, 65_535]) }
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const selected = async (test: string): Promise<unknown[]> => {
    const all = 'SELECT range::USMALLINT AS port FROM range(65536) UNION ALL SELECT NULL'
    const sql = `SELECT port FROM (${all}) WHERE ${test} ORDER BY 1`
    return (await connection.runAndReadAll(sql)).getRows().map(([port]) => port)
  }
  const wanted = [...Array.from({ length: 1023 }, (_, index) => index + 1), ...ports.listed]
  for (const dialect of ['duckdb', 'clickhouse'] as const)
    expect(await selected(registeredPortSql[dialect]('port', ports))).toEqual(wanted)
  expect(await selected(`NOT ${registeredPortSql.duckdb('port', ports)} AND port IS NULL`)).toEqual([null])
  connection.closeSync()
})
