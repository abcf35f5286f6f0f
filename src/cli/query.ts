import type { Command } from 'commander'
import type { IsolatedQuery, QueryFormat, StoreReader } from '../engine/control.ts'
import type { Log } from '../engine/contracts.ts'
import { self } from '../host/process.ts'
import { action, CommandError, findServer, withServerFlags, type ServerFlags } from './client.ts'
import { print, withOutput, type OutputFlags } from './output.ts'
import { examples } from './examples.ts'
import { collect } from './option-values.ts'
import { statementProgress } from './query-progress.ts'
import { lostText } from '../store/lost-text.ts'
import { messageOf } from '../model/errors.ts'
import { parsedJson } from '../model/json.ts'
import { parameterProblem, type SqlParameters, type SqlValue } from '../model/sql-parameters.ts'

interface QueryFlags extends ServerFlags, OutputFlags {
  readonly fresh: boolean
  readonly param: readonly string[]
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
    .option(
      '--param <name=value>',
      'value of $name in the statement: a text, a number, or a JSON list for IN $name; "443" in quotes is a text ' +
        '(repeatable)',
      collect,
      [],
    )
    .addHelpText(
      ...examples(
        [
          'weir query "SELECT src_addr, sum(bytes_est) AS bytes FROM flows GROUP BY ALL ORDER BY bytes DESC LIMIT 10"',
          "weir query --param ns=shop --param 'ports=[80,443]' 'SELECT count(*) FROM flows WHERE dst_namespace = " +
            "$ns AND dst_port IN $ports'",
          `weir query -o csv "SELECT * FROM events WHERE type = 'hello'" > hello.csv`,
          'weir query - --url http://127.0.0.1:8080 < question.sql',
        ],
        { 1: 'refused or failed', 2: 'usage error' },
      ),
    )
    .action(action(run))
}

async function run(sql: string, flags: QueryFlags) {
  const statement = sql === '-' ? await self.readStdin() : sql
  const parameters = parametersOf(flags.param)
  const format: QueryFormat = flags.output === 'yaml' || flags.output === 'table' ? 'ndjson' : flags.output
  const server = await findServer(flags, 'store')
  if (typeof server === 'string')
    return queryFolder(server, { sql: statement, parameters, format, bound: 'work' }, flags)
  const answer = await server.ask('POST', '/api/v1/sql', {
    sql: statement,
    ...(flags.param.length > 0 ? { parameters } : {}),
    format,
    ...(flags.fresh ? {} : { fresh: false }),
  })
  if (answer.headers.get('x-weir-fresh') === 'false')
    self.stderr('weir: the newest rows are not stored yet and are missing in this result\n')
  printLost(answer.headers.get('x-weir-lost') ?? undefined)
  try {
    await printResult((answer.body ?? []) as AsyncIterable<Uint8Array>, flags)
  } catch (error) {
    throw new CommandError(`The response was truncated: ${messageOf(error)}.`, [
      'The printed rows are incomplete. The server log has the reason.',
    ])
  }
}

function printLost(lost: string | undefined) {
  if (lost !== undefined)
    self.stderr(`weir: rows of damaged files are missing in this result, where it covers them: ${lost}\n`)
}

/** JSON numbers, texts in quotes and lists are values of their types; everything else is a text. */
function parametersOf(written: readonly string[]): SqlParameters {
  const parameters = Object.fromEntries(
    written.map((parameter) => {
      const at = parameter.indexOf('=')
      if (at < 1) throw new CommandError(`--param ${parameter}: write it as name=value.`, [], 2)
      const text = parameter.slice(at + 1)
      const value = parsedJson(text)
      // Integers beyond 2^53 stay exact as texts.
      const isExact = typeof value === 'number' && (!Number.isInteger(value) || Number.isSafeInteger(value))
      const isValue = isExact || typeof value === 'string' || Array.isArray(value)
      return [parameter.slice(0, at), (isValue ? value : text) as SqlValue]
    }),
  )
  const problem = parameterProblem(parameters)
  if (problem !== undefined) throw new CommandError(problem, [], 2)
  return parameters
}

type FolderQuery = IsolatedQuery & { readonly format: QueryFormat }

async function queryFolder(data: string, query: FolderQuery, flags: OutputFlags) {
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
      'Select another folder with --data, or a server with --url.',
    ])
  try {
    await printResult(await readFolder(store.reader, query), flags)
    printLost(lostText(store.lost()))
  } catch (error) {
    if (error instanceof WeirError) throw new CommandError(error.message, [error.advice])
    throw error
  } finally {
    await store.close()
  }
}

async function readFolder(reader: StoreReader, query: FolderQuery): Promise<AsyncIterable<Uint8Array>> {
  const { signal } = new AbortController()
  const { onProgress, end } = statementProgress()
  try {
    return await (reader.isolated?.(query, signal, onProgress) ??
      reader.query(query.sql, query.format, signal, onProgress))
  } finally {
    end()
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
  if (output === 'table') {
    const { queryTable } = await import('./query-table.ts')
    for await (const text of queryTable(bytes)) await print(text)
    return
  }
  let last = 0
  for await (const piece of bytes) {
    last = piece.at(-1) ?? last
    await print(piece)
  }
  // No rows of ndjson are no line.
  if (last !== 0x0a && output !== 'ndjson') await print('\n')
}

async function printYaml(bytes: AsyncIterable<Uint8Array>) {
  const [{ RowText }, { linesOf }] = await Promise.all([import('./row-text.ts'), import('./lines.ts')])
  const text = new RowText('yaml')
  for await (const line of linesOf(bytes)) await print(await text.row(line))
  await print(text.end())
}
