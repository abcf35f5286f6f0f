import type { Command } from 'commander'
import { measureTexts } from '../topics/investigate/measure-text.ts'
import type { Investigation, Lane } from '../api/published.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { CommandError } from './command-error.ts'
import { examples } from './examples.ts'
import { momentsData } from './investigate-moments.ts'
import { print, printData, withOutput, type OutputFlags } from './output.ts'
import { parametersOf, timeText } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'

type Flags = ServerFlags &
  Readonly<{
    output: OutputFlags['output'] | 'md'
    from?: string
    to?: string
    limit?: string
    compare?: string
    window?: string
  }>

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('investigate')
        .description(
          'Show the traffic, latency, drops, changes, audit events, cluster events, errors, image problems, costs ' +
            'and gaps of a workload, actor, address, image, account or cloud resource in order of time.',
        )
        .argument('<subject>', 'namespace/name, Kind/namespace/name, an address, or a reference of an object or actor'),
      'table',
      ['md'],
    ),
  )
    .option('--from <TIME>', 'start: now-1h, ISO 8601 or Unix milliseconds (default: now-1h)')
    .option('--to <TIME>', 'end (default: now)')
    .option('--limit <N>', 'maximum number of each kind', '100')
    .option('--compare <TIME>', 'compare this time with --to: fields, relations, images, problems, traffic and cost')
    .option('--window <DURATION>', 'with --compare: traffic of this duration before each time (default: 15m)')
    .addHelpText(
      ...examples(
        [
          'weir investigate shop/api --from now-15m',
          'weir investigate 10.20.1.21',
          'weir investigate user:prod-eu/alice --from now-1d -o md > report.md',
          'weir investigate shop/api --compare now-1h --window 5m',
          'weir investigate image:registry.example/shop/api:1.4 --from now-1d',
        ],
        { 1: 'server unreachable' },
        'Kinds without events are listed with the reason: nothing happened, not collected, or not permitted.',
      ),
    )
    .action(action(run))
}

async function run(subject: string, flags: Flags) {
  const server = await requireServer(flags)
  const { compare, output } = flags
  if (compare !== undefined) {
    if (output === 'md')
      throw new CommandError('--compare has no report in Markdown.', ['Use -o table, json or csv.'], 2)
    return printData({ output }, await momentsData(server, subject, { ...flags, compare }))
  }
  const query = parametersOf(flags, ['from', 'to', 'limit'])
  query.set('subject', subject)
  if (flags.output === 'md') {
    query.set('format', 'md')
    query.set('base', server.url)
    return print(await (await server.ask('GET', `/api/v1/investigate?${query.toString()}`)).text())
  }
  const answer = await server.json<Investigation>('GET', `/api/v1/investigate?${query.toString()}`)
  return printData(
    { output: flags.output },
    {
      whole: answer,
      rows: itemsOf(answer),
      columns: ['time', 'until', 'lane', 'is', 'level', 'object', 'ref', 'text', 'actor', 'actor_ref', 'pos'],
      table: () => investigationText(answer),
    },
  )
}

function itemsOf({ lanes }: Investigation) {
  return lanes
    .flatMap(({ name, items }) => items.map((item) => ({ lane: name, ...item })))
    .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
}

const states: Readonly<Record<Exclude<Lane['state'], 'shown'>, string>> = {
  empty: 'nothing in this time',
  'not-collected': 'not collected',
  'not-permitted': 'not permitted',
  'not-applicable': 'not applicable',
}

export function investigationText(answer: Investigation): string {
  const { subject, span, lanes } = answer
  const rows = itemsOf(answer).map(({ time, lane, object, text, actor }) => [
    timeText(time),
    lane,
    oneLine(object),
    oneLine(text),
    oneLine(actor ?? ''),
  ])
  const traffic = lanes.find(({ name }) => name === 'traffic')
  const without = lanes.flatMap(({ name, state, note }) =>
    state === 'shown' ? [] : [`${name}: ${states[state]}${note === null ? '' : `. ${oneLine(note)}`}\n`],
  )
  return [
    `${oneLine(subject.text)}, ${timeText(span.from)} to ${timeText(span.to)} UTC`,
    traffic?.state === 'shown' ? `, ${traffic.total.toLocaleString('en-US')} flows\n` : '\n',
    ...measureTexts(answer).map(({ lane, text }) => `${lane}: ${text}\n`),
    rows.length === 0 ? '' : `\n${textTable(['time (UTC)', 'kind', 'object', 'event', 'by'], rows)}`,
    without.length === 0 ? '' : `\n${without.join('')}`,
  ].join('')
}
