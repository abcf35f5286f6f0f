import type { DeliverySettings } from '../engine/delivery/settings.ts'
import type { SinkEntry } from '../engine/delivery/sinks.ts'
import type { SourceEntry } from '../engine/sources/sources.ts'
import { storeSink } from '../engine/ledger/ledger.ts'
import { builtInTypes, packagedSource, typesThatEmit, windowedTransforms } from '../components/manifests.ts'
import { carriedSettings, type ConfigDocument, type Secret } from '../schema/index.ts'
import { withoutUndefined } from '../model/json.ts'
import type { NameSettings } from '../identity/index.ts'
import type { WeirConfig } from './config.ts'
import type { CompileFilter } from './config-filters.ts'

export function withBuiltIns(
  document: ConfigDocument,
): readonly Readonly<{ path: readonly string[]; value: unknown; origin: string }>[] {
  const written = document.value as { sources?: Record<string, unknown> | null } | null
  return [...builtInTypes]
    .filter((id) => written?.sources?.[id] === undefined)
    .map((id) => ({ path: ['sources', id], value: {}, origin: 'default' }))
}

export function liveLimits({ live }: WeirConfig) {
  return {
    viewsPerStream: live.views,
    streamsPerUser: live.streams_per_user,
    streamsPerServer: live.streams,
    rowsPerTick: live.rows,
    ringRows: live.ring_rows,
    ringBytes: live.ring_size,
    ringMs: live.ring_age,
  }
}

export function geoFiles({ geo: { asn, country } }: WeirConfig): Readonly<{ asn?: string; country?: string }> {
  return { ...(asn === null ? {} : { asn }), ...(country === null ? {} : { country }) }
}

export function nameSettings({ identity: { zones, infra_namespaces: infra, labels } }: WeirConfig): NameSettings {
  return {
    zones,
    infra,
    labels: labels.map(({ end, max_length: maxLength, ...copy }) => ({
      ...copy,
      end: end === 'source' ? 'src' : 'dst',
      ...(maxLength === null ? {} : { maxLength }),
    })),
  }
}

export function identityFolder({ data }: WeirConfig): string {
  return `${data}/identity`
}

export function receivesFlows({ type, settings }: WeirConfig['sources'][string]): boolean {
  const { listen, tcp } = settings as Readonly<{ listen?: unknown; tcp?: unknown }>
  return typesThatEmit('flows').has(type) && [listen, tcp].some((places) => Array.isArray(places) && places.length > 0)
}

/** Sources of message buses. */
export function receivesMessages({ settings }: WeirConfig['sources'][string]): boolean {
  return typeof settings === 'object' && settings !== null && 'join_bytes' in settings
}

export function clusterSources({ sources }: WeirConfig): readonly string[] {
  const types = typesThatEmit('resources')
  return Object.values(sources).flatMap(({ id, type }) => (types.has(type) ? [id] : []))
}

export function sourceEntries(config: WeirConfig, reveal: (secret: Secret) => string): readonly SourceEntry[] {
  return Object.values(config.sources).map(({ id, type, settings }) => {
    return {
      id,
      type,
      settings: carriedSettings(settings, reveal),
      ...withoutUndefined({ cluster: clusterOfFlows(config, type, settings), packaged: packagedSource(type) }),
    }
  })
}

/** The source's own, else the common one if the name of a watched cluster cannot be meant. */
function clusterOfFlows(config: WeirConfig, type: string, settings: unknown): string | undefined {
  if (!typesThatEmit('flows').has(type)) return undefined
  const { cluster } = settings as { readonly cluster?: unknown }
  if (typeof cluster === 'string' && cluster !== '') return cluster
  return clusterSources(config).length > 0 ? undefined : (config.identity.cluster ?? undefined)
}

/** Sinks and transforms, and the store if it is a server: all read the journal. */
export function sinkEntries(
  config: WeirConfig,
  document: ConfigDocument,
  compile?: CompileFilter,
): readonly SinkEntry[] {
  const { sinks, transforms } = (document.value ?? {}) as {
    sinks?: Record<string, unknown>
    transforms?: Record<string, unknown>
  }
  const written = { ...sinks, ...transforms }
  const entries = [...Object.values(config.sinks), ...Object.values(config.transforms)].map(
    ({ id, type, settings, common }) => ({
      id,
      type,
      settings,
      delivery: windowedTransforms.has(type)
        ? lossless(deliverySettings(common, compile))
        : deliverySettings(common, compile),
      // The settings have the values of references.
      written: JSON.stringify([written[id] ?? null, settings]),
    }),
  )
  const store = storeEntry(config)
  return store === undefined ? entries : [store, ...entries]
}

export function storeSinkSettings({ store: { clickhouse } }: WeirConfig) {
  if (clickhouse === null) return undefined
  const { query_memory: _, batch: __, hour_sums: ___, ...settings } = clickhouse
  return { ...settings, layout: 'weir' as const }
}

/** It never drops rows: the journal fills instead. */
function storeEntry(config: WeirConfig): SinkEntry | undefined {
  const settings = storeSinkSettings(config)
  if (config.store.clickhouse === null || settings === undefined) return undefined
  const { events, bytes, wait } = config.store.clickhouse.batch
  return {
    id: storeSink,
    type: 'clickhouse',
    settings,
    delivery: {
      ...(config.store.from === null ? {} : { from: config.store.from }),
      batch: { events, bytes, waitMs: wait },
      retry: { firstMs: 200, maxMs: 5000 },
      retain: { bytes: Infinity, ageMs: Infinity },
      whenBehind: 'block',
      silenced: true,
    },
    written: JSON.stringify(config.store),
  }
}

/** Rows that a transform's memory has taken cannot be dropped afterwards. */
function lossless({ retry: { firstMs, maxMs }, ...rest }: DeliverySettings): DeliverySettings {
  return { ...rest, retry: { firstMs, maxMs }, whenBehind: 'block' }
}

function deliverySettings(
  common: WeirConfig['sinks'][string]['common'],
  compile: CompileFilter | undefined,
): DeliverySettings {
  const { from, only, delivery, retain, when_behind } = common
  const family = only.family === null ? {} : { family: only.family }
  const type = only.type === null ? {} : { type: only.type }
  const filter = only.filter === null || compile === undefined ? {} : { filter: compile(only.filter) }
  return {
    ...(from === null ? {} : { from }),
    ...(only.family === null && only.type === null && only.filter === null
      ? {}
      : { only: { ...family, ...type, ...filter } }),
    batch: { events: delivery.events, bytes: delivery.bytes, waitMs: delivery.wait },
    retry: {
      firstMs: delivery.retry_initial,
      maxMs: delivery.retry_max,
      ...(delivery.max_elapsed === null ? {} : { maxElapsedMs: delivery.max_elapsed }),
    },
    retain: { bytes: retain.size, ageMs: retain.age },
    whenBehind: when_behind,
    ...(delivery.rate === null ? {} : { rate: delivery.rate }),
  }
}
