import { Option, type Command } from 'commander'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { printData, withOutput, type OutputFlags, type Row } from './output.ts'
import { parametersOf } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'
import { examples } from './examples.ts'

type Sum = Readonly<{ cost: string; estimated: string }>
type Answer = Readonly<{
  span: Readonly<{ from: string; to: string }>
  by: string
  currencies: readonly (Sum &
    Readonly<{
      currency: string
      groups: readonly (Sum & Readonly<{ value: string | null; name: string | null }>)[]
      others: Sum & Readonly<{ groups: number }>
    }>)[]
}>

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program.command('spend').description('Sum costs by provider, account, service, region, resource or tag.'),
    ),
  )
    .option('--by <GROUP>', 'provider, account, sub_account, service, region, resource, … or tag:NAME', 'provider')
    .option('--from <DAY>', 'first day or month (default: this month)')
    .option('--to <DAY>', 'day or month after the last one (default: tomorrow)')
    .option('--provider <NAMES>', 'providers; comma-separated')
    .option('--account <IDS>', 'billing accounts; comma-separated')
    .option('--service <NAMES>', 'services; comma-separated')
    .option('--region <NAMES>', 'regions; comma-separated')
    .option('--currency <CODES>', 'currencies; comma-separated')
    .option('--resource <IDS>', 'resources; comma-separated')
    .addOption(new Option('--cost <COST>', 'cost of FOCUS').choices(['billed', 'effective', 'list']))
    .option('--limit <N>', 'maximum number of groups of a currency', '20')
    .addHelpText(
      ...examples(
        [
          'weir spend --by service --from 2026-10 --to 2026-11',
          'weir spend --by tag:team --account 123456789012 -o csv',
        ],
        { 1: 'server unreachable' },
      ),
    )
    .action(action((flags: ServerFlags & OutputFlags) => run(flags)))
}

const parameters = [
  'by',
  'from',
  'to',
  'provider',
  'account',
  'service',
  'region',
  'currency',
  'resource',
  'cost',
  'limit',
] as const

async function run(flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const answer = await server.json<Answer>('GET', `/api/v1/spend?${parametersOf(flags, parameters).toString()}`)
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
        : currencies.map((one) => text(one, by)).join('\n'),
  })
}

/** Decimals are cut to the cent for reading; `-o json` has all of them. */
function cents(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return `${whole}.${fraction.slice(0, 2).padEnd(2, '0')}`
}

function text({ currency, groups, others, cost, estimated }: Answer['currencies'][number], by: string): string {
  const lines = groups.map(({ value, name, ...sum }) => [
    oneLine(name === null ? (value ?? '(none)') : `${name} (${value})`),
    cents(sum.cost),
    cents(sum.estimated),
  ])
  if (others.groups > 0) lines.push([`${others.groups} others`, cents(others.cost), cents(others.estimated)])
  lines.push(['total', cents(cost), cents(estimated)])
  return textTable([by, currency, 'estimated'], lines)
}
