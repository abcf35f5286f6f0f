import { components, type Component } from '../../src/app/components.ts'
import { weirSchema } from '../../src/app/config.ts'
import { defineSchema, infoOf, reference, type AnyComponentSchema } from '../../src/schema/index.ts'
import { variableFor } from '../../src/schema/environment.ts'
import { anchor, code, generatedHead } from './markdown.ts'

/** Every setting of the configuration, component by component. */
export async function configurationPage(): Promise<string> {
  const all = components()
  const under = (key: Component['under']): readonly Component[] => all.filter((one) => one.under === key)
  const named = (name: string): Component => all.find((one) => one.name === name) as Component
  return `${generatedHead('Configuration', 'the schemas of src/app/config.ts and src/*/*/config.ts')}\
One YAML file, given with \`--config\`. A variable of the environment overrides the file, a flag of \`weir run\` overrides both.
\`weir validate --config FILE\` validates a file, \`weir create COMPONENT\` prints a sample, \`weir schema\` the JSON Schema.

- A variable is named after the path: \`sources.netflow.flush\` is ${code(variableFor(['sources', 'netflow', 'flush']))}. Lists are
  separated by commas, maps are \`key=value,…\`.
- A duration is written \`250ms\`, \`5s\`, \`10m\`, \`24h\` or \`7d\`; a size \`64KiB\`, \`8MiB\`, \`10GiB\` or \`1GB\`.
- A secret is a reference: \`env:NAME\` or \`file:/path\`. It is never printed.
- An address is \`host:port\`; where documented, a list of them, or \`off\`.

${contents(all)}
## Settings

${reference(settings())}
${(['sources', 'sinks', 'transforms'] as const)
  .map(
    (key) => `## ${title(key)}

${infoOf(weirSchema.fields[key]).description}.
${key === 'sources' ? '' : `Each may also have what stands under [delivery](#${anchor('Delivery')}).\n`}
${under(key).map(section).join('\n')}`,
  )
  .join('\n')}
## Delivery

${named('delivery').summary}.

${reference(named('delivery').schema)}
## Networks

${named('networks').summary}. The file is named by \`identity.networks\` and read again when it changes; a file whose
name ends in \`.csv\` has the columns \`cidr,name,label,scope\` instead.

${reference(named('networks').schema)}`
}

function settings(): AnyComponentSchema {
  const fields = Object.entries(weirSchema.fields).filter(([, field]) => infoOf(field).kind !== 'components')
  return defineSchema({
    type: 'weir',
    role: 'setting',
    summary: weirSchema.summary,
    fields: Object.fromEntries(fields),
  })
}

function title(key: string): string {
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}`
}

export function headingOf({ role, type }: Component): string {
  return `${title(role)} \`${type}\``
}

function section(component: Component): string {
  return `### ${headingOf(component)}\n\n${component.summary}.\n\n${reference(component.schema)}`
}

function contents(all: readonly Component[]): string {
  const entries = all
    .filter(({ under }) => under !== undefined)
    .map((one) => `[${one.role} ${one.type}](#${anchor(headingOf(one))})`)
  return `On this page: ${['[settings](#settings)', ...entries, '[delivery](#delivery)', '[networks](#networks)'].join(', ')}.\n`
}
