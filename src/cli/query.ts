import { Option } from 'commander'
import type { Command } from 'commander'
import type { QueryFormat } from '../engine/control.ts'
import { queryFormats } from '../engine/control.ts'
import type { Log } from '../engine/contracts.ts'
import { self } from '../host/process.ts'
import type { ServerFlags } from './client.ts'
import { action, CommandError, defaultData, findServer, withServerFlags } from './client.ts'
import { print } from './output.ts'
import { messageOf } from '../model/errors.ts'

interface QueryFlags extends ServerFlags {
  readonly format?: QueryFormat
  readonly fresh: boolean
}

export function register(program: Command): void {
  withServerFlags(
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
      )
      .addOption(new Option('--format <FORMAT>', 'output format').choices(queryFormats)),
  )
    .option('--no-fresh', 'do not wait up to 2 s for the newest rows')
    .addHelpText(
      'after',
      `
Examples:
  $ weir query "SELECT src_addr, sum(bytes) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 10"
  $ weir query --format csv "SELECT * FROM events WHERE type = 'hello'" > hello.csv
  $ weir query - --url http://127.0.0.1:8080 < question.sql

Exit code: 0 success, 1 refused or failed, 2 usage error.`,
    )
    .action(action(run))
}

async function run(sql: string, flags: QueryFlags): Promise<void> {
  const statement = sql === '-' ? await self.readStdin() : sql
  const format = flags.format ?? (self.interactive ? 'table' : 'json')
  const server = await findServer(flags)
  if (server === undefined) return askFolder(flags.data ?? defaultData, statement, format)
  const answer = await server.ask('POST', '/api/v1/sql', {
    sql: statement,
    format,
    ...(flags.fresh ? {} : { fresh: false }),
  })
  if (answer.headers.get('x-weir-fresh') === 'false')
    self.stderr('weir: the newest rows are not stored yet and are missing in this result\n')
  try {
    await printAnswer((answer.body ?? []) as AsyncIterable<Uint8Array>)
  } catch (error) {
    throw new CommandError(`The response was truncated: ${messageOf(error)}.`, [
      'The printed rows are incomplete. The server log has the reason.',
    ])
  }
}

async function askFolder(data: string, sql: string, format: QueryFormat): Promise<void> {
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
    await printAnswer(
      await (reader.isolated?.({ sql, format, bound: 'work' }, signal) ?? reader.query(sql, format, signal)),
    )
  } catch (error) {
    if (error instanceof WeirError) throw new CommandError(error.message, [error.advice])
    throw error
  } finally {
    await store.close()
  }
}

const silent = (): void => {}
const toStderr: Log = {
  debug: silent,
  info: silent,
  warn: (message) => self.stderr(`weir: ${message}\n`),
  error: (message) => self.stderr(`weir: ${message}\n`),
}

async function printAnswer(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let last = 0
  for await (const piece of bytes) {
    last = piece.at(-1) ?? last
    await print(piece)
  }
  if (last !== 0x0a) await print('\n')
}
