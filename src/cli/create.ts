import { Option, type Command } from 'commander'
import { self } from '../host/process.ts'
import { action, CommandError } from './client.ts'
import type { Component } from '../app/components.ts'
import type { AnyComponentSchema } from '../schema/index.ts'
import { printData, withOutput, type OutputFlags, type OutputFormat, type Row } from './output.ts'
import { examples } from './examples.ts'
import { packagesOption, usePackagesOf } from './packages-of.ts'

/** Folders of tools/connector-template: how data arrives, or that it leaves. */
const connectorKinds = ['push', 'poll', 'stream', 'sink'] as const
export type ConnectorKind = (typeof connectorKinds)[number]

interface CreateFlags extends OutputFlags {
  readonly id?: string
  readonly connector?: string
  readonly package?: true
  readonly template?: ConnectorKind
  readonly config: readonly string[]
}

export function register(program: Command): void {
  withOutput(
    program
      .command('create')
      .description(
        'Print a commented sample of a component for the configuration file. Without a name, list all ' +
          'components. With --connector, create a new connector, in a checkout or as an npm package.',
      )
      .argument('[component]', 'name of a component')
      .option('--id <ID>', 'id of the entry (default: the name of its type)')
      .option(
        '--connector <NAME>',
        'create src/connectors/NAME with a working source or sink, in the checkout of the working directory',
      )
      .addOption(
        new Option(
          '--template <KIND>',
          'with --connector: `push` is a server that clients post to (default), `poll` polls an API, `stream` reads ' +
            'a WebSocket, `sink` posts to an API',
        ).choices(connectorKinds),
      )
      .option('--package', 'with --connector: create the npm package weir-connector-NAME in the working directory')
      .option(...packagesOption),
  )
    .addHelpText(
      ...examples(
        [
          'weir create',
          'weir create sink/nats --id bus >> weir.yaml',
          'weir create --connector my-system --template poll',
          'weir create --connector my-system --package',
        ],
        {
          2: 'unknown component or usage error',
        },
      ),
    )
    .action(action(run))
}

async function run(name: string | undefined, flags: CreateFlags) {
  const { id, connector, package: isPackage, template, config, output } = flags
  if (isPackage === true && connector === undefined)
    throw new CommandError('--package needs --connector.', ['Add --connector NAME.'], 2)
  if (template !== undefined && (connector === undefined || isPackage === true))
    throw new CommandError('--template needs --connector without --package.', ['A package has a source and a sink.'], 2)
  if (connector !== undefined) return create(connector, isPackage === true ? 'package' : (template ?? 'push'), output)
  await usePackagesOf(config)
  const [{ components }, { findComponent }] = await Promise.all([
    import('../app/components.ts'),
    import('./find-component.ts'),
  ])
  if (name === undefined)
    return printList(
      { output },
      components().map((component) => ({
        component: component.name,
        role: component.role,
        summary: component.summary,
      })),
    )
  if (output !== 'table' && output !== 'yaml')
    throw new CommandError('A sample is commented YAML and has no other format.', ['Omit -o.'], 2)
  const component = findComponent(name)
  if (id !== undefined && component.under === undefined)
    throw new CommandError(`\`${component.name}\` has no id.`, ['Omit --id.'], 2)
  if (id !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(id)) {
    throw new CommandError(
      `\`${id}\` is not an id.`,
      ['Use letters, digits, `-` and `_`, at most 63 of them, a letter or digit first.'],
      2,
    )
  }
  self.stdout(await componentSample(component, id ?? component.type))
}

async function printList({ output }: OutputFlags, rows: readonly Row[]) {
  await printData({ output }, { whole: rows, rows, columns: Object.keys(rows[0] ?? {}) })
}

async function create(connector: string, kind: ConnectorKind | 'package', output: OutputFormat) {
  const { files, next } = kind === 'package' ? await newPackage(connector) : await newConnector(connector, kind)
  if (output !== 'table')
    return printList(
      { output },
      files.map((file) => ({ file })),
    )
  self.stdout(`${files.join('\n')}\n\nNext:\n${next.map((command) => `  $ ${command}\n`).join('')}`)
}

type Created = Readonly<{ files: readonly string[]; next: readonly string[] }>

async function newConnector(name: string, kind: ConnectorKind): Promise<Created> {
  const { createConnector } = await import('./create-connector.ts')
  const vitest = 'npx vitest run --reporter=default --reporter=test/kit/support-reporter.ts'
  return {
    files: await createConnector(name, kind),
    next: ['npm run format', `${vitest} src/connectors/${name}`, 'npm run docs', 'npm run check'],
  }
}

async function newPackage(name: string): Promise<Created> {
  const { createPackage } = await import('./create-package.ts')
  const { folder, files } = await createPackage(name)
  return { files, next: [`cd ${folder}`, 'npm install', 'npm run check && npm test', 'npm run build'] }
}

/** Returns a valid configuration of one component. It stays valid when its comments are enabled. */
export async function componentSample({ type, under, schema, entry, summary }: Component, id: string): Promise<string> {
  const { sample } = await import('../schema/index.ts')
  if (under === undefined) return type === 'weir' ? wholeSample(sample) : sample(schema)
  const [, ...own] = sample(schema).trimEnd().split('\n')
  const shared = Object.keys(entry.fields).filter((key) => !Object.hasOwn(schema.fields, key))
  const lines = [
    `type: ${type}`,
    ...(under === 'transforms' ? ['from: [http]'] : []),
    ...own.filter((line) => line !== ''),
    ...(shared.length === 0 ? [] : [`# It also supports ${shared.join(', ')}: \`weir create delivery\` prints them.`]),
  ]
  return [`# ${summary}.`, `${under}:`, `  ${id}:`, ...lines.map((line) => `    ${line}`), ''].join('\n')
}

async function wholeSample(sample: (schema: AnyComponentSchema) => string): Promise<string> {
  const [{ weirSchema }, { defineSchema, infoOf }] = await Promise.all([
    import('../app/config.ts'),
    import('../schema/index.ts'),
  ])
  const entries = Object.entries(weirSchema.fields).filter(([, field]) => infoOf(field).kind === 'components')
  const settings = Object.entries(weirSchema.fields).filter(([key]) => !entries.some(([entry]) => entry === key))
  const { type, role, summary } = weirSchema
  const settingsText = sample(defineSchema({ type, role, summary, fields: Object.fromEntries(settings) }))
  return `${settingsText}${entries
    .map(([key, field]) => `# ${infoOf(field).description}. \`weir create\` lists all types.\n${key}: {}\n`)
    .join('')}`
}
