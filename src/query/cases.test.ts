import { readFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { readFilter, validate } from './index.ts'
import { compileLive } from './live.ts'
import { flowNames } from './names.ts'
import { compileSql } from './sql.ts'
import { header } from './testing/agreement.ts'
import { cases, rows } from './testing/cases.ts'
import { makeBatch, makeView } from './testing/tables.ts'

test('the live evaluator selects the rows of every case', () => {
  const batch = makeBatch(flowNames, rows)
  for (const { filter, rows: wanted } of cases) {
    const matches = compileLive(readFilter(filter, flowNames).bound)(batch, header)
    expect({ filter, rows: rows.map((_, row) => row).filter(matches) }).toEqual({ filter, rows: wanted })
  }
})

test('DuckDB selects the rows of every case', async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await makeView(connection, flowNames, rows)
  for (const { filter, rows: wanted } of cases) {
    const answer = await connection.runAndReadAll(
      `SELECT n FROM flows WHERE ${compileSql(readFilter(filter, flowNames).bound)} ORDER BY n`,
    )
    expect({ filter, rows: answer.getRows().map(([n]) => Number(n)) }).toEqual({ filter, rows: wanted })
  }
  connection.closeSync()
})

test('every case has the same meaning in its normal form', () => {
  for (const { filter } of cases) {
    const { normal } = readFilter(filter, flowNames)
    expect(readFilter(normal, flowNames).normal).toBe(normal)
  }
})

test('every filter in the documents is valid', async () => {
  for (const page of ['guide/queries.md', 'explain/query.md']) {
    const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
    const filters = [...text.matchAll(/^```text\n([\s\S]*?)^```$/gm)].flatMap(([, body = '']) =>
      body.trim().split('\n'),
    )
    expect(filters.length).toBeGreaterThan(0)
    for (const filter of filters)
      expect({ filter, problems: validate(filter, flowNames) }).toEqual({ filter, problems: [] })
  }
})
