// `node plain-duck.ts STORE` reads SQL over the views `f` (flow files) and `e` (endpoint files), one JSON string per
// line, and answers each with a line of JSON: ms, processor ms and number of rows.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DuckDBInstance } from '@duckdb/node-api'

const maxFailures = 50
const [folder = ''] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()

async function createViews() {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet'))
  const view = (name: string, stream: string) => {
    const files = names.filter((file) => file.startsWith(`${stream}-`)).map((file) => `'${join(folder, file)}'`)
    return `CREATE OR REPLACE VIEW ${name} AS SELECT * FROM read_parquet([${files.join(', ')}], union_by_name = true)`
  }
  await connection.run(`${view('f', 'flows')}; ${view('e', 'endpoints')}; SET parquet_metadata_cache = true`)
}

async function costOf(sql: string) {
  const [began, before] = [performance.now(), process.cpuUsage()]
  const { length: rows } = (await connection.runAndReadAll(sql)).getRows()
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - began, cpuMs: (user + system) / 1000, rows }
}

/** A merge can replace files between their list and the query. */
async function costOfMerged(sql: string, failures: number): Promise<Awaited<ReturnType<typeof costOf>>> {
  try {
    return await costOf(sql)
  } catch (error) {
    if (failures === maxFailures) throw error
    // A file of the new list can be merged, too.
    await createViews().catch(() => undefined)
    return costOfMerged(sql, failures + 1)
  }
}

await createViews()
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const sql = JSON.parse(line) as string
  console.log(JSON.stringify(await costOfMerged(sql, 0)))
}
