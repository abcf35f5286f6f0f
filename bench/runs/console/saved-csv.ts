import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { DuckDBInstance } from '@duckdb/node-api'
import type { WeirProcess } from '../../../test/kit/weir-process.ts'
import type { AcceptanceContext } from '../../harness.ts'

const end = (of: 'src' | 'dst'): string =>
  `concat_ws(' ', coalesce(${of}_name, ${of}_addr), nullif(coalesce(${of}_namespace, ${of}_label), ${of}_name))`

/** Titles of the file, and the text of a value in SQL. */
const texts: Readonly<Record<string, string>> = {
  'Received (UTC)': "strftime(time_received AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%g')",
  Source: end('src'),
  'Port (src_port)': 'src_port::VARCHAR',
  Destination: end('dst'),
  'Port (dst_port)': 'dst_port::VARCHAR',
  Bytes: 'bytes_est::VARCHAR',
  Packets: 'packets_est::VARCHAR',
}
const names = Object.keys(texts)
const sums = `SELECT count(*)::INT AS n, ${names
  .map((_, at) => `count(c${at})::INT AS present${at}, bit_xor(hash(c${at}))::VARCHAR AS values${at}`)
  .join(', ')}, bit_xor(hash(${names.map((_, at) => `c${at}`).join(', ')}))::VARCHAR AS rows`
const columns = Object.values(texts)
  .map((text, at) => `${text} AS c${at}`)
  .join(', ')

/** Compares every value of a file, and the order of its first and last rows. */
export async function savedEqualsStore(context: AcceptanceContext, weir: WeirProcess, file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const kinds = names.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ')
  const read = await connection.runAndReadAll(
    `${sums} FROM read_csv('${file.replaceAll("'", "''")}', header = true, delim = ',', quote = '"', escape = '"',
      nullstr = '', auto_detect = false, columns = {${kinds}})`,
  )
  const saved = read.getRowObjectsJson()[0]
  connection.closeSync()
  instance.closeSync()
  const [stored] = await weir.sql(`${sums} FROM (SELECT ${columns} FROM flows)`)
  for (const name of Object.keys(stored ?? {}))
    if (saved?.[name] !== stored?.[name]) context.expect(false, `${name}: ${String(saved?.[name])} in the file`)
  context.expect(saved?.['n'] === stored?.['n'], `the file has ${String(stored?.['n'])} rows, as the store`)
  context.expect(saved?.['rows'] === stored?.['rows'], 'each value of the file equals the store')

  const ordered = (direction: 'DESC' | 'ASC'): Promise<{ c: string }[]> =>
    weir.sql(`SELECT ${texts['Received (UTC)']} AS c FROM flows ORDER BY time_received ${direction} LIMIT 1`)
  let [head, first, last] = ['', '', '']
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (head === '') head = line
    else if (first === '') first = line
    last = line
  }
  context.expect(head === names.join(','), 'the file has the titles of the table')
  const [newest, oldest] = [(await ordered('DESC'))[0]?.c ?? '?', (await ordered('ASC'))[0]?.c ?? '?']
  context.expect(first.startsWith(newest) && last.startsWith(oldest), 'the newest row is first, the oldest last')
}
