/** Ends relations that the latest state omits, and begins new ones. Idempotent if states are replayed in order. */
import type { Statement } from './map-cypher.ts'
import { objectNode } from './map-node.ts'
import { objectRelations, type ObjectRelation, type ObjectRow } from './map-object.ts'

const at = 'datetime({epochMillis: toInteger(row.at)})'
const current = 'MATCH (r:RESOURCE {key: row.key}) WHERE r.observedBy = row.by AND r.observedAt = row.observedAt'

const nodes = {
  resources: 'UNWIND $rows AS row MERGE (n:RESOURCE {key: row.key}) SET n += row.set',
  workloads: 'UNWIND $rows AS row MERGE (n:RESOURCE {key: row.key}) SET n += row.set, n:WORKLOAD',
  images: 'UNWIND $rows AS row MERGE (n:IMAGE {key: row.key}) SET n += row.set',
} as const

const stateText =
  'UNWIND $rows AS row MATCH (r:RESOURCE {key: row.key}) WHERE r.observedAt IS NULL OR r.observedBy <> row.by OR ' +
  'r.observedAt <= row.observedAt SET r.observedBy = row.by, r.observedAt = row.observedAt, r.present = row.present'

const end = (type: ObjectRelation) => {
  const found =
    type === 'SELECTS' ? `MATCH ()-[x:SELECTS {by: row.by}]->(t)` : `MATCH (r)-[x:${type} {by: row.by}]->(t)`
  return (
    `UNWIND $rows AS row ${current} ${found} WHERE x.validTo IS NULL AND NOT t.key IN row.to WITH x, ${at} AS at ` +
    'FOREACH (_ IN CASE WHEN x.validFrom < at THEN [1] ELSE [] END | SET x.validTo = at) FOREACH (_ IN CASE ' +
    'WHEN x.validFrom < at THEN [] ELSE [1] END | DELETE x)'
  )
}

const begin = (type: ObjectRelation) =>
  `UNWIND $rows AS row ${current} MATCH (f:RESOURCE {key: row.from}) MATCH ` +
  `(t:${type === 'USES_IMAGE' ? 'IMAGE' : 'RESOURCE'} {key: row.to}) WITH row, f, t, ${at} AS at ` +
  `OPTIONAL MATCH (f)-[x:${type} {by: row.by}]->(t) WHERE x.validTo IS NULL OR (x.validFrom <= at AND ` +
  'x.validTo >= at) WITH row, f, t, at, collect(x) AS known ' +
  `FOREACH (_ IN CASE WHEN size(known) = 0 THEN [1] ELSE [] END | CREATE (f)-[:${type} {by: row.by, ` +
  'validFrom: at}]->(t)) FOREACH (x IN known | REMOVE x.validTo)'

const texts = Object.fromEntries(
  objectRelations.map((type) => [type, { end: end(type), begin: begin(type) }]),
) as Record<ObjectRelation, Readonly<{ end: string; begin: string }>>

interface ObjectState extends ObjectRow {
  /** Unix ms; `since` is the latest observation. */
  readonly at: number
}

export function objectStatements(rows: readonly ObjectRow[]): Statement[] {
  return waves(mergeEqualStates(rows)).flatMap(waveStatements)
}

function mergeEqualStates(rows: readonly ObjectRow[]): ObjectState[][] {
  const histories = new Map<string, ObjectState[]>()
  for (const row of rows) {
    const life = histories.get(row.resource.key) ?? []
    const last = life.at(-1)
    const same =
      last !== undefined &&
      last.by === row.by &&
      last.present === row.present &&
      JSON.stringify(last.related) === JSON.stringify(row.related)
    if (same) life[life.length - 1] = { ...row, at: last.at }
    else life.push({ ...row, at: row.since })
    histories.set(row.resource.key, life)
  }
  return [...histories.values()]
}

function waves(lives: readonly (readonly ObjectState[])[]): ObjectState[][] {
  const most = Math.max(0, ...lives.map((life) => life.length))
  return Array.from({ length: most }, (_, wave) =>
    lives.flatMap((life) => life.slice(wave, wave + 1)).sort((a, b) => (a.resource.key < b.resource.key ? -1 : 1)),
  )
}

function waveStatements(wave: readonly ObjectState[]): Statement[] {
  const made = {
    resources: new Map<string, object>(),
    workloads: new Map<string, object>(),
    images: new Map<string, object>(),
  }
  const node = (key: string, kind: 'object' | 'image' = 'object') => {
    const isImage = kind === 'image'
    const { workload, ...known } = objectNode(key) ?? {
      key,
      set: isImage ? { name: key.slice('image:'.length) } : {},
      workload: undefined,
    }
    made[isImage ? 'images' : workload === true ? 'workloads' : 'resources'].set(key, known)
  }
  for (const { resource, related } of wave) {
    node(resource.key)
    for (const { type, from, to } of related) {
      node(from)
      node(to, type === 'USES_IMAGE' ? 'image' : 'object')
    }
  }
  const head = ({ resource, by, since, at: from }: ObjectState) => ({
    key: resource.key,
    by,
    observedAt: since,
    at: from,
  })
  const results: Statement[] = Object.entries(made).flatMap(([name, all]) =>
    all.size === 0
      ? []
      : [
          {
            text: nodes[name as keyof typeof nodes],
            parameters: { rows: [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, a]) => a) },
          },
        ],
  )
  results.push({ text: stateText, parameters: { rows: wave.map((row) => ({ ...head(row), present: row.present })) } })
  for (const type of objectRelations) {
    const [over, begun] = [texts[type].end, texts[type].begin]
    const rows = wave.filter(({ resource }) => canHaveRelation(type, resource.set['kind'] ?? ''))
    if (rows.length > 0)
      results.push({
        text: over,
        parameters: {
          rows: rows.map((row) => ({
            ...head(row),
            to: row.related.filter((candidate) => candidate.type === type).map(({ to }) => to),
          })),
        },
      })
    const fresh = rows.flatMap((row) =>
      row.related.filter((candidate) => candidate.type === type).map(({ from, to }) => ({ ...head(row), from, to })),
    )
    if (fresh.length > 0) results.push({ text: begun, parameters: { rows: fresh } })
  }
  return results
}

function canHaveRelation(type: ObjectRelation, kind: string) {
  if (type === 'RUNS_ON' || type === 'USES_IMAGE') return kind === 'Pod'
  if (type === 'SELECTS') return kind === 'EndpointSlice'
  return type !== 'PROVIDED_BY' || kind === 'Node'
}
