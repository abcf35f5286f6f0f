/** Manifests of all connectors, without their code. */
import { connectorFolders, importConnector } from './connector-folders.ts'
import type { Emitted, JournalUrl, Manifest } from './engine/manifest.ts'
import type { AnyComponentSchema, Fields } from './schema/index.ts'
import { coreMetrics, type MetricTable } from './telemetry/metric-table.ts'
import { aggregateSchema } from './transforms/aggregate/config.ts'
import { connectionsSchema } from './transforms/connections/config.ts'
import { dedupeSchema } from './transforms/dedupe/config.ts'
import { filterSchema } from './transforms/filter/config.ts'
import { mapSchema } from './transforms/map/config.ts'
import { parseSchema } from './transforms/parse/config.ts'
import { redactSchema } from './transforms/redact/config.ts'
import { routeOutputs, routeSchema, type RouteConfig } from './transforms/route/config.ts'
import { sampleSchema } from './transforms/sample/config.ts'
import { throttleSchema } from './transforms/throttle/config.ts'

type Schemas = Readonly<Record<string, AnyComponentSchema>>

export const manifests: ReadonlyMap<string, Manifest> = new Map(
  await Promise.all(
    connectorFolders.map(
      async (folder) => [folder, (await importConnector(folder, 'index'))['default'] as Manifest] as const,
    ),
  ),
)

const all = [...manifests.values()]
const byType = (schemas: readonly AnyComponentSchema[]): Schemas =>
  Object.fromEntries(schemas.map((schema) => [schema.type, schema]))

export const sourceSchemas = byType(all.flatMap(({ source }) => (source === undefined ? [] : [source.schema])))
export const sinkSchemas = byType(all.flatMap(({ sinks = [] }) => sinks))
export const transformSchemas = byType([
  aggregateSchema,
  connectionsSchema,
  dedupeSchema,
  filterSchema,
  mapSchema,
  parseSchema,
  redactSchema,
  routeSchema,
  sampleSchema,
  throttleSchema,
])
/** Transforms with a memory of earlier rows, which must not be lost to a limit of delivery. */
export const windowedTransforms: ReadonlySet<string> = new Set([
  aggregateSchema.type,
  connectionsSchema.type,
  dedupeSchema.type,
  throttleSchema.type,
])

/** Sources that a transform writes. */
export function sourcesOfTransform({
  id,
  type,
  settings,
}: {
  id: string
  type: string
  settings: unknown
}): readonly string[] {
  return type === routeSchema.type ? routeOutputs(settings as RouteConfig).map((name) => `${id}.${name}`) : [id]
}

/** By bus. */
export const journalSchemas: Readonly<Record<string, Fields>> = Object.fromEntries(
  all.flatMap(({ journal }) => (journal === undefined ? [] : [[journal.schema.type, journal.schema.fields]])),
)

export const metricTable: MetricTable = Object.assign(
  {},
  coreMetrics,
  ...all.map(({ metrics }) => metrics),
) as MetricTable

export const journalUrls: readonly JournalUrl[] = all.flatMap(({ journal }) => journal?.url ?? [])

type ManifestSource = NonNullable<Manifest['source']>

const sourceTypes = (wanted: (source: ManifestSource) => boolean): ReadonlySet<string> =>
  new Set(all.flatMap(({ source }) => (source !== undefined && wanted(source) ? [source.schema.type] : [])))

/** Types with a worker that nothing waits for. */
export const watchedTypes = sourceTypes(({ thread }) => thread === 'watch')
export const builtInTypes = sourceTypes(({ builtIn }) => builtIn === true)
export const typesThatEmit = (emitted: Emitted): ReadonlySet<string> => sourceTypes(({ emits }) => emits === emitted)

export function sinkModule(type: string): Readonly<{ folder: string; module: string }> {
  for (const [folder, { sinks = [] }] of manifests)
    if (sinks.some((schema) => schema.type === type))
      return { folder, module: type === folder ? 'sink' : `sink-${type}` }
  throw new Error(`no sink of type ${type}`)
}
