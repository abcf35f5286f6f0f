// `node plain-duck.ts STORE` reads SQL over the views `f` (flow files) and `e` (endpoint files), one JSON string per
// line, and answers each with a line of JSON: ms and processor ms.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DuckDBInstance } from '@duckdb/node-api'

const [folder = ''] = process.argv.slice(2)
const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet'))
const view = (name: string, stream: string) => {
  const files = names.filter((file) => file.startsWith(`${stream}-`)).map((file) => `'${join(folder, file)}'`)
  return `CREATE VIEW ${name} AS SELECT * FROM read_parquet([${files.join(', ')}], union_by_name = true)`
}
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
await connection.run(`${view('f', 'flows')}; ${view('e', 'endpoints')}; SET parquet_metadata_cache = true`)
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [began, before] = [performance.now(), process.cpuUsage()]
  const { length: rows } = (await connection.runAndReadAll(JSON.parse(line) as string)).getRows()
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ ms: performance.now() - began, cpuMs: (user + system) / 1000, rows }))
}
