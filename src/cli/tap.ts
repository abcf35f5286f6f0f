import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { Pipeline } from '../engine/control.ts'
import { self } from '../host/process.ts'
import type { ServerFlags } from './client.ts'
import { action, CommandError, requireServer, withServerFlags, type Server } from './client.ts'
import type { TapLine } from './tap/columns.ts'

interface TapFlags extends ServerFlags {
  readonly filter: readonly string[]
  readonly limit?: number
  readonly format?: 'ndjson' | 'table'
}

export function register(program: Command): void {
  withServerFlags(
    program
      .command('tap')
      .description(
        'Stream the rows of a source, or the rows routed to a sink in the form in which they are sent. ' +
          'Delivery is not affected.',
      )
      .argument('<name>', 'id of a source or sink; source/ID or sink/ID if both exist')
      .option(
        '--filter <FILTER>',
        'only matching rows, such as "dst.port = 443 and bytes > 1M"; may be repeated, all must match',
        collect,
        [],
      )
      .option('--limit <COUNT>', 'end after this number of rows', positive)
      .addOption(new Option('--format <FORMAT>', 'output format of the rows').choices(['ndjson', 'table'])),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ weir tap netflow --filter "dst.port = 443" --limit 10
  $ weir tap sink/bus --format ndjson | jq .body

Rows are skipped if the reader is too slow; standard error reports their number.
Exit code: 0 success, 1 server unreachable or stopped, 2 usage error.`,
    )
    .action(action(run))
}

function collect(one: string, before: readonly string[]): readonly string[] {
  return [...before, one]
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be an integer above 0.')
  return value
}

async function run(name: string, { filter, limit, format, ...where }: TapFlags): Promise<void> {
  const server = await requireServer(where)
  const query = new URLSearchParams({
    ...(await targetOf(server, name)),
    ...(filter.length === 0
      ? {}
      : { filter: filter.length === 1 ? (filter[0] ?? '') : filter.map((one) => `(${one})`).join(' and ') }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  })
  const answer = await server.ask('GET', `/api/v1/tap?${query.toString()}`)
  const [{ TapTable }, { print }] = await Promise.all([import('./tap/columns.ts'), import('./output.ts')])
  const table =
    (format ?? (self.interactive ? 'table' : 'ndjson')) === 'table'
      ? new TapTable(process.stdout.columns ?? 200)
      : undefined
  let shown = 0
  for await (const line of linesOf(answer)) {
    const row = JSON.parse(line) as TapLine
    if (typeof row['skipped'] === 'number') {
      self.stderr(`weir: ${row['skipped']} rows were skipped because the reader is too slow\n`)
      continue
    }
    shown++
    await print(table === undefined ? `${line}\n` : table.row(row))
  }
  if (shown !== limit)
    throw new CommandError('The server ended the stream.', [
      'The server stops, or the connection broke; the server log has the reason.',
    ])
}

async function targetOf(server: Server, written: string): Promise<{ source: string } | { sink: string }> {
  const [, role, id = written] = /^(source|sink)\/(.+)$/.exec(written) ?? []
  if (role === 'source') return { source: id }
  if (role === 'sink') return { sink: id }
  const { sources, sinks } = await server.json<Pipeline>('GET', '/api/v1/pipeline')
  const isSource = sources.some((one) => one.name === id)
  const isSink = sinks.some((one) => one.name === id)
  if (isSource && isSink)
    throw new CommandError(
      `\`${id}\` is a source and a sink.`,
      [`source/${id} selects the rows of the source, sink/${id} those routed to the sink.`],
      2,
    )
  if (isSink) return { sink: id }
  if (isSource) return { source: id }
  throw new CommandError(`There is no source and no sink \`${id}\`.`, [
    `Sources: ${sources.map((one) => one.name).join(', ')}. Sinks: ${sinks.map((one) => one.name).join(', ')}.`,
  ])
}

async function* linesOf(answer: Response): AsyncGenerator<string, void, undefined> {
  let rest = ''
  try {
    for await (const piece of (answer.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + Buffer.from(piece).toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      // Lines are cut as bytes and decoded whole, since a piece may end inside a character.
      for (const line of lines) if (line !== '') yield Buffer.from(line, 'latin1').toString()
    }
  } catch {
    // A broken connection ends the stream early.
  }
}
