/** Manifests of all connectors, without their code: those of Weir, and those of packages that are in use. */
import { connectorFolders, importConnector } from './folders.ts'
import type { ConnectorPackage } from './packages/contract.ts'
import type { Emitted, JournalUrl, Manifest } from '../engine/manifest.ts'
import type { AnyComponentSchema, Fields } from '../schema/index.ts'
import { coreMetrics, type MetricTable } from '../telemetry/metric-table.ts'
import { aggregateSchema } from '../transforms/aggregate/config.ts'
import { connectionsSchema } from '../transforms/connections/config.ts'
import { dedupeSchema } from '../transforms/dedupe/config.ts'
import { filterSchema } from '../transforms/filter/config.ts'
import { mapSchema } from '../transforms/map/config.ts'
import { parseSchema } from '../transforms/parse/config.ts'
import { redactSchema } from '../transforms/redact/config.ts'
import { routeOutputs, routeSchema, type RouteConfig } from '../transforms/route/config.ts'
import { sampleSchema } from '../transforms/sample/config.ts'
import { throttleSchema } from '../transforms/throttle/config.ts'

type Schemas = Readonly<Record<string, AnyComponentSchema>>

export const manifests: ReadonlyMap<string, Manifest> = new Map(
  await Promise.all(
    connectorFolders.map(
      async (folder) => [folder, (await importConnector(folder, 'index'))['default'] as Manifest] as const,
    ),
  ),
)

const all = [...manifests.values()]
const byType = (schemas: readonly AnyComponentSchema[]): Record<string, AnyComponentSchema> =>
  Object.fromEntries(schemas.map((schema) => [schema.type, schema]))

const sourcesByType = byType(all.flatMap(({ source }) => (source === undefined ? [] : [source.schema])))
const sinksByType = byType(all.flatMap(({ sinks = [] }) => sinks))
/** Schemas of the sources, which change with `usePackages`. */
export const sourceSchemas: Schemas = sourcesByType
export const sinkSchemas: Schemas = sinksByType
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

/** Ids of the sources that a transform writes. */
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

/** Settings of journals by bus. */
export const journalSchemas: Readonly<Record<string, Fields>> = Object.fromEntries(
  all.flatMap(({ journal }) => (journal === undefined ? [] : [[journal.schema.type, journal.schema.fields]])),
)

const ownMetrics = Object.assign({}, coreMetrics, ...all.map(({ metrics }) => metrics)) as MetricTable

/** Metrics of Weir and of packages in use, which `usePackages` adds. */
export const metricTable: MetricTable = { ...ownMetrics }

export const journalUrls: readonly JournalUrl[] = all.flatMap(({ journal }) => journal?.url ?? [])

type ManifestSource = NonNullable<Manifest['source']>

/** Packages by name, including former ones of the configuration, because their components may still run. */
const packages = new Map<string, ConnectorPackage>()
let inUse: readonly ConnectorPackage[] = []

const sourceTypes = (wanted: (source: ManifestSource) => boolean): Set<string> =>
  new Set(
    [...all, ...[...packages.values()].map(({ manifest }) => manifest)].flatMap(({ source }) =>
      source !== undefined && wanted(source) ? [source.schema.type] : [],
    ),
  )

const typesWatched = sourceTypes(({ thread }) => thread === 'watch')
/** Types with a worker that nothing waits for. */
export const watchedTypes: ReadonlySet<string> = typesWatched
export const builtInTypes: ReadonlySet<string> = sourceTypes(({ builtIn }) => builtIn === true)
export const typesThatEmit = (emitted: Emitted): ReadonlySet<string> => sourceTypes(({ emits }) => emits === emitted)

/** Source of a package in a configuration: its module, and the metrics that its thread must know. */
export type PackagedSource = Readonly<{ module: string; metrics: MetricTable }>

export function packagedSource(type: string): PackagedSource | undefined {
  for (const { manifest, source } of packages.values())
    if (source !== undefined && manifest.source?.schema.type === type)
      return { module: source, metrics: manifest.metrics ?? {} }
  return undefined
}

export function packagedSink(type: string): string | undefined {
  return [...packages.values()].flatMap(({ sinks }) => sinks.get(type) ?? [])[0]
}

/** Packages of the configuration. */
export const packagesInUse = (): readonly ConnectorPackage[] => inUse

/** Makes the types of these packages available; types of other packages are removed. */
export function usePackages(used: readonly ConnectorPackage[]): void {
  for (const { manifest } of packages.values()) {
    if (manifest.source !== undefined) delete sourcesByType[manifest.source.schema.type]
    for (const { type } of manifest.sinks ?? []) delete sinksByType[type]
  }
  inUse = used
  for (const connectorPackage of used) {
    packages.set(connectorPackage.name, connectorPackage)
    const { source, sinks = [], metrics } = connectorPackage.manifest
    if (source !== undefined) sourcesByType[source.schema.type] = source.schema
    if (source?.thread === 'watch') typesWatched.add(source.schema.type)
    for (const schema of sinks) sinksByType[schema.type] = schema
    Object.assign(metricTable, metrics)
  }
}

/** Why a package cannot be used beside Weir's own connectors and these packages; undefined: it can. */
export function packageClash(added: ConnectorPackage, used: readonly ConnectorPackage[]): string | undefined {
  const earlier = [...packages.values()].filter(({ name }) => !used.some((candidate) => candidate.name === name))
  const otherPackages = [...used, ...earlier].filter(({ name }) => name !== added.name)
  const { source, sinks = [], metrics = {} } = added.manifest
  const takenName = (role: 'source' | 'sink', type: string, own: readonly string[]): string | undefined => {
    if (own.includes(type)) return `Weir has a component of type \`${type}\` itself`
    const clash = otherPackages.find(({ manifest }) =>
      role === 'source'
        ? manifest.source?.schema.type === type
        : manifest.sinks?.some((schema) => schema.type === type) === true,
    )
    return clash === undefined ? undefined : `\`${clash.name}\` also has a ${role} of type \`${type}\``
  }
  const ownSources = all.flatMap((manifest) => manifest.source?.schema.type ?? [])
  const ownSinks = [
    ...all.flatMap((manifest) => (manifest.sinks ?? []).map(({ type }) => type)),
    ...Object.keys(transformSchemas),
  ]
  const metric = Object.keys(metrics).find(
    (name) => Object.hasOwn(ownMetrics, name) || otherPackages.some(({ manifest }) => name in (manifest.metrics ?? {})),
  )
  return (
    (source === undefined ? undefined : takenName('source', source.schema.type, ownSources)) ??
    sinks.map(({ type }) => takenName('sink', type, ownSinks)).find((clash) => clash !== undefined) ??
    (metric === undefined ? undefined : `the metric \`${metric}\` exists already`)
  )
}

export function sinkModule(type: string): Readonly<{ folder: string; module: string }> {
  for (const [folder, { sinks = [] }] of manifests)
    if (sinks.some((schema) => schema.type === type))
      return { folder, module: type === folder ? 'sink' : `sink-${type}` }
  throw new Error(`no sink of type ${type}`)
}
