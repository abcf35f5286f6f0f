import type { Command } from 'commander'
import type { QueryFormat } from '../engine/control.ts'
import type { Log } from '../engine/contracts.ts'
import { self } from '../host/process.ts'
import { action, CommandError, defaultData, findServer, withServerFlags, type ServerFlags } from './client.ts'
import { print, withOutput, type OutputFlags } from './output.ts'
import { examples } from './examples.ts'
import { messageOf } from '../model/errors.ts'

interface QueryFlags extends ServerFlags, OutputFlags {
  readonly fresh: boolean
}

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('query')
        .description(
          'Run SQL on the store, through the running server or, if none runs, directly on the folder without ' +
            'changing it.',
        )
        .argument(
          '<sql>',
          'one SELECT, WITH, DESCRIBE, SHOW, EXPLAIN or SUMMARIZE over the views flows and events; - reads it ' +
            'from standard input',
        ),
    ),
  )
    .option('--no-fresh', 'do not wait up to 2 s for the newest rows')
    .addHelpText(
      ...examples(
        [
          'weir query "SELECT src_addr, sum(bytes_est) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 10"',
          `weir query -o csv "SELECT * FROM events WHERE type = 'hello'" > hello.csv`,
          'weir query - --url http://127.0.0.1:8080 < question.sql',
        ],
        { 1: 'refused or failed' },
      ),
    )
    .action(action(run))
}

async function run(sql: string, flags: QueryFlags) {
  const statement = sql === '-' ? await self.readStdin() : sql
  const format: QueryFormat = flags.output === 'yaml' ? 'ndjson' : flags.output
  const server = await findServer(flags)
  if (server === undefined) return queryFolder(flags.data ?? defaultData, statement, format, flags)
  const answer = await server.ask('POST', '/api/v1/sql', {
    sql: statement,
    format,
    ...(flags.fresh ? {} : { fresh: false }),
  })
  if (answer.headers.get('x-weir-fresh') === 'false')
    self.stderr('weir: the newest rows are not stored yet and are missing in this result\n')
  try {
    await printResult((answer.body ?? []) as AsyncIterable<Uint8Array>, flags)
  } catch (error) {
    throw new CommandError(`The response was truncated: ${messageOf(error)}.`, [
      'The printed rows are incomplete. The server log has the reason.',
    ])
  }
}

async function queryFolder(data: string, sql: string, format: QueryFormat, flags: OutputFlags) {
  const [{ openReadOnly }, { realHost }, { WeirError }, { queryProcesses }] = await Promise.all([
    import('../store/read/read-only.ts'),
    import('../host/index.ts'),
    import('../model/errors.ts'),
    import('../app/query-processes.ts'),
  ])
  const store = await openReadOnly({
    host: realHost(),
    directory: `${data}/store`,
    log: toStderr,
    processes: queryProcesses(),
  })
  if (store === undefined)
    throw new CommandError(`No Weir runs on ${data}, and it contains no store.`, [
      'Select the folder with --data, or a server with --url.',
    ])
  try {
    const { reader } = store
    const { signal } = new AbortController()
    await printResult(
      await (reader.isolated?.({ sql, format, bound: 'work' }, signal) ?? reader.query(sql, format, signal)),
      flags,
    )
  } catch (error) {
    if (error instanceof WeirError) throw new CommandError(error.message, [error.advice])
    throw error
  } finally {
    await store.close()
  }
}

const silent = () => {}
const toStderr: Log = {
  debug: silent,
  info: silent,
  warn: (message) => self.stderr(`weir: ${message}\n`),
  error: (message) => self.stderr(`weir: ${message}\n`),
}

async function printResult(bytes: AsyncIterable<Uint8Array>, { output }: OutputFlags) {
  if (output === 'yaml') return printYaml(bytes)
  let last = 0
  for await (const piece of bytes) {
    last = piece.at(-1) ?? last
    await print(piece)
  }
  if (last !== 0x0a) await print('\n')
}

async function printYaml(bytes: AsyncIterable<Uint8Array>) {
  const [{ RowText }, { linesOf }] = await Promise.all([import('./row-text.ts'), import('./lines.ts')])
  const text = new RowText('yaml')
  for await (const line of linesOf(bytes)) await print(await text.row(line))
  await print(text.end())
}
