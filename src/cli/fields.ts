import { Option } from 'commander'
import type { Command } from 'commander'
import { self } from '../host/process.ts'
import type { Field } from '../model/fields.ts'
import { action } from './client.ts'
import { textTable } from './text-table.ts'

interface FieldsFlags {
  readonly format?: 'json' | 'table'
}

export function register(program: Command): void {
  program
    .command('fields')
    .description('What a flow can carry: the field registry, whose names are those of SQL.')
    .addOption(
      new Option('--format <FORMAT>', 'form of the answer (default: table on a terminal, else json)').choices([
        'json',
        'table',
      ]),
    )
    .addHelpText('after', "\nExamples:\n  $ weir fields\n  $ weir fields --format json | jq -r '.fields[].name'")
    .action(action(run))
}

async function run({ format }: FieldsFlags): Promise<void> {
  const { flowFields, registryVersion } = await import('../model/fields.ts')
  if ((format ?? (self.interactive ? 'table' : 'json')) === 'json')
    return self.stdout(`${JSON.stringify({ version: registryVersion, fields: flowFields })}\n`)
  const rows = (flowFields as readonly Field[]).map(({ name, kind, unit, netobserv, otel, meaning }) => [
    name,
    kind,
    unit ?? '',
    netobserv ?? '',
    otel ?? '',
    meaning,
  ])
  self.stdout(textTable(['field', 'kind', 'unit', 'NetObserv', 'OpenTelemetry', 'meaning'], rows))
}
