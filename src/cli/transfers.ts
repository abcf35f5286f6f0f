import { Option, type Command } from 'commander'
import { transferGroups, type Transfers, type Unpriced } from '../topics/transfers/schema.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { examples } from './examples.ts'
import { printData, withOutput, type OutputFlags, type Row } from './output.ts'
import { parametersOf } from './scope-flags.ts'
import { cents } from './spend-outlook.ts'
import { oneLine, textTable } from './text-table.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly by: string
}

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('transfers')
        .description('Sum the money of transfers between zones, to the internet, through NAT and load balancers.'),
    ),
  )
    .addOption(new Option('--by <GROUP>', 'group of the sums').choices([...transferGroups]).default('pair'))
    .option('--from <TIME>', 'start: now-24h, ISO 8601 or Unix milliseconds (default: now-24h)')
    .option('--to <TIME>', 'end (default: now)')
    .option('--filter <FILTER>', 'filter of flows (see `weir help filters`)')
    .addOption(new Option('--reporters <REPORTERS>', 'reports of a flow that count').choices(['one', 'all']))
    .option('--limit <N>', 'maximum number of groups of a currency', '20')
    .addHelpText(
      ...examples(['weir transfers --from now-7d', "weir transfers --by team --filter 'src.ns = shop' -o csv"], {
        1: 'server unreachable',
      }),
    )
    .action(action((flags: Flags) => run(flags)))
}

const parameters = ['by', 'from', 'to', 'filter', 'reporters', 'limit'] as const

async function run(flags: Flags) {
  const server = await requireServer(flags)
  const query = parametersOf(flags, parameters).toString()
  const answer = await server.json<Transfers>('GET', `/api/v1/transfers?${query}`)
  const rows: Row[] = answer.currencies.flatMap(({ currency, groups }) =>
    groups.map(({ from, to, bytes, cost }) => ({ currency, from, to, bytes, cost })),
  )
  await printData(flags, {
    whole: answer,
    rows,
    columns: ['currency', 'from', 'to', 'bytes', 'cost'],
    table: () => [...answer.currencies.map((of) => sumsText(of, answer.by)), restText(answer)].join('\n'),
  })
}

function sumsText({ currency, groups, others, ...whole }: Transfers['currencies'][number], by: string): string {
  const kinds = whole.kinds.map(({ kind }) => kind)
  const line = (name: string, { cost, kinds: parts }: Pick<typeof whole, 'cost' | 'kinds'>): string[] => [
    name,
    cents(cost),
    ...kinds.map((kind) => cents(parts.find((part) => part.kind === kind)?.cost ?? '0')),
  ]
  const lines = groups.map(({ from, to, ...sums }) =>
    line(oneLine([from ?? '(none)', ...(to === null ? [] : [to])].join(' → ')), sums),
  )
  if (others.groups > 0) lines.push(line(`${others.groups} others`, others))
  lines.push(line('total', whole))
  return textTable([by, currency, ...kinds], lines)
}

function restText({ currencies, unpriced, invoice }: Transfers): string {
  const none = currencies.length + unpriced.length === 0 ? ['No flows in the time range.'] : []
  const missing = unpriced.map((part) => `Without price: ${bytesText(part)}, ${reasonText(part)}`)
  const lines = invoice.lines.map(
    ({ kind, computed, invoiced, difference, currency }) =>
      `${kind}, ${invoice.span?.from} to ${invoice.span?.to}: computed ${cents(computed)}, ` +
      `invoiced ${cents(invoiced)}, difference ${cents(difference)} ${currency}`,
  )
  return [...none, ...missing, ...lines, ''].join('\n')
}

const bytesText = ({ bytes, flows }: Unpriced): string => `${bytes} bytes of ${flows} flows`

function reasonText({ reason, list, kind, region }: Unpriced): string {
  const where = region === null ? '' : ` in ${region}`
  if (reason === 'no_price') return `list ${oneLine(list ?? '')} has no price for ${kind}${where}`
  return reason.replaceAll('_', ' ')
}
