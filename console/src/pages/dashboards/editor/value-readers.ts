/** Reads the values that the editor of a panel completes. */
import type { ChangeSums } from '../../../api/objects.ts'
import type { TraceSums } from '../../../api/traces.ts'
import type { Completion, Fields } from '../../../../../src/api/published.ts'
import type { SpendSums, SpendTags } from '../../../../../src/topics/spend/schema.ts'
import type { Alerts } from '../../../api/alerts.ts'
import { request } from '../../../api/client.ts'
import { kinds } from '../../../app/panel-kinds.ts'
import type { Panel } from '../../../parts/dashboards/definition.ts'
import { readEventFields } from '../../../parts/numbers/requests.ts'
import type { Range } from '../../../state/range.ts'

type Reading = Readonly<{ t: Range; prefix: string; signal: AbortSignal }>
type ValueReader = Readonly<{
  /** The server selects by the typed text. */
  isPrefixed: boolean
  values: (reading: Reading) => Promise<readonly string[]>
}>

const mostValues = 100

const facets: Readonly<Partial<Record<Panel['kind'], Readonly<{ path: string; by: readonly string[] }>>>> = {
  changes: { path: '/api/v1/changes/sums', by: ['operation', 'kind', 'namespace', 'actor', 'cluster'] },
  audit: { path: '/api/v1/audit/sums', by: ['severity', 'service', 'actor', 'tenant', 'region'] },
  spend: { path: '/api/v1/spend', by: kinds.spend.groups ?? [] },
}

type Sums = Pick<ChangeSums | TraceSums, 'groups'> | SpendSums

const ofOneKind: Readonly<Record<string, (panel: Panel, reading: Reading) => Promise<readonly string[]>>> = {
  'alerts rule': async (_, { signal }) =>
    (await request<Alerts>('/api/v1/alerts', { signal })).rules.map(({ name }) => name),
  'alerts severity': async (_, { signal }) =>
    (await request<Alerts>('/api/v1/alerts', { signal })).rules.map(({ severity }) => severity),
  'events cols': async (_, { signal }) =>
    (await request<Fields>('/api/v1/fields', { signal })).views.events.map(({ name }) => name),
  'numbers field': async ({ select }, { t, signal }) =>
    (await readEventFields({ family: select['family'] ?? 'point', ...t }, signal)).numbers,
  'spend tag': async (_, { signal }) =>
    (await request<SpendTags>('/api/v1/spend/tags', { signal })).currencies.flatMap(({ tags }) =>
      tags.map(({ name }) => name),
    ),
}

/** Undefined: nothing is known of the values besides the fixed ones. */
export function valueReader(panel: Panel, name: string): ValueReader | undefined {
  const { kind } = panel
  const special = ofOneKind[`${kind} ${name}`]
  if (special !== undefined) return { isPrefixed: false, values: (reading) => special(panel, reading) }
  const facet = facets[kind]
  if (facet?.by.includes(name) === true)
    return { isPrefixed: false, values: (reading) => readFacet(kind, facet.path, name, reading) }
  const { names, table, select } = kinds[kind]
  // A parameter with fixed values is no field.
  if (names === undefined || table === undefined || select?.[name]?.length !== 0) return undefined
  return {
    isPrefixed: true,
    values: async ({ t, prefix, signal }) => {
      const body = { names, field: name, prefix, filter: '', from: t.from, to: t.to, limit: mostValues }
      const { values = [] } = await request<Completion>('/api/v1/complete', { method: 'POST', body, signal })
      return values.map(({ value }) => String(value))
    },
  }
}

async function readFacet(kind: Panel['kind'], path: string, name: string, { t, signal }: Reading) {
  const query = { by: name, limit: mostValues, ...(kind === 'spend' ? {} : { from: t.from, to: t.to, buckets: 1 }) }
  const sums = await request<Sums>(path, { signal, query })
  const groups = 'groups' in sums ? sums.groups : sums.currencies.flatMap((of) => of.groups)
  return (groups as readonly Readonly<{ value: string | null }>[]).flatMap(({ value }) => value ?? [])
}
