// Pages that are one or two tables of the code.
import { problemTable } from '../../src/api/problems.ts'
import { everyView } from '../../src/api/views.ts'
import { errorTable } from '../../src/model/errors.ts'
import { flowFields, registryVersion, type Field } from '../../src/model/fields.ts'
import { metricTable } from '../../src/manifests.ts'
import { code, generatedHead, table } from './markdown.ts'

export async function errorsPage(): Promise<string> {
  return `${generatedHead('Errors', 'src/model/errors.ts and src/api/problems.ts')}\
A code never changes its meaning. Commands print the message and the advice; the API answers with both as problem details
(RFC 9457), the advice among its \`hints\`.

${table(
  ['Code', 'Trying again', 'What to do'],
  Object.entries(errorTable).map(([name, { retry, advice }]) => [
    code(name),
    retry ? 'may help' : 'does not help',
    advice,
  ]),
)}
## Of the API alone

${table(
  ['Code', 'Status', 'What is wrong'],
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
\`GET /metrics\` of the ops address (127.0.0.1:8081), in the text format of Prometheus. One rule for names:
\`weir_<area>_<what>_<unit>\`, counters end in \`_total\`.

${sections.join('\n')}`
}

export async function fieldsPage(): Promise<string> {
  const fields = (flowFields as readonly Field[]).map(
    ({ name, kind, unit, netobserv, otel, aliases = [], meaning, since }) => [
      code(name),
      kind,
      unit === undefined ? '' : code(unit),
      [netobserv, otel, ...aliases]
        .filter((other) => other !== undefined)
        .map(code)
        .join(' '),
      meaning,
      String(since),
    ],
  )
  const columns = (view: string): string =>
    table(
      ['Column', 'Type', 'Meaning'],
      (everyView[view] ?? []).map(({ name, type, unit, meaning }) => [
        code(name),
        type,
        `${meaning}${unit === undefined ? '' : ` (${unit})`}`,
      ]),
    )
  return `${generatedHead('Fields', 'src/model/fields.ts and src/api/views.ts')}\
## Views

These views can be asked in SQL, whatever has arrived. What a row does not have is NULL; later versions only add columns.

### flows

${columns('flows')}
### events

${columns('events')}
### changes

Changes of objects of clusters. Who did it is told where the audit log of the API server comes in, too.

${columns('changes')}
### audit

Who did what in clouds and clusters, whatever told it: field \`audit\` in the body of events of the family \`audit\`, as columns.

${columns('audit')}
### resources

Objects of clusters, a row for each time in which one was as it is told. What was there at a time \`t\`:
\`valid_from <= t AND (valid_to IS NULL OR valid_to > t)\`.

${columns('resources')}
### relations

What belongs to what, with the time in which it did; asked as \`resources\`.

${columns('relations')}
## Field registry

What a flow can carry, version ${registryVersion}. A field is never removed and its kind never changes. Units are those of UCUM.
A filter may use any of the other names: those of NetObserv's records and console filters, those of OpenTelemetry's conventions,
and of each name that begins with \`src_\` or \`dst_\` also \`src.x\` and \`source.x\`.

${table(['Field', 'Kind', 'Unit', 'Other names', 'Meaning', 'Since'], fields)}`
}
