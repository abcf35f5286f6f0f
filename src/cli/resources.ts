import type { Command } from 'commander'
import { action, CommandError, requireServer, withServerFlags } from './client.ts'
import type { Relation, Resource, ResourcePage, ResourceRow } from '../topics/resources/schema.ts'
import { changesText } from './changes.ts'
import { objectText, parametersOf, scopeNames, timeText, withScopeFlags, type ScopeFlags } from './scope-flags.ts'
import { printData } from './output.ts'
import { oneLine, textTable } from './text-table.ts'
import { examples } from './examples.ts'

interface Flags extends ScopeFlags {
  readonly at?: string
  readonly manifest?: boolean
}

export function register(program: Command): void {
  withServerFlags(
    withScopeFlags(
      program
        .command('resources')
        .description('List Kubernetes objects as of a time; with a reference, show one object.')
        .argument('[ref]', 'the object, as k8s:prod-eu//Pod/shop/web-1'),
    )
      .option('--filter <FILTER>', 'filter (see `weir help filters`)')
      .option('--at <TIME>', 'time: now-1h, ISO 8601 or Unix milliseconds (default: now)')
      .option(
        '--manifest',
        'print the manifest of the object at that time, as YAML unless -o is given; requires a reference',
      )
      .option('--node <NAMES>', 'pods on these nodes; comma-separated')
      .option('--phase <NAMES>', 'pods in these phases; comma-separated')
      .option('--owner <NAMES>', 'names of owners; comma-separated'),
  )
    .addHelpText(
      ...examples(
        [
          'weir resources --kind Pod --namespace shop --at now-15m',
          `weir resources --filter 'kind = Pod and not phase = Running and label = "app=web"'`,
          'weir resources k8s:prod-eu//Pod/shop/web-1',
          'weir resources k8s:prod-eu/apps/Deployment/shop/web --at now-1h --manifest',
        ],
        { 1: 'server unreachable or object unknown' },
      ),
    )
    .action(action(run))
}

const objectColumns = [
  'cluster',
  'group',
  'kind',
  'namespace',
  'name',
  'uid',
  'phase',
  'status',
  'ready',
  'desired',
  'restarts',
  'node',
  'owner_kind',
  'owner_name',
]

async function run(ref: string | undefined, flags: Flags) {
  if (flags.manifest === true && ref === undefined)
    throw new CommandError(
      '--manifest requires the reference of an object.',
      ['For example: weir resources k8s:prod-eu//Pod/shop/web-1 --manifest'],
      2,
    )
  const server = await requireServer(flags)
  if (ref !== undefined) {
    const query = new URLSearchParams({ ref, ...(flags.at === undefined ? {} : { at: flags.at }) })
    const resource = await server.json<Resource>('GET', `/api/v1/resources/one?${query.toString()}`)
    if (flags.manifest === true) {
      if (resource.manifest === null)
        throw new CommandError(
          `There is no manifest of ${ref} at ${timeText(resource.at)} UTC. ${resource.manifest_note ?? ''}`,
        )
      const { manifest } = resource
      return printData(
        { output: flags.output === 'table' ? 'yaml' : flags.output },
        { whole: manifest, rows: [manifest], columns: Object.keys(manifest) },
      )
    }
    return printData(flags, {
      whole: resource,
      rows: resource.intervals,
      columns: ['valid_from', 'valid_to', ...objectColumns],
      table: () => resourceText(resource),
    })
  }
  const page = await server.json<ResourcePage>(
    'GET',
    `/api/v1/resources?${parametersOf(flags, [...scopeNames, 'filter', 'at', 'node', 'phase', 'owner']).toString()}`,
  )
  await printData(flags, {
    whole: page,
    rows: page.resources,
    columns: [...objectColumns, 'valid_from', 'valid_to'],
    table: () => resourcesText(page),
  })
}

const text = (value: string | null): string => oneLine(value ?? '')
const stateText = (now: Resource['now']) =>
  now === null ? 'does not exist' : text(now.status ?? now.phase) || 'exists'
const ownerText = ({ owner_kind: kind, owner_name: name }: ResourceRow) =>
  [text(kind), text(name)].filter((part) => part !== '').join(' ')

function resourcesText({ resources, next, at, total }: ResourcePage): string {
  if (resources.length === 0) return `No matching objects at ${timeText(at)} UTC.\n`
  const rows = resources.map((row) => [
    text(row.cluster),
    text(row.kind),
    oneLine(objectText(row)),
    text(row.status ?? row.phase),
    row.desired === null ? '' : `${row.ready ?? '?'}/${row.desired}`,
    row.restarts === null ? '' : String(row.restarts),
    text(row.node),
    ownerText(row),
    timeText(row.valid_from),
  ])
  const more = next === null ? '' : `\n${total ?? 'More'} in total; --limit shows more.\n`
  return (
    textTable(['cluster', 'kind', 'object', 'status', 'ready', 'restarts', 'node', 'owner', 'since (UTC)'], rows) + more
  )
}

function resourceText({
  ref,
  at,
  now,
  versions,
  intervals,
  owners,
  owned,
  relations,
  changes,
  events,
}: Resource): string {
  const related = (title: string, rows: readonly Relation[]) =>
    rows.length === 0
      ? []
      : [
          `${title}\n${textTable(
            ['from', 'relation', 'to', 'since (UTC)'],
            rows.map((row) => [text(row.from), text(row.relation), text(row.to), timeText(row.valid_from)]),
          )}`,
        ]
  const was = intervals.map((row) => [
    timeText(row.valid_from),
    timeText(row.valid_to),
    text(row.status ?? row.phase),
    text(row.node),
    ownerText(row),
    text(row.uid),
  ])
  return [
    `${oneLine(ref)} at ${timeText(at)} UTC: ${stateText(now)}\n`,
    ...(was.length === 0 ? [] : [textTable(['from (UTC)', 'to', 'status', 'node', 'owner', 'uid'], was)]),
    ...(versions.length === 0
      ? []
      : [
          `Versions\n${textTable(
            ['from (UTC)', 'to', 'version', 'by', 'images'],
            versions.map((row) => [
              timeText(row.valid_from),
              timeText(row.valid_to),
              text(row.resource_version),
              text(row.operation),
              oneLine(row.images.join(' ')),
            ]),
          )}`,
        ]),
    ...related('Owners', owners),
    ...related('Owns', owned),
    ...related('Relations', relations),
    ...(changes.length === 0 ? [] : [`Changes\n${changesText({ changes, next: null })}`]),
    ...(events.length === 0
      ? []
      : [
          `Events\n${textTable(
            ['time (UTC)', 'type', 'reason', 'message'],
            events.map((row) => [timeText(row.time), text(row.type), text(row.reason), text(row.message)]),
          )}`,
        ]),
  ].join('\n')
}
