import type { Command } from 'commander'
import type { Field } from '../model/fields.ts'
import { action } from './client.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { textTable } from './text-table.ts'
import { examples } from './examples.ts'

export function register(program: Command): void {
  withOutput(program.command('fields').description('List the fields of flows; names are the same in SQL.'))
    .addHelpText(...examples(['weir fields', "weir fields -o json | jq -r '.fields[].name'"]))
    .action(action(run))
}

async function run(flags: OutputFlags) {
  const { flowFields, registryVersion } = await import('../model/fields.ts')
  const rows = (flowFields as readonly Field[]).map(({ name, kind, unit, netobserv, otel, meaning }) => [
    name,
    kind,
    unit ?? '',
    netobserv ?? '',
    otel ?? '',
    meaning,
  ])
  await printData(flags, {
    whole: { version: registryVersion, fields: flowFields },
    rows: flowFields,
    columns: ['name', 'kind', 'unit', 'netobserv', 'otel', 'meaning'],
    table: () => textTable(['field', 'kind', 'unit', 'NetObserv', 'OpenTelemetry', 'meaning'], rows),
  })
}
