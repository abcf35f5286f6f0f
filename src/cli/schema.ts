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
    .description('Describe the configuration or one component.')
    .argument('[component]', 'name of a component from `weir create` (default: the whole configuration)')
    .addOption(
      new Option('--format <FORMAT>', 'output format').choices(['json-schema', 'markdown']).default('json-schema'),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ weir schema > weir.schema.json
  $ weir schema sink/nats --format markdown

Exit code: 0 success, 2 unknown component or usage error.`,
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
