import type { Command } from 'commander'
import type { FlowPage } from '../api/published.ts'
import type { AuditPage } from '../topics/audit/schema.ts'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { printData, withOutput, type OutputFlags, type Row } from './output.ts'
import { examples } from './examples.ts'
import type { PageOf } from './follow.ts'
import { rowTable } from './row-table.ts'
import { parametersOf, withFilter, withWords } from './scope-flags.ts'

interface RowFlags extends ServerFlags, OutputFlags {
  readonly from: string
  readonly to: string
  readonly limit: string
  readonly follow?: true
}

const defaultFlowColumns = 'time_received,src_addr,src_port,dst_addr,dst_port,proto,bytes_est,packets_est'
const eventColumns = ['time_received', 'family', 'type', 'source', 'subject', 'id']
const traceColumns = ['time', 'actor', 'action', 'resource', 'outcome', 'address', 'service']

export function register(program: Command): void {
  withRows(withWords(program.command('flows').description('List the newest matching flows.')))
    .option('--filter <FILTER>', 'filter (see `weir help filters`), such as `dst_port = 443 and bytes > 1MB`')
    .option('--columns <NAMES>', 'fields to print, comma-separated; `weir fields` lists them', defaultFlowColumns)
    .option(
      '--sort <NAMES>',
      'fields to sort by, comma-separated; `-` before a name sorts descending (default: newest first)',
    )
    .addHelpText(
      ...examples(
        [
          'weir flows 10.20.1.21:5432 --from now-1d',
          'weir flows --filter "dst_port = 53" --from now-5m',
          'weir flows --sort -bytes_est --limit 10 -o csv',
          'weir flows --columns bytes,extra.wlanSSID --sort extra.wlanSSID',
        ],
        { 1: 'refused or failed' },
      ),
    )
    .action(action(flows))
  withRows(withWords(program.command('events').description('List the newest matching events of every family.')))
    .option('--filter <FILTER>', 'filter (see `weir help filters`), such as `type ~ deploy and subject = shop`')
    .option('--type <TYPE>', 'CloudEvents type; `*` matches any text')
    .option('--source <SOURCE>', 'CloudEvents source; `*` matches any text')
    .option('--family <FAMILY>', 'family, such as change, audit or metric')
    .addHelpText(
      ...examples(
        [
          'weir events --type "com.example.*" --from now-15m',
          'weir events --filter "family = audit and not type ~ login"',
          'weir events -o ndjson | jq .data',
        ],
        { 1: 'refused or failed', 2: 'usage error or invalid filter' },
      ),
    )
    .action(action(events))
  withRows(
    withWords(program.command('audit').description('List the newest matching audit events of clouds and clusters.')),
  )
    .option('--actor <NAMES>', 'actors; comma-separated')
    .option('--action <NAMES>', 'actions; comma-separated')
    .option('--resource <NAMES>', 'resources; comma-separated')
    .option('--outcome <NAMES>', 'outcomes; comma-separated')
    .option('--filter <FILTER>', 'filter (see `weir help filters`)')
    .option('--text <TEXT>', 'text to search in actor, action, service, resource, address and request')
    .addHelpText(
      ...examples(['weir audit --outcome failure --from now-1d', 'weir audit --text deleteServer -o json'], {
        1: 'refused or failed',
      }),
    )
    .action(action(audit))
}

function withRows(command: Command) {
  return withServerFlags(withOutput(command))
    .option('--from <TIME>', 'start: now-1h, ISO 8601 or Unix milliseconds', 'now-1h')
    .option('--to <TIME>', 'end', 'now')
    .option('--limit <N>', 'maximum number of rows', '100')
    .option('-f, --follow', 'print each new row until interrupted')
}

async function flows(words: readonly string[], given: RowFlags & Readonly<{ sort?: string }>) {
  const flags = withFilter(words, given)
  if (flags.follow === true && flags.sort !== undefined)
    throw new CommandError('--follow prints rows in the order of their arrival: leave --sort out.', [], 2)
  const server = await requireServer(flags)
  const page: PageOf = async (span) => {
    const query = parametersOf({ ...flags, ...span }, ['filter', 'columns', 'sort', 'from', 'to', 'limit'])
    const { columns, rows } = await server.json<FlowPage>('GET', `/api/v1/flows?${query.toString()}`)
    const names = columns.map(({ name }) => name)
    return {
      rows: rows.map((row): Row => Object.fromEntries(names.map((name, at) => [name, row[at]]))),
      columns: names,
    }
  }
  await printRows(flags, page, { none: 'No matching flows.' })
}

type EventFlags = RowFlags & Readonly<Partial<Record<'type' | 'source' | 'family', string>>>

async function events(words: readonly string[], given: EventFlags) {
  const flags = withFilter(words, given)
  const [{ momentOf }, { text, timeSql }] = await Promise.all([
    import('../query/plan/index.ts'),
    import('../query/sql-text.ts'),
  ])
  const moment = (name: 'from' | 'to', written: string) => {
    const us = momentOf(written, realHost().clock.now())
    if (us === undefined)
      throw new CommandError(`--${name} ${written} is not a time.`, ['Write now-1h, ISO 8601 or Unix milliseconds.'], 2)
    return timeSql(us)
  }
  const limit = Number(flags.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new CommandError(`--limit ${flags.limit} is not a number of rows.`, ['Write 1 to 10000.'], 2)
  const like = (column: string, pattern: string | undefined) =>
    pattern === undefined
      ? []
      : [`${column} LIKE ${text(pattern.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%'))} ESCAPE '\\'`]
  const conditions = [
    ...like('type', flags.type),
    ...like('source', flags.source),
    ...like('family', flags.family),
    ...(flags.filter === undefined ? [] : [await filterSql(flags.filter)]),
  ]
  const server = await requireServer(flags)
  const page: PageOf = async (span) => {
    const times = [`time_received >= ${moment('from', span.from)}`, `time_received < ${moment('to', flags.to)}`]
    const sql =
      `SELECT * FROM events WHERE ${[...times, ...conditions].join(' AND ')} ORDER BY time_received DESC ` +
      `LIMIT ${span.limit}`
    const rows = await server.json<readonly Row[]>('POST', '/api/v1/sql', { sql, format: 'json' })
    return { rows, columns: eventColumns }
  }
  await printRows(flags, page, { none: 'No matching events.' })
}

/** For the store of the server; the same language as in its API. */
async function filterSql(written: string) {
  const query = await import('../query/index.ts')
  try {
    const { bound } = query.readFilter(query.written(written, query.nameTables.events), query.nameTables.events)
    return query.compileSql(bound, { dialect: query.duckdb })
  } catch (error) {
    if (!(error instanceof query.QueryError)) throw error
    const hints = error.problems.map(({ from, to, message, hint = '' }) =>
      `At ${from}–${to}: ${message} ${hint}`.trim(),
    )
    throw new CommandError(error.message, hints, 2)
  }
}

async function audit(words: readonly string[], given: RowFlags) {
  const flags = withFilter(words, given)
  const server = await requireServer(flags)
  const names = ['actor', 'action', 'resource', 'outcome', 'text', 'filter', 'from', 'to', 'limit']
  const page: PageOf = async (span) => {
    const query = parametersOf({ ...flags, ...span }, names)
    const { traces } = await server.json<AuditPage>('GET', `/api/v1/audit?${query.toString()}`)
    return { rows: traces, columns: traceColumns }
  }
  await printRows(flags, page, { none: 'No matching audit events.', mostRows: 1000 })
}

async function printRows(
  flags: RowFlags,
  pageOf: PageOf,
  { none, mostRows = 10_000 }: Readonly<{ none: string; mostRows?: number }>,
) {
  if (flags.follow === true) return (await import('./follow.ts')).follow(flags, { pageOf, tableOf: rowTable, mostRows })
  const { rows, columns } = await pageOf(flags)
  if (rows.length === 0 && flags.output === 'table') return self.stderr(`${none}\n`)
  await printData(flags, { whole: rows, rows, columns, table: () => rowTable(rows, columns) })
  if (rows.length === Number(flags.limit) && flags.output === 'table')
    self.stderr(`weir: the newest ${rows.length} rows; --limit shows more\n`)
}
