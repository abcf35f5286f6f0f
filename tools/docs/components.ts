import { components, type Component } from '../../src/app/components.ts'
import { errorTable, type ErrorCode } from '../../src/model/errors.ts'
import { manifests } from '../../src/components/manifests.ts'
import { infoOf, reference, type AnyComponentSchema, type FieldInfo } from '../../src/schema/index.ts'
import { ROOT } from '../kit/command.ts'
import { code, generatedHead, table, wrapped } from './markdown.ts'
import { sharedLink } from './shared-settings.ts'
import { readSupport, supportColumns, supportRows } from './support.ts'

export const componentsFolder = 'docs/reference/components'

type Section = Pick<Component, 'role' | 'type' | 'summary' | 'schema'>

type ComponentPage = Readonly<{
  type: string
  folder: string
  sections: readonly Section[]
}>

export function componentPages(): readonly ComponentPage[] {
  const folders = new Map<string, string>()
  const sections: Section[] = components().filter(({ under }) => under !== undefined)
  for (const [folder, { source, sinks = [], journal: bus }] of manifests) {
    const journal = bus?.schema
    const schemas = [
      ...(source === undefined ? [] : [source.schema]),
      ...sinks,
      ...(journal === undefined ? [] : [journal]),
    ]
    for (const { type } of schemas) folders.set(type, `src/connectors/${folder}`)
    if (journal !== undefined)
      sections.push({ role: 'journal', type: journal.type, summary: journal.summary, schema: journal })
  }
  return [...Map.groupBy(sections, ({ type }) => type)]
    .map(([type, ownSections]) => ({
      type,
      folder: folders.get(type) ?? `src/transforms/${type}`,
      sections: ownSections,
    }))
    .toSorted((a, b) => (a.type < b.type ? -1 : 1))
}

export function headingOf({ role, type }: Pick<Component, 'role' | 'type'>): string {
  return `${role.charAt(0).toUpperCase()}${role.slice(1)} ${code(type)}`
}

export async function componentPage({ type, folder, sections }: ComponentPage): Promise<string> {
  const up = '../../..'
  return `${generatedHead(code(type), `${folder}/config.ts`)}\
${sections.map(({ role, summary }) => wrapped(`- ${role}: ${summary}`, '  ')).join('\n')}

How it works, with examples: [${folder}](${up}/${folder}/README.md).

${sections.map(sectionText).join('\n')}
${metricsText(folder)}
${errorsText(sections)}
${await supportText(type, folder)}`
}

function sectionText(section: Section): string {
  const { role, schema } = section
  const common =
    role === 'sink' || role === 'transform' ? ' [Delivery settings](../configuration.md#delivery) also apply.' : ''
  const location = role === 'journal' ? '`journal.on`' : `an entry of ${code(`${role}s`)}`
  return `## ${headingOf(section)}

Settings of ${location}.${common}

${tableOf(schema)}`
}

function tableOf(schema: AnyComponentSchema) {
  if (Object.keys(schema.fields).length === 0) return 'No settings.\n'
  return reference(schema, { linkFor: sharedLink('../') })
}

function metricsText(folder: string): string {
  const metrics = Object.entries(manifests.get(folder.replace('src/connectors/', ''))?.metrics ?? {})
  const own =
    metrics.length === 0
      ? ''
      : `\n\n${table(
          ['Metric', 'Kind', 'Labels', 'Meaning'],
          metrics.map(([name, { kind, labels, help }]) => [code(name), kind, labels.map(code).join(' '), help]),
        ).trim()}`
  return `## Metrics

The metrics of [sources](../metrics.md#source) and [sinks](../metrics.md#sink) apply to every component.${own}
`
}

function errorsText(sections: readonly Section[]): string {
  const kinds = new Set(
    sections.flatMap(({ schema }) => Object.values(schema.fields).flatMap((field) => kindsOf(infoOf(field)))),
  )
  const roles = new Set(sections.map(({ role }) => role))
  const codes: readonly (readonly [ErrorCode, boolean])[] = [
    ['WEIR_CONFIG_INVALID', true],
    ['WEIR_SECRET_MISSING', kinds.has('secret')],
    ['WEIR_LISTEN_IN_USE', kinds.has('listen')],
    ['WEIR_LISTEN_FAILED', kinds.has('listen')],
    ['WEIR_SOURCE_FAILED', roles.has('source')],
    ['WEIR_KUBERNETES_LOGIN', sections.some(({ type }) => type === 'kubernetes')],
    ['WEIR_SINK_UNREACHABLE', roles.has('sink')],
  ]
  return `## Errors

${table(
  ['Code', 'Advice'],
  codes.filter(([, applies]) => applies).map(([name]) => [code(name), errorTable[name].advice]),
)}`
}

function kindsOf(info: FieldInfo): string[] {
  const below = [
    ...Object.values(info.fields ?? {}),
    ...[...(info.variants?.values() ?? [])].flatMap((fields) => Object.values(fields)),
  ]
  return [
    info.kind,
    ...(info.of === undefined ? [] : kindsOf(info.of)),
    ...below.flatMap((child) => kindsOf(infoOf(child))),
  ]
}

async function supportText(type: string, folder: string): Promise<string> {
  const { names, results } = await readSupport(ROOT)
  const declared = manifests.get(folder.replace('src/connectors/', ''))?.support ?? []
  const rows = names.filter((row) => declared.includes(row) && (row.connector ?? row.system) === type)
  return rows.length === 0 ? '' : `## Support\n\n${table([...supportColumns], supportRows(rows, results))}`
}

export function componentsTable(): string {
  return table(
    ['Component', 'Role', 'Purpose'],
    componentPages().flatMap(({ type, sections }) =>
      sections.map(({ role, summary }) => [`[${code(type)}](components/${type}.md)`, role, summary]),
    ),
  )
}
