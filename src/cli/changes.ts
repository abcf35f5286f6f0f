import { Option, type Command } from 'commander'
import type { ChangePage, ChangeRow } from '../topics/changes/schema.ts'
import { action, requireServer, withServerFlags } from './client.ts'
import {
  objectText,
  parametersOf,
  scopeNames,
  timeText,
  withFilter,
  withScopeFlags,
  withWords,
  type ScopeFlags,
} from './scope-flags.ts'
import { printData } from './output.ts'
import { oneLine, textTable } from './text-table.ts'
import { examples } from './examples.ts'

/** The columns of the table. */
type Listed = Pick<ChangePage, 'next' | 'hidden'> &
  Readonly<{
    changes: readonly Pick<
      ChangeRow,
      'time' | 'kind' | 'namespace' | 'name' | 'operation' | 'actor' | 'actor_kind' | 'paths'
    >[]
  }>

export function register(program: Command): void {
  withServerFlags(
    withScopeFlags(
      withWords(
        program
          .command('changes')
          .description('List changes of Kubernetes objects, newest first, with the changed fields and the actor.'),
      ),
    )
      .option('--filter <FILTER>', 'filter (see `weir help filters`)')
      .option('--operation <NAMES>', 'created, updated or deleted; comma-separated')
      .option('--actor <NAMES>', 'users or field managers; comma-separated')
      .option('--from <TIME>', 'start: now-1h, ISO 8601 or Unix milliseconds (default: now-24h)')
      .option('--to <TIME>', 'end (default: now)')
      .addOption(
        new Option('--noise <RULE>', 'changes without meaning, such as heartbeats').choices(['hidden', 'shown']),
      ),
  )
    .addHelpText(
      ...examples(
        [
          'weir changes checkout replicas',
          'weir changes --namespace shop --from now-1h',
          'weir changes --kind Deployment,StatefulSet --actor alice',
          "weir changes --filter 'kind = Deployment and paths ~ image'",
          "weir changes -o json | jq '.changes[].diff'",
        ],
        { 1: 'server unreachable' },
      ),
    )
    .action(action(run))
}

async function run(words: readonly string[], given: ScopeFlags) {
  const flags = withFilter(words, given)
  const server = await requireServer(flags)
  const query = parametersOf(flags, [...scopeNames, 'filter', 'operation', 'actor', 'from', 'to', 'noise'])
  const page = await server.json<ChangePage>('GET', `/api/v1/changes?${query.toString()}`)
  await printData(flags, {
    whole: page,
    rows: page.changes,
    columns: ['time', 'operation', 'cluster', 'group', 'kind', 'namespace', 'name', 'actor', 'actor_kind', 'paths'],
    table: () => changesText(page),
  })
}

const maxPaths = 3

export function changesText({ changes, next, hidden }: Listed): string {
  const rows = changes.map(({ time, operation, kind, actor, actor_kind: actorKind, paths, ...object }) => [
    timeText(time),
    operation ?? '',
    kind,
    oneLine(objectText(object)),
    oneLine(actor === null ? '' : actorKind === 'user' ? actor : `(${actor})`),
    oneLine(
      `${paths.slice(0, maxPaths).join(' ')}${paths.length > maxPaths ? ` and ${paths.length - maxPaths} more` : ''}`,
    ),
  ])
  const rules = Object.entries(hidden?.rules ?? {}).map(([rule, count]) => `${rule} ${count}`)
  return [
    rows.length === 0
      ? 'No matching changes.\n'
      : textTable(['time (UTC)', 'operation', 'kind', 'object', 'by', 'fields'], rows),
    ...(hidden !== undefined && hidden.total > 0
      ? [`\n${hidden.total} more are hidden as noise (${rules.join(', ')}); --noise shown shows them.\n`]
      : []),
    ...(next === null ? [] : ['\nOlder changes exist; --limit shows more, --to ends earlier.\n']),
  ].join('')
}
