import type { Command } from 'commander'
import { action, requireServer, withServerFlags, type Server, type ServerFlags } from './client.ts'
import type { InventoryDiff, InventoryPage, InventoryResource } from '../topics/inventory/schema.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { parametersOf, timeText } from './scope-flags.ts'
import { diffData } from './inventory-diff.ts'
import { oneLine, textTable } from './text-table.ts'
import { examples } from './examples.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly at?: string
  readonly kind?: string
  readonly filter?: string
  /** The earlier time. */
  readonly diff?: string
}

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('inventory')
        .description('List resources of clouds as of a time; with a reference, show one resource.')
        .argument('[ref]', 'the resource, as aws:123456789012/eu-central-1/instance/i-0abc'),
    ),
  )
    .option('--filter <FILTER>', 'filter (see `weir help filters`)')
    .option('--at <TIME>', 'time: now-1h, ISO 8601 or Unix milliseconds (default: now)')
    .option('--provider <NAMES>', 'providers; comma-separated')
    .option('--account <IDS>', 'accounts; comma-separated')
    .option('--region <NAMES>', 'regions; comma-separated')
    .option('-k, --kind <TYPES>', 'types: instance, volume, ip_address …; comma-separated')
    .option('--state <STATES>', 'states; comma-separated')
    .option('--finding <FINDINGS>', 'detached, unused, no_targets, stopped, old_snapshot, untagged; comma-separated')
    .option('--text <TEXT>', 'text to search')
    .option('--limit <N>', 'maximum number', '100')
    .option('--diff <TIME>', 'list what was created, deleted and changed between this time and --at')
    .addHelpText(
      ...examples(
        [
          'weir inventory --kind instance,volume --account 123456789012',
          `weir inventory --filter 'exists(finding) and tag = "team=shop"' --at now-1d -o csv`,
          'weir inventory aws:123456789012/eu-central-1/instance/i-0abc',
          'weir inventory --kind instance --diff now-1d',
        ],
        { 1: 'server unreachable or resource unknown' },
      ),
    )
    .action(action(run))
}

const columns = ['provider', 'account', 'region', 'type', 'id', 'name', 'state', 'size', 'created', 'finding', 'ref']
const parameters = ['filter', 'at', 'provider', 'account', 'region', 'type', 'state', 'finding', 'text', 'limit']

async function run(ref: string | undefined, flags: Flags) {
  const server = await requireServer(flags)
  if (flags.diff !== undefined) return compare(server, { ...flags, diff: flags.diff }, ref)
  if (ref !== undefined) {
    const query = new URLSearchParams({ ref, ...(flags.at === undefined ? {} : { at: flags.at }) })
    const resource = await server.json<InventoryResource>('GET', `/api/v1/inventory/one?${query.toString()}`)
    return printData(flags, {
      whole: resource,
      rows: resource.changes,
      columns: ['time', 'operation', 'state', 'actor', 'audit', 'changes'],
      table: () => oneText(resource),
    })
  }
  const query = parametersOf({ ...flags, type: flags.kind }, parameters)
  const page = await server.json<InventoryPage>('GET', `/api/v1/inventory?${query.toString()}`)
  await printData(flags, { whole: page, rows: page.resources, columns, table: () => listText(page) })
}

async function compare(server: Server, flags: Flags & { readonly diff: string }, ref: string | undefined) {
  const { diff: from, at: to = 'now', filter, kind: type } = flags
  const condition = ref === undefined ? [] : [`ref = ${JSON.stringify(ref)}`]
  const filters = [...(filter === undefined ? [] : [`(${filter})`]), ...condition].join(' and ')
  const query = parametersOf({ ...flags, from, to, type, filter: filters }, ['from', 'to', ...parameters])
  query.delete('at')
  const diff = await server.json<InventoryDiff>('GET', `/api/v1/inventory/diff?${query.toString()}`)
  return printData(flags, diffData(diff))
}

const text = (value: string | null): string => oneLine(value ?? '')

function listText({ resources, next, at, total }: InventoryPage): string {
  if (resources.length === 0) return `No matching resources at ${timeText(at)} UTC.\n`
  const rows = resources.map((row) => [
    text(row.provider),
    text(row.account),
    text(row.region),
    text(row.type),
    text(row.name),
    text(row.id),
    text(row.state),
    text(row.size),
    text(row.finding),
  ])
  const more = next === null ? '' : `\n${total ?? 'More'} in total; --limit shows more.\n`
  const head = ['provider', 'account', 'region', 'type', 'name', 'id', 'state', 'size', 'finding']
  return textTable(head, rows) + more
}

function oneText({ ref, at, now, changes, relations, costs, traffic }: InventoryResource): string {
  const state = now === null ? 'does not exist' : [text(now.state), text(now.finding)].join(' ').trim()
  const sums = (costs ?? []).map((row) => `${text(row.billed)} ${text(row.currency)}`)
  return [
    `${oneLine(ref)} at ${timeText(at)} UTC: ${state}\n`,
    ...(sums.length === 0 ? [] : [`Costs of 30 days: ${sums.join(', ')}\n`]),
    ...(traffic === null
      ? []
      : [
          `Traffic of node ${text(traffic.node)} in an hour: ${text(traffic.sent)} bytes sent, ` +
            `${text(traffic.received)} bytes received\n`,
        ]),
    ...(relations.length === 0
      ? []
      : [
          `Relations\n${textTable(
            ['from', 'relation', 'to'],
            relations.map((row) => [text(row.from), text(row.relation), text(row.to)]),
          )}`,
        ]),
    ...(changes.length === 0
      ? []
      : [
          `Changes\n${textTable(
            ['time (UTC)', 'operation', 'state', 'actor', 'fields'],
            changes.map((row) => [
              timeText(row.time),
              text(row.operation),
              text(row.state),
              text(row.actor),
              (row.changes ?? []).map(({ path }) => text(path)).join(' '),
            ]),
          )}`,
        ]),
  ].join('\n')
}
