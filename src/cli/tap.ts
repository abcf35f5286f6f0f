import type { Command } from 'commander'
import type { Pipeline } from '../engine/control.ts'
import { self } from '../host/process.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags, type Server } from './client.ts'
import { examples } from './examples.ts'
import { collect, positive } from './option-values.ts'
import { print, withOutput, type OutputFlags } from './output.ts'

interface TapFlags extends ServerFlags, OutputFlags {
  readonly before?: true
  readonly after?: true
  readonly filter: readonly string[]
  readonly limit?: number
}

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('tap')
        .description(
          'Stream the rows of a source, the rows routed to a sink in the form in which they are sent, or the rows of ' +
            'a transform before and after it. Delivery is not affected.',
        )
        .argument('<name>', 'id of a source, sink or transform; source/ID or sink/ID if both exist')
        .option(
          '--filter <FILTER>',
          'only matching rows, such as "dst.port = 443 and bytes > 1M"; may be repeated, all must match',
          collect,
          [],
        )
        .option('--before', 'rows that a transform receives')
        .option('--after', 'rows that a transform writes')
        .option('--limit <COUNT>', 'end after this number of rows', positive),
    ),
  )
    .addHelpText(
      ...examples(
        [
          'weir tap netflow --filter "dst.port = 443" --limit 10',
          'weir tap sink/bus -o ndjson | jq .body',
          'weir tap masked --before --after',
          'weir tap masked --before',
        ],
        { 1: 'server unreachable or stopped' },
        `With --before and --after, a table has the fields that changed, and JSON each row with the rows made of it.
Rows are skipped if the reader is too slow; standard error reports their number.`,
      ),
    )
    .action(action(run))
}

async function run(name: string, { filter, limit, output, before, after, ...where }: TapFlags) {
  const server = await requireServer(where)
  const query = new URLSearchParams({
    ...(before !== undefined && after !== undefined
      ? { transform: name }
      : before !== undefined
        ? { sink: name }
        : after !== undefined
          ? { source: name }
          : await targetOf(server, name)),
    ...(filter.length === 0
      ? {}
      : { filter: filter.length === 1 ? (filter[0] ?? '') : filter.map((part) => `(${part})`).join(' and ') }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  })
  const answer = await server.ask('GET', `/api/v1/tap?${query.toString()}`)
  const [{ RowText }, { linesOf }] = await Promise.all([import('./row-text.ts'), import('./lines.ts')])
  const text = new RowText(output)
  let shown = 0
  try {
    for await (const line of linesOf((answer.body ?? []) as AsyncIterable<Uint8Array>)) {
      const skipped = /^\{"skipped":(\d+)/.exec(line)?.[1]
      if (skipped !== undefined) {
        self.stderr(`weir: ${skipped} rows were skipped because the reader is too slow\n`)
        continue
      }
      shown++
      await print(await text.row(line))
    }
  } catch (error) {
    // A broken connection ends the stream early.
    if (!(error instanceof TypeError)) throw error
  }
  await print(text.end())
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
  const isSource = sources.some((source) => source.name === id)
  const isSink = sinks.some((sink) => sink.name === id)
  if (isSource && isSink)
    throw new CommandError(
      `\`${id}\` is a source and a sink.`,
      [
        `source/${id} selects the rows of the source, sink/${id} those routed to the sink. For a transform these are ` +
          '--after and --before; both flags show them side by side.',
      ],
      2,
    )
  if (isSink) return { sink: id }
  if (isSource) return { source: id }
  throw new CommandError(`There is no source and no sink \`${id}\`.`, [
    `Sources: ${sources.map((source) => source.name).join(', ')}. Sinks: ${sinks.map((sink) => sink.name).join(', ')}.`,
  ])
}
