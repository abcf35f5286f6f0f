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
        'Ask the store in SQL, through the running server or, when none runs, from the folder itself (nothing is changed there).',
      )
      .argument(
        '<sql>',
        'one SELECT, WITH, DESCRIBE, SHOW, EXPLAIN or SUMMARIZE over the views flows and events; - reads it from standard input',
      )
      .addOption(
        new Option('--format <FORMAT>', 'form of the answer (default: table on a terminal, else json)').choices(
          queryFormats,
        ),
      ),
  )
    .option('--no-fresh', 'do not wait for the newest rows; by default up to 2 s')
    .addHelpText(
      'after',
      `
Examples:
  $ weir query "SELECT src_addr, sum(bytes) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 10"
  $ weir query --format csv "SELECT * FROM events WHERE type = 'hello'" > hello.csv
  $ weir query - --url http://127.0.0.1:8080 < question.sql

Exit code: 0 answered, 1 refused or failed, 2 the command line cannot be used.`,
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
    self.stderr('weir: the newest rows are not stored yet, so they are not in this answer\n')
  try {
    await printAnswer((answer.body ?? []) as AsyncIterable<Uint8Array>)
  } catch (error) {
    throw new CommandError(`The answer was cut off: ${messageOf(error)}.`, [
      'What was printed is not complete. The program log of the server says why.',
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
    throw new CommandError(`No Weir runs on ${data}, and there is no store in it.`, [
      'Name the folder with --data, or a server with --url.',
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

/** An answer ends with its last line. */
async function printAnswer(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let last = 0
  for await (const piece of bytes) {
    last = piece.at(-1) ?? last
    await print(piece)
  }
  if (last !== 0x0a) await print('\n')
}
