import { Argument, type Command } from 'commander'
import type { Pipeline } from '../engine/control.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { examples } from './examples.ts'
import type { Exporters } from '../topics/exporters/schema.ts'
import type { Incidents } from '../topics/incidents/schema.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'

const idKinds = ['sources', 'sinks', 'streams', 'exporters', 'incidents'] as const
export type IdKind = (typeof idKinds)[number]

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('ids')
        .description(
          'List ids of the running server, one per line. Shell completion uses it. `streams` are sources and sinks, ' +
            '`exporters` are addresses, `incidents` are ids of incidents.',
        )
        .addArgument(new Argument('<kind>', 'kind of the ids').choices(idKinds)),
    ),
  )
    .addHelpText(
      ...examples(['weir ids sinks', 'weir ids exporters --data /var/lib/weir'], { 1: 'server unreachable' }),
    )
    .action(action(run))
}

async function run(kind: IdKind, { output, ...flags }: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const ids = new Set<string>()
  if (kind === 'exporters') {
    const { sources } = await server.json<Exporters>('GET', '/api/v1/exporters')
    for (const { exporters } of sources) for (const { address } of exporters) ids.add(address)
  } else if (kind === 'incidents') {
    const { incidents } = await server.json<Incidents>('GET', '/api/v1/incidents')
    for (const { id } of incidents) ids.add(id)
  } else {
    const { sources, sinks } = await server.json<Pipeline>('GET', '/api/v1/pipeline')
    if (kind !== 'sinks') for (const { name } of sources) ids.add(name)
    if (kind !== 'sources') for (const { name } of sinks) ids.add(name)
  }
  await printData(
    { output },
    {
      whole: [...ids],
      rows: [...ids].map((id) => ({ id })),
      columns: ['id'],
      table: () => [...ids].map((id) => `${id}\n`).join(''),
    },
  )
}

/** Kind of the ids that an argument or the value of an option takes. */
export function idsOf(command: string, argument: string): IdKind | undefined {
  if (argument === '--sink') return 'sinks'
  if (argument === '--source' && /^(?:exporters|journal export)$/.test(command)) return 'sources'
  if (argument === 'sink' && command.startsWith('dead-letters ')) return 'sinks'
  const places: Readonly<Record<string, IdKind>> = {
    'sink forget name': 'sinks',
    'tap name': 'streams',
    'exporters address': 'exporters',
    'incidents show id': 'incidents',
    'incidents history id': 'incidents',
    'incidents export id': 'incidents',
  }
  return places[`${command} ${argument}`]
}
