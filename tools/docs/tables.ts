import { problemTable } from '../../src/api/problems.ts'
import { everyView, type ViewName } from '../../src/topics/views.ts'
import { errorTable } from '../../src/model/errors.ts'
import { flowFields, registryVersion, type Field } from '../../src/model/fields.ts'
import { metricTable } from '../../src/components/manifests.ts'
import { code, generatedHead, table } from './markdown.ts'

export async function errorsPage(): Promise<string> {
  return `${generatedHead('Errors', 'src/model/errors.ts and src/api/problems.ts')}\
The meaning of a code never changes. Commands print the message and the advice. The API returns both as problem details
(RFC 9457), with the advice in \`hints\`.

${table(
  ['Code', 'Retry', 'Advice'],
  Object.entries(errorTable).map(([name, { retry, advice }]) => [
    code(name),
    retry ? 'may help' : 'does not help',
    advice,
  ]),
)}
## API only

${table(
  ['Code', 'Status', 'Meaning'],
  Object.entries(problemTable).map(([name, { status, title }]) => [code(name), String(status), title]),
)}`
}

export async function metricsPage(): Promise<string> {
  const areas = Map.groupBy(
    Object.entries(metricTable),
    ([name]) => (name.startsWith('weir_') ? name.split('_')[1] : name.split('_')[0]) ?? '',
  )
  const sections = [...areas].map(
    ([area, metrics]) => `## ${area}

${table(
  ['Metric', 'Kind', 'Labels', 'Meaning'],
  metrics.map(([name, { kind, labels, help }]) => [code(name), kind, labels.map(code).join(' '), help]),
)}`,
  )
  return `${generatedHead('Metrics', 'src/telemetry/metric-table.ts and metrics.ts of each connector')}\
\`GET /metrics\` at the ops address (127.0.0.1:8081), in the Prometheus text format. Names have the form
\`weir_<area>_<name>_<unit>\`; counters end in \`_total\`.

${sections.join('\n')}`
}

export async function fieldsPage(): Promise<string> {
  const fields = (flowFields as readonly Field[]).map(
    ({ name, kind, unit, netobserv, otel, aliases = [], meaning, since }) => [
      code(name),
      kind,
      unit === undefined ? '' : code(unit),
      [netobserv, otel, ...aliases]
        .filter((text) => text !== undefined)
        .map(code)
        .join(' '),
      meaning,
      String(since),
    ],
  )
  const columns = (view: ViewName) =>
    table(
      ['Column', 'Type', 'Meaning'],
      everyView[view].map(({ name, type, unit, meaning }) => [
        code(name),
        type,
        `${meaning}${unit === undefined ? '' : ` (${unit})`}`,
      ]),
    )
  return `${generatedHead('Fields', 'src/model/fields.ts and src/topics/views.ts')}\
## Views

SQL statements can query these views, even if they are empty. Missing values are NULL. Later versions only add columns.

### flows

${columns('flows')}
### events

${columns('events')}
### changes

Changes of Kubernetes objects. The actor is known if Weir also receives the audit log of the API server.

${columns('changes')}
### audit

Audit events of clouds and clusters: the field \`audit\` in the body of events of the family \`audit\`, as columns.

${columns('audit')}
### resources

Kubernetes objects, one row for each validity interval of a state. The rows valid at time \`t\` satisfy
\`valid_from <= t AND (valid_to IS NULL OR valid_to > t)\`.

${columns('resources')}
### relations

Relations between resources, with validity intervals as in \`resources\`.

${columns('relations')}
### transfers

Flows with the path of their bytes between zones and to the internet. Sum rows with \`counted\` only.

${columns('transfers')}
### inventory

Resources of clouds, one row for each validity interval of a state, as in \`resources\`.

${columns('inventory')}
### images

Reports about images, one row for each. A report of a tool replaces its one before; the validity is as in
\`resources\`.

${columns('images')}
### packages

Packages of images, with validity intervals as in \`resources\`.

${columns('packages')}
### problems

Problems in packages of images, with validity intervals as in \`resources\`.

${columns('problems')}
### facts

Facts about images: environment, labels, operating system; with validity intervals as in \`resources\`.

${columns('facts')}
## Field registry

The fields of a flow, version ${registryVersion}. Fields are never removed and their kinds never change. Units follow
UCUM. Filters accept the other names, too: those of NetObserv's records and console filters, and those of
OpenTelemetry's conventions. Names that begin with \`src_\` or \`dst_\` may also be written \`src.x\` and \`source.x\`.

${table(['Field', 'Kind', 'Unit', 'Other names', 'Meaning', 'Since'], fields)}`
}
