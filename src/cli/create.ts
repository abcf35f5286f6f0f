import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { action, CommandError } from './client.ts'
import type { Component } from './components.ts'
import { textTable } from './text-table.ts'

interface CreateFlags {
  readonly id?: string
}

export function register(program: Command): void {
  program.command('create')
    .description('Print a commented sample of a component, ready for the configuration file; without a name, list all.')
    .argument('[component]', 'name of a component')
    .option('--id <ID>', 'id of the entry (default: the name of its type)')
    .addHelpText('after', `
Examples:
  $ weir create
  $ weir create nats --id bus >> weir.yaml`)
    .action(action(run))
}

async function run(name: string | undefined, { id }: CreateFlags): Promise<void> {
  const { components, findComponent } = await import('./components.ts')
  if (name === undefined) return self.stdout(textTable(['component', 'kind', 'what it does'], components().map((one) => [one.name, one.role, one.summary])))
  const component = findComponent(name)
  if (id !== undefined && component.under === undefined) throw new CommandError(`\`${component.name}\` has no id.`, ['Leave out --id.'], 2)
  if (id !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(id)) {
    throw new CommandError(`\`${id}\` is not an id.`, ['Use letters, digits, `-` and `_`, at most 63 of them, a letter or digit first.'], 2)
  }
  self.stdout(await componentSample(component, id ?? component.type))
}

/** A piece of configuration that is valid by itself, and stays valid with what it shows as comments. */
export async function componentSample({ type, under, schema, entry, summary }: Component, id: string): Promise<string> {
  const { sample } = await import('../schema/index.ts')
  if (under === undefined) return sample(schema)
  const [, ...own] = sample(schema).trimEnd().split('\n')
  const shared = Object.keys(entry.fields).filter((key) => !Object.hasOwn(schema.fields, key))
  const lines = [
    `type: ${type}`, ...(under === 'transforms' ? ['from: [http]'] : []), ...own.filter((line) => line !== ''),
    ...(shared.length === 0 ? [] : [`# It may also have ${shared.join(', ')}: \`weir create delivery\` shows them.`]),
  ]
  return [`# ${summary}.`, `${under}:`, `  ${id}:`, ...lines.map((line) => `    ${line}`), ''].join('\n')
}
