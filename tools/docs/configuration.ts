import { components } from '../../src/app/components.ts'
import { weirSchema } from '../../src/app/config.ts'
import { variableFor } from '../../src/schema/environment.ts'
import { defineSchema, infoOf, reference, type AnyComponentSchema, type FieldInfo } from '../../src/schema/index.ts'
import { componentsTable } from './components.ts'
import { code, generatedHead } from './markdown.ts'
import { sharedLink } from './shared-settings.ts'

export async function configurationPage(): Promise<string> {
  const named = (name: string) => components().find((component) => component.name === name)!
  return `${generatedHead('Configuration', 'src/app/config.ts')}\
Weir reads YAML files, given with \`--config\`. An environment variable overrides a file, and a flag of \`weir run\`
overrides both. \`weir validate --config FILE\` validates a file, \`weir create COMPONENT\` prints a sample, and \`weir
schema\` prints the JSON Schema. The [guide](../guide/configuration.md) explains the settings with examples.

- Environment variables are named after the path: \`sources.netflow.flush\` is
  ${code(variableFor(['sources', 'netflow', 'flush']))}. Lists are separated by commas, maps are \`key=value,…\`.
- A duration is written \`250ms\`, \`5s\`, \`10m\`, \`24h\` or \`7d\`; a size \`64KiB\`, \`8MiB\`, \`10GiB\` or \`1GB\`.
- A secret is a reference, \`env:NAME\` or \`file:/path\`. Secrets are never printed.
- An address is \`host:port\`. Some settings also accept a list of addresses or \`off\`; see their type.

On this page: [settings](#settings), [components](#components), [delivery](#delivery), [networks](#networks). Groups that
several components have are described in [shared settings](shared-settings.md).

## Settings

${reference(settings(), { linkFor })}
## Components

${componentsTable()}
## Delivery

${named('delivery').summary}.

${reference(named('delivery').schema)}
## Networks

${named('networks').summary}.
The setting \`identity.networks\` names the file. A file
with a name that ends in \`.csv\` has the columns \`cidr,name,label,scope\` instead.

${reference(named('networks').schema)}`
}

function linkFor(path: string, info: FieldInfo): string | undefined {
  if (path !== 'journal.on') return sharedLink('')(path, info)
  const pages = [...(info.variants?.keys() ?? [])].filter((type) => type !== 'files')
  return pages.map((type) => `[${type}](components/${type}.md#journal-${type})`).join(', ')
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
