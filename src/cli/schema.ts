import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { action } from './client.ts'
import { printData, withOutput, type OutputFormat } from './output.ts'
import { examples } from './examples.ts'
import { packagesOption, usePackagesOf } from './packages-of.ts'

interface SchemaFlags {
  readonly output: OutputFormat | 'markdown'
  readonly config: readonly string[]
}

export function register(program: Command): void {
  withOutput(
    program
      .command('schema')
      .description('Describe the configuration or one component: as JSON Schema, as a list of settings or in Markdown.')
      .argument('[component]', 'name of a component from `weir create` (default: the whole configuration)')
      .option(...packagesOption),
    'json',
    ['markdown'],
  )
    .addHelpText(
      ...examples(['weir schema > weir.schema.json', 'weir schema sink/nats -o markdown'], {
        2: 'unknown component or usage error',
      }),
    )
    .action(action(run))
}

async function run(name: string | undefined, { output, config }: SchemaFlags) {
  await usePackagesOf(config)
  const [{ findComponent }, { jsonSchema, reference, settingRows }] = await Promise.all([
    import('./find-component.ts'),
    import('../schema/index.ts'),
  ])
  const { entry, summary } = findComponent(name ?? 'weir')
  if (output === 'markdown') return self.stdout(`${summary}.\n\n${reference(entry)}`)
  if (output === 'json') return self.stdout(`${JSON.stringify(jsonSchema(entry), null, 2)}\n`)
  const columns = ['field', 'type', 'default', 'description', 'example']
  const rows = settingRows(entry).map((cells) =>
    Object.fromEntries(columns.map((column, at) => [column, cells[at]?.replaceAll('`', '')])),
  )
  await printData({ output }, { whole: jsonSchema(entry), rows, columns })
}
