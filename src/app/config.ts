import { defaultWindow } from '../engine/dedupe/duplicates.ts'
import type { DeliverySettings } from '../engine/delivery/settings.ts'
import type { SinkEntry } from '../engine/delivery/sinks.ts'
import type { SourceEntry } from '../engine/sources/sources.ts'
import { families } from '../model/batches.ts'
import { authGroup } from './config-auth.ts'
import { consoleGroup } from './config-console.ts'
import { telemetryGroup } from './config-telemetry.ts'
import {
  builtInTypes,
  journalSchemas,
  sinkSchemas,
  sourceSchemas,
  transformSchemas,
  typesThatEmit,
} from '../manifests.ts'
import {
  ackField,
  bytes,
  carriedSettings,
  choice,
  componentMap,
  type ConfigDocument,
  type ConfigOf,
  defineSchema,
  duration,
  filePath,
  group,
  hostPort,
  integer,
  list,
  listen,
  type Secret,
  text,
  variants,
} from '../schema/index.ts'

export const deliveryFields = {
  from: list(text({ description: 'Id of a source', required: true, example: 'http' }), {
    description: 'Sources to read from. Unset: all, including sources added later',
    default: null,
    example: ['netflow', 'http'],
  }),
  only: group(
    {
      family: list(
        choice([...families, 'flow'] as const, {
          description: 'A family of events, or `flow`',
          required: true,
          example: 'audit',
        }),
        {
          description: 'Families to select',
          default: null,
          example: ['audit', 'change'],
        },
      ),
      type: list(
        text({ description: 'A CloudEvents type; `*` stands for any text', required: true, example: 'com.example.*' }),
        {
          description: 'CloudEvents types to select',
          default: null,
          example: ['com.example.*'],
        },
      ),
    },
    { description: 'Only matching rows are delivered; the others are counted as filtered', default: {} },
  ),
  delivery: group(
    {
      events: integer(
        { description: 'Maximum events in one batch', unit: 'events', default: 1000 },
        { min: 1, max: 1_000_000 },
      ),
      bytes: bytes(
        { description: 'Approximate size of the journal range in one batch', default: '4MiB' },
        { min: '1KiB', max: '64MiB' },
      ),
      wait: duration({ description: 'Maximum wait for more rows before a batch is sent', default: '0ms' }),
      rate: integer(
        { description: 'Maximum delivery rate', unit: 'events per second', default: null, example: 500 },
        { min: 1 },
      ),
      retry_initial: duration(
        { description: 'Wait before the first retry; each further wait is about twice as long', default: '200ms' },
        { min: '1ms' },
      ),
      retry_max: duration({ description: 'Longest wait between two attempts', default: '30s' }, { min: '1ms' }),
      max_elapsed: duration({
        description: 'Time after which rows become dead letters. Unset: retried as long as they are retained',
        default: null,
        example: '1h',
      }),
    },
    { description: 'Batching, rate and retries', default: {} },
  ),
  retain: group(
    {
      size: bytes({ description: 'Maximum journal size pending for this sink', default: '2GiB' }, { min: '1KiB' }),
      age: duration({ description: 'Maximum age of pending rows', default: '24h' }, { min: '1s' }),
    },
    { description: 'Limits of the backlog of this sink', default: {} },
  ),
  when_behind: choice(['drop', 'block'], {
    description:
      'Action when the backlog exceeds `retain`: `drop` drops the oldest rows of this sink only; `block` ' +
      'retains all rows and lets the journal fill',
    default: 'drop',
  }),
}

export const weirSchema = defineSchema({
  type: 'weir',
  role: 'setting',
  summary: 'The configuration of Weir',
  fields: {
    data: filePath({
      description: 'Data folder for journal, store and state; created with mode 0700',
      default: './weir-data',
    }),
    roles: list(
      choice(['all', 'collector', 'deliverer', 'api'] as const, {
        description: 'A role',
        required: true,
        example: 'collector',
      }),
      {
        description:
          'Roles of this instance: `collector` runs sources, `deliverer` runs sinks, `api` runs the store, ' +
          'console and API, `all` runs everything. Anything but `all` requires a journal on a bus',
        default: ['all'],
        example: ['collector'],
      },
    ),
    instance: text(
      {
        description:
          'Name of this instance among those that share a journal; it must not change between starts. Unset: ' +
          'the host name',
        default: null,
        example: 'collector-1',
      },
      { pattern: /[a-z0-9][a-z0-9.-]{0,62}/, expects: 'lower-case letters, digits, dots and dashes' },
    ),
    listen: hostPort({
      description: 'Address of the API, the console and events over HTTP',
      default: '127.0.0.1:8080',
    }),
    ops: listen({ description: 'Address of the metrics and health endpoints', default: '127.0.0.1:8081' }),
    tls: group(
      {
        cert_file: filePath(
          {
            description: 'Certificate chain, PEM; reloaded when the file changes',
            required: true,
            example: '/etc/weir/tls.crt',
          },
          { holds: 'certificate' },
        ),
        key_file: filePath(
          { description: 'Private key of the certificate, PEM', required: true, example: '/etc/weir/tls.key' },
          { holds: 'key' },
        ),
      },
      {
        description: 'TLS of `listen` and `http.listen`. Unset: plain connections',
        default: null,
        example: { cert_file: '/etc/weir/tls.crt', key_file: '/etc/weir/tls.key' },
      },
    ),
    auth: authGroup,
    http: group(
      {
        listen: listen({
          description:
            'Additional addresses that accept events only: POST on any path, empty response, as Knative ' +
            'requires of a sink',
          default: 'off',
          example: '0.0.0.0:8080',
        }),
        auth: choice(['api', 'none'], {
          description:
            'Authentication of `POST /events` and `http.listen`: `api` applies the rules of the API, `none` ' +
            'admits every client',
          default: 'api',
        }),
        ack: ackField(
          'When a pushed batch is acknowledged: after the append to the journal, or after a sink settled it',
        ),
        ack_timeout: duration(
          { description: 'Maximum wait for the sink; after it the response is 503', default: '30s' },
          { min: '100ms' },
        ),
      },
      { description: 'Events over HTTP (source `http`)', default: {} },
    ),
    duplicates: group(
      {
        events: integer(
          {
            description: 'Minimum number of pushed events to remember',
            default: defaultWindow.events,
          },
          { min: 1000, max: 50_000_000 },
        ),
        age: duration(
          { description: 'Minimum time to remember them, unless `events` is exceeded', default: '10m' },
          { min: '1s' },
        ),
      },
      { description: 'Deduplication window: an event pushed twice is recognized by source and id', default: {} },
    ),
    sources: componentMap(sourceSchemas, {
      description: 'Sources by id; `netflow` and `sflow` exist by default',
      default: {},
      example: { netflow: { listen: '0.0.0.0:2055' } },
    }),
    sinks: componentMap(
      sinkSchemas,
      { description: 'Sinks by id', default: {}, example: { stdout: {} } },
      deliveryFields,
    ),
    transforms: componentMap(
      transformSchemas,
      {
        description: 'Transforms by id; the output of each is a source with the same id',
        default: {},
        example: { masked: { type: 'redact', from: ['http'], fields: ['user.password'] } },
      },
      deliveryFields,
    ),
    identity: group(
      {
        networks: filePath({
          description: 'File of names and labels by CIDR, YAML or CSV; reloaded when it changes',
          default: null,
          example: './networks.yaml',
        }),
      },
      { description: 'Names of addresses', default: {} },
    ),
    geo: group(
      {
        asn: filePath({
          description: 'ASN database, for flows whose exporter reports no autonomous system',
          default: null,
          example: '/var/lib/GeoIP/GeoLite2-ASN.mmdb',
        }),
        country: filePath({
          description: 'Country or city database',
          default: null,
          example: '/var/lib/GeoIP/GeoLite2-Country.mmdb',
        }),
      },
      {
        description: 'Address databases in MaxMind format, read when flows arrive; reloaded when they change',
        default: {},
      },
    ),
    journal: group(
      {
        on: variants(
          { files: {}, ...journalSchemas },
          {
            description:
              'Journal location: files in the data folder, or a bus that several instances share. Short ' +
              'form: `journal: kafka://kafka-1:9092,kafka-2:9092/weir-journal`',
            default: { type: 'files' },
          },
        ),
        segment: bytes({ description: 'Size of one segment', default: '64MiB' }, { min: '64KiB', max: '4GiB' }),
        max: bytes(
          { description: 'Maximum size of the journal. When it is reached, sources wait or shed', default: '8GiB' },
          { min: '1MiB' },
        ),
        keep: bytes({ description: 'Settled journal to retain while there is room', default: '256MiB' }),
        reserve: bytes({
          description: 'Free disk space that the journal leaves for offsets and the store',
          default: '64MiB',
        }),
      },
      { description: 'The journal', default: {} },
    ),
    store: group(
      {
        enabled: choice(['parquet', 'none'], { description: 'Where rows are stored for queries', default: 'parquet' }),
        age: duration({ description: 'Maximum age of rows; older rows are deleted', default: null, example: '30d' }),
        size: bytes(
          { description: 'Maximum size; the oldest rows are deleted beyond it', default: '50GiB' },
          { min: '1MiB' },
        ),
        rollups: group(
          {
            '1m': duration({ description: 'Maximum age of one-minute rollups', default: '7d' }, { min: '1h' }),
            '5m': duration({ description: 'Maximum age of five-minute rollups', default: '60d' }, { min: '1h' }),
            '1h': duration({ description: 'Maximum age of one-hour rollups', default: '400d' }, { min: '1h' }),
          },
          {
            description: 'Retention of rollups. It is independent of `store.age`, so rollups may outlive the flows',
            default: {},
          },
        ),
        query_timeout: duration(
          { description: 'Maximum time without progress of a query', default: '2m' },
          { min: '1s' },
        ),
        memory: bytes(
          { description: 'Memory limit of console queries; larger queries spill to disk', default: '256MiB' },
          { min: '64MiB' },
        ),
      },
      { description: 'The embedded store', default: {} },
    ),
    sql: group(
      {
        memory: bytes(
          {
            description: 'Memory limit of the process that runs one SQL statement or one export',
            default: '1GiB',
          },
          { min: '128MiB' },
        ),
        timeout: duration(
          {
            description: 'Maximum run time of an SQL statement; an export may run longer while it returns rows',
            default: '60s',
          },
          { min: '1s' },
        ),
      },
      { description: 'Limits of SQL statements and exports, each of which runs in a separate process', default: {} },
    ),
    live: group(
      {
        views: integer({ description: 'Maximum views in one stream', default: 8 }, { min: 1, max: 100 }),
        streams_per_user: integer(
          { description: 'Maximum open streams of one user', default: 4 },
          { min: 1, max: 1000 },
        ),
        streams: integer({ description: 'Maximum open streams', default: 200 }, { min: 1, max: 10_000 }),
        rows: integer(
          { description: 'Maximum rows in one message; a stream sends four messages a second', default: 500 },
          { min: 1, max: 10_000 },
        ),
        ring_rows: integer(
          {
            description:
              'Newest flows and newest events cached in memory, for new and reconnecting clients. Without a ' +
              'store they serve all queries',
            default: 1_000_000,
          },
          { min: 100, max: 10_000_000 },
        ),
        ring_size: bytes(
          {
            description:
              'Memory for each of the two caches, in the encoding of the journal (about 25 bytes a flow). ' +
              'Reading them needs the same amount again',
            default: '16MiB',
          },
          { min: '64KiB', max: '4GiB' },
        ),
        ring_age: duration(
          { description: 'Maximum age of cached rows, relative to the newest', default: '15m' },
          { min: '1s', max: '24h' },
        ),
      },
      { description: 'Live streams', default: {} },
    ),
    console: consoleGroup,
    log: group(
      {
        level: choice(['debug', 'info', 'warn', 'error'], {
          description: 'Lowest level that is logged',
          default: 'info',
        }),
        format: choice(['text', 'json'], {
          description: '`text`: readable lines. `json`: one object a line',
          default: 'text',
        }),
      },
      { description: 'Log on standard error', default: {} },
    ),
    telemetry: telemetryGroup,
  },
})

export type WeirConfig = ConfigOf<typeof weirSchema>

export function withBuiltIns(
  document: ConfigDocument,
): readonly { readonly path: readonly string[]; readonly value: unknown; readonly origin: string }[] {
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

export function geoFiles({ geo: { asn, country } }: WeirConfig): { readonly asn?: string; readonly country?: string } {
  return { ...(asn === null ? {} : { asn }), ...(country === null ? {} : { country }) }
}

export function identityFolder({ data }: WeirConfig): string {
  return `${data}/identity`
}

/** Receives flows as datagrams, so the threads need large buffers. */
export function hearsFlows({ type, settings }: WeirConfig['sources'][string]): boolean {
  const { listen, tcp } = settings as { readonly listen?: unknown; readonly tcp?: unknown }
  return typesThatEmit('flows').has(type) && [listen, tcp].some((places) => Array.isArray(places) && places.length > 0)
}

export function clusterSources({ sources }: WeirConfig): readonly string[] {
  const types = typesThatEmit('resources')
  return Object.values(sources).flatMap(({ id, type }) => (types.has(type) ? [id] : []))
}

export function sourceEntries(config: WeirConfig, reveal: (secret: Secret) => string): readonly SourceEntry[] {
  return Object.values(config.sources).map(({ id, type, settings }) => ({
    id,
    type,
    settings: carriedSettings(settings, reveal),
  }))
}

/** Sinks and transforms: both read the journal. */
export function sinkEntries(config: WeirConfig, document: ConfigDocument): readonly SinkEntry[] {
  const { sinks, transforms } = (document.value ?? {}) as {
    sinks?: Record<string, unknown>
    transforms?: Record<string, unknown>
  }
  const written = { ...sinks, ...transforms }
  return [...Object.values(config.sinks), ...Object.values(config.transforms)].map(
    ({ id, type, settings, common }) => ({
      id,
      type,
      settings,
      delivery: deliverySettings(common),
      written: JSON.stringify(written[id] ?? null),
    }),
  )
}

function deliverySettings(common: WeirConfig['sinks'][string]['common']): DeliverySettings {
  const { from, only, delivery, retain, when_behind } = common
  const family = only.family === null ? {} : { family: only.family }
  const type = only.type === null ? {} : { type: only.type }
  return {
    ...(from === null ? {} : { from }),
    ...(only.family === null && only.type === null ? {} : { only: { ...family, ...type } }),
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
