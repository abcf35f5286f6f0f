import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { addDecimals } from '../../../src/codecs/focus/index.ts'
import { csvOf, type FileRecords } from '../../../src/connectors/spend/client-files.ts'
import { parquetRows } from '../../../src/connectors/spend/client-parquet.ts'
import { FileReading } from '../../../src/connectors/spend/map.ts'
import { realHost } from '../../../src/host/index.ts'
import type { Outcome, Suite } from '../suite.ts'

const costs = ['BilledCost', 'EffectiveCost', 'ListCost', 'ContractedCost'] as const

type Sums = Readonly<{ rows: number; sums: readonly (string | null)[]; refused: readonly string[]; missing: string }>

export const suite: Suite = {
  summary: 'FOCUS sample files: number of rows, and each sum of costs, equal to exact sums by DuckDB',
  source:
    'a folder of CSV and Parquet files: FOCUS-1.0 of FinOps-Open-Cost-and-Usage-Spec/FOCUS-Sample-Data, and ' +
    'tests/samples of finopsfoundation/focus_validator, with git clone',
  async *outcomes(folder) {
    for (const name of (await readdir(folder, { recursive: true })).toSorted())
      if (/\.(?:csv|csv\.gz|parquet)$/.test(name)) yield* ofFile(name, join(folder, name))
  },
}

async function* ofFile(name: string, path: string): AsyncGenerator<Outcome> {
  const rows = await read(path)
  if (rows.missing !== '') return yield { name, verdict: 'refused', detail: `no column for ${rows.missing}` }
  if (rows.refused.length > 0) return yield { name, verdict: 'refused', detail: rows.refused[0]! }
  const golden = await reference(path)
  yield verdict(`${name} rows`, String(golden.rows), String(rows.rows))
  for (const [at, cost] of costs.entries())
    if (golden.sums[at] !== null) yield verdict(`${name} ${cost}`, addDecimals([golden.sums[at]!]), rows.sums[at]!)
}

function verdict(name: string, right: string, found: string): Outcome {
  return right === found ? { name, verdict: 'right' } : { name, verdict: 'wrong', detail: `${found}, right ${right}` }
}

async function* recordsOf(path: string): AsyncGenerator<FileRecords> {
  if (!path.endsWith('.parquet')) return yield* csvOf(realHost().disk, path, ',')
  let isFirst = true
  for await (const { header, records } of parquetRows(path, new AbortController().signal)) {
    if (isFirst) yield [{ line: 0, values: header }]
    isFirst = false
    yield records
  }
}

async function read(path: string): Promise<Sums> {
  let reading: FileReading | undefined
  const sums = costs.map(() => '0')
  for await (const records of recordsOf(path))
    for (const { line, values } of records) {
      if (reading === undefined) {
        const origin = { source: 'focus', file: path, collected: 0, estimated: false }
        reading = new FileReading(values as string[], { columns: {}, constants: {} }, origin, new Map())
        continue
      }
      const event = reading.take(line, values)
      if (event === undefined) continue
      const row = JSON.parse(Buffer.from(event.data!).toString()) as Record<string, string>
      for (const [at, cost] of costs.entries()) sums[at] = addDecimals([sums[at]!, row[cost] ?? '0'])
    }
  const refused = reading?.rejected.map(({ line, reason }) => `line ${line}: ${reason}`) ?? ['no rows']
  return { rows: reading?.changed ?? 0, sums, refused, missing: reading?.missing.join(', ') ?? '' }
}

/** `null`: the file has no such column. */
async function reference(path: string): Promise<Pick<Sums, 'rows' | 'sums'>> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const file = `'${path.replaceAll("'", "''")}'`
  const from = path.endsWith('.parquet') ? `read_parquet(${file})` : `read_csv(${file}, all_varchar = true)`
  try {
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows()
    const has = new Set(described.map(([name]) => String(name)))
    // Weir takes the billed cost for a cost that a row lacks.
    const amount = (cost: string): string => `nullif(nullif("${cost}"::VARCHAR, 'NULL'), '')`
    const sums = costs.map((cost) =>
      has.has(cost)
        ? `coalesce(sum(coalesce(${amount(cost)}, ${amount('BilledCost')})::DECIMAL(38, 18)), 0)::VARCHAR`
        : 'NULL::VARCHAR',
    )
    const [row = []] = (await connection.runAndReadAll(`SELECT count(*), ${sums.join(', ')} FROM ${from}`)).getRows()
    return { rows: Number(row[0]), sums: row.slice(1) as (string | null)[] }
  } finally {
    connection.closeSync()
  }
}
