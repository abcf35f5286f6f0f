import { readFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { parseIp } from '../model/ip.ts'
import { readFilter, validate } from './index.ts'
import { compileLive } from './live.ts'
import { flowNames } from './names.ts'
import { compileSql } from './sql.ts'
import { header } from './testing/agreement.ts'
import type { PlainValue, Row } from './testing/rows.ts'
import { makeBatch, makeView } from './testing/tables.ts'
import { timeOf } from './times.ts'

interface Cases {
  readonly rows: readonly Readonly<Record<string, string | number | boolean | string[]>>[]
  readonly cases: readonly { readonly filter: string; readonly rows: readonly number[] }[]
}

const { rows: written, cases } = JSON.parse(
  await readFile(new URL('../../docs/explain/query-cases.json', import.meta.url), 'utf8'),
) as Cases

function plain(name: string, value: string | number | boolean | string[]): PlainValue {
  const kind = flowNames.field(name)?.kind
  if (kind === 'ip')
    return (parseIp(String(value)) ?? new Uint32Array(4)).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
  if (kind === 'time') return timeOf(String(value)) ?? 0n
  if (kind === 'mac') return BigInt(`0x${String(value).replaceAll(':', '')}`)
  return kind === 'dict' || kind === 'json' || kind === 'f64' || kind === 'bool' || typeof value === 'object'
    ? value
    : BigInt(value)
}

const rows = written.map((row): Row => {
  const values: Record<string, PlainValue> = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, plain(name, value)]),
  )
  if (values['bytes'] !== undefined)
    values['bytes_est'] = (values['bytes'] as bigint) * ((values['sampling'] as bigint | undefined) ?? 1n)
  return values
})

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
