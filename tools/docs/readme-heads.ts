import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { components, type Component } from '../../src/app/components.ts'
import type { Idempotency } from '../../src/engine/contracts.ts'
import { loadSink } from '../../src/components/registry.ts'
import { manifests, transformSchemas } from '../../src/components/manifests.ts'
import { infoOf } from '../../src/schema/index.ts'
import type { MetricTable } from '../../src/telemetry/metric-table.ts'
import { ROOT } from '../kit/command.ts'
import { headingOf } from './components.ts'
import { anchor, code, table, withBlock } from './markdown.ts'
import { readSupport, supportColumns, supportRows } from './support.ts'

const onRedelivery: Readonly<Record<Idempotency, string>> = {
  token: 'with the same token for the same batch; the system stores it once',
  id: 'with the same id for the same row; the system or its consumers can deduplicate',
  transactional: 'a batch and its position are written in one transaction: no duplicates',
  none: 'a row may be written twice after an error or a crash',
}

type Home = Readonly<{
  folder: string
  components: readonly Component[]
  metrics?: MetricTable
}>

export function homes(): readonly Home[] {
  const all = components()
  const of = (role: Component['role'], types: readonly string[]): readonly Component[] =>
    all.filter((candidate) => candidate.role === role && types.includes(candidate.type))
  return [
    ...[...manifests].map(([folder, { source, sinks = [], metrics = {} }]) => ({
      folder: `src/connectors/${folder}`,
      metrics,
      components: [
        ...of('source', source === undefined ? [] : [source.schema.type]),
        ...of(
          'sink',
          sinks.map(({ type }) => type),
        ),
      ],
    })),
    ...Object.keys(transformSchemas).map((type) => ({
      folder: `src/transforms/${type}`,
      components: of('transform', [type]),
    })),
  ]
}

export async function readmeHead({ folder, components: declared, metrics = {} }: Home): Promise<string> {
  const name = folder.split('/').at(-1) ?? ''
  const page = await readFile(join(ROOT, folder, 'README.md'), 'utf8').catch(() => '')
  const pieces = await Promise.all(declared.map(pieceOf))
  const metricRows = Object.entries(metrics).map(([metric, { labels, help }]) => [
    code(metric),
    labels.map(code).join(' '),
    help,
  ])
  if (metricRows.length > 0) pieces.push(table(['Metric', 'Labels', 'Meaning'], metricRows))
  const content = `<!-- Generated from the manifest by \`npm run docs\`; write below. -->\n\n${pieces.join('\n')}`
  return withBlock(page, name, { name: 'generated', content })
}

async function pieceOf(component: Component): Promise<string> {
  const { role, type, summary, schema, under } = component
  const rows = [[`${role} ${code(type)}`, `${summary}`]]
  if (role === 'sink') {
    const { accepts, idempotency } = await loadSink(type)
    rows.push(['accepts', accepts.join(' and ')], ['redelivery', onRedelivery[idempotency]])
  }
  const required = Object.entries(schema.fields)
    .filter(([, field]) => infoOf(field).required || infoOf(field).usual === true)
    .map(([key, field]) => [key, infoOf(field).example])
  const entry = { ...(under === 'transforms' ? { from: ['http'] } : {}), ...(Object.fromEntries(required) as object) }
  const least = stringify({ [under ?? '']: { [type]: entry } }, { lineWidth: 0 }).replace(/: \{\}$/m, ': {}')
  return `${table(['', ''], rows)}
Minimal configuration ([all settings](../../../docs/reference/components/${type}.md#${anchor(headingOf(component))})):

\`\`\`yaml
${least.trim()}
\`\`\`
`
}

export const systemsFile = 'docs/reference/systems.md'

export async function systemsPage(): Promise<string> {
  const page = await readFile(join(ROOT, systemsFile), 'utf8').catch(() => '')
  const { names, results } = await readSupport(ROOT)
  return withBlock(page, 'Supported systems', {
    name: 'support',
    content: table([...supportColumns], supportRows(names, results)),
  })
}
