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
    .description('List the fields of flows; names are the same in SQL.')
    .addOption(new Option('--format <FORMAT>', 'output format').choices(['json', 'table']))
    .addHelpText(
      'after',
      "\nExamples:\n  $ weir fields\n  $ weir fields --format json | jq -r '.fields[].name'\n\nExit code: 0 " +
        'success, 2 usage error.',
    )
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
