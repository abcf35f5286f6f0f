import { Option } from 'commander'
import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { action } from './client.ts'

interface SchemaFlags {
  readonly format: 'json-schema' | 'markdown'
}

export function register(program: Command): void {
  program
    .command('schema')
    .description('Describe the configuration, or one component, for editors and people.')
    .argument('[component]', '`weir create` lists them (default: the whole configuration)')
    .addOption(
      new Option('--format <FORMAT>', 'form of the description')
        .choices(['json-schema', 'markdown'])
        .default('json-schema'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ weir schema > weir.schema.json
  $ weir schema sink/nats --format markdown`,
    )
    .action(action(run))
}

async function run(name: string | undefined, { format }: SchemaFlags): Promise<void> {
  const [{ findComponent }, { jsonSchema, reference }] = await Promise.all([
    import('./find-component.ts'),
    import('../schema/index.ts'),
  ])
  const { entry, summary } = findComponent(name ?? 'weir')
  self.stdout(
    format === 'markdown' ? `${summary}.\n\n${reference(entry)}` : `${JSON.stringify(jsonSchema(entry), null, 2)}\n`,
  )
}
