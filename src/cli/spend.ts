import { Option, type Command } from 'commander'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { printData, withOutput, type OutputFlags, type Row } from './output.ts'
import { parametersOf } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'
import { cents, forecastData, moversData, tagsData } from './spend-outlook.ts'
import type { SpendForecast, SpendMovers, SpendSums, SpendTags } from '../topics/spend/schema.ts'
import { examples } from './examples.ts'

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('spend')
        .description('Sum costs by provider, account, service, region, resource, workload, team or tag.'),
    ),
  )
    .option(
      '--by <GROUP>',
      'provider, account, service, region, resource, namespace, workload, team, … or tag:NAME',
      'provider',
    )
    .option('--from <DAY>', 'first day or month (default: this month)')
    .option('--to <DAY>', 'day or month after the last one (default: tomorrow)')
    .option('--provider <NAMES>', 'providers; comma-separated')
    .option('--account <IDS>', 'billing accounts; comma-separated')
    .option('--service <NAMES>', 'services; comma-separated')
    .option('--region <NAMES>', 'regions; comma-separated')
    .option('--currency <CODES>', 'currencies; comma-separated')
    .option('--resource <IDS>', 'resources; comma-separated')
    .option('--namespace <NAMES>', 'namespaces of Kubernetes; comma-separated')
    .option('--workload <NAMES>', 'workloads of Kubernetes; comma-separated')
    .option('--team <NAMES>', 'teams; comma-separated')
    .option('--tag <PAIRS>', 'tags as NAME=VALUE, or NAME= for costs without it; comma-separated')
    .addOption(new Option('--cost <COST>', 'cost of FOCUS').choices(['billed', 'effective', 'list']))
    .option('--limit <N>', 'maximum number of groups of a currency', '20')
    .addOption(new Option('--forecast', 'show the expected costs of a month and its budgets').conflicts('movers'))
    .addOption(new Option('--tags', 'list the keys of tags with their coverage').conflicts(['movers', 'forecast']))
    .option('--month <MONTH>', 'month of the forecast, as 2026-11 (default: this month)')
    .option('--movers', 'show the largest rises and falls since the period before')
    .option('--before-from <DAY>', 'first day or month of the earlier period')
    .option('--before-to <DAY>', 'day or month after the earlier period')
    .addHelpText(
      ...examples(
        [
          'weir spend --by service --from 2026-10 --to 2026-11',
          'weir spend --by tag:team --account 123456789012 -o csv',
          'weir spend --tags',
          'weir spend --by workload --tag env=prod',
          'weir spend --forecast',
          'weir spend --movers --by service --from 2026-10 --to 2026-11',
        ],
        { 1: 'server unreachable' },
      ),
    )
    .action(action((flags: Flags) => run(flags)))
}

interface Flags extends ServerFlags, OutputFlags {
  readonly forecast?: boolean
  readonly movers?: boolean
  readonly tags?: boolean
  readonly beforeFrom?: string
  readonly beforeTo?: string
}

const filters = [
  'provider',
  'account',
  'service',
  'region',
  'currency',
  'resource',
  'namespace',
  'workload',
  'team',
  'tag',
  'cost',
] as const

async function run(flags: Flags) {
  const server = await requireServer(flags)
  if (flags.forecast === true) {
    const query = parametersOf(flags, [...filters, 'month']).toString()
    return printData(flags, forecastData(await server.json<SpendForecast>('GET', `/api/v1/spend/forecast?${query}`)))
  }
  if (flags.tags === true) {
    const query = parametersOf(flags, [...filters, 'from', 'to', 'limit']).toString()
    return printData(flags, tagsData(await server.json<SpendTags>('GET', `/api/v1/spend/tags?${query}`)))
  }
  const query = parametersOf(flags, [...filters, 'by', 'from', 'to', 'limit']).toString()
  if (flags.movers === true) {
    const { beforeFrom: before_from, beforeTo: before_to } = flags
    const earlier = parametersOf({ before_from, before_to }, ['before_from', 'before_to'])
    const path = `/api/v1/spend/movers?${[query, earlier].join('&')}`
    return printData(flags, moversData(await server.json<SpendMovers>('GET', path)))
  }
  const answer = await server.json<SpendSums>('GET', `/api/v1/spend?${query}`)
  const { by, span, currencies } = answer
  const rows: Row[] = currencies.flatMap(({ currency, groups }) =>
    groups.map(({ value, name, cost, estimated }) => ({ currency, [by]: value, name, cost, estimated })),
  )
  await printData(flags, {
    whole: answer,
    rows,
    columns: ['currency', by, 'name', 'cost', 'estimated'],
    table: () =>
      rows.length === 0
        ? `No costs from ${span.from} to ${span.to}.\n`
        : currencies.map((currency) => text(currency, by)).join('\n'),
  })
}

function text({ currency, groups, others, cost, estimated }: SpendSums['currencies'][number], by: string): string {
  const lines = groups.map(({ value, name, ...sum }) => [
    oneLine(name === null ? (value ?? '(none)') : `${name} (${value})`),
    cents(sum.cost),
    cents(sum.estimated),
  ])
  if (others.groups > 0) lines.push([`${others.groups} others`, cents(others.cost), cents(others.estimated)])
  lines.push(['total', cents(cost), cents(estimated)])
  return textTable([by, currency, 'estimated'], lines)
}
