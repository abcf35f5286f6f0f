// Long because the whole configuration is one schema.
/** The configuration of the whole program: every component's schema in one value. */
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

/** What the engine does for every sink, whatever it speaks. */
export const deliveryFields = {
  from: list(text({ description: 'Id of a source', required: true, example: 'http' }), {
    description: 'Sources that it takes; left out: all there are and will be',
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
          description: 'Families to take',
          default: null,
          example: ['audit', 'change'],
        },
      ),
      type: list(
        text({ description: 'A CloudEvents type; `*` stands for any text', required: true, example: 'com.example.*' }),
        {
          description: 'CloudEvents types to take',
          default: null,
          example: ['com.example.*'],
        },
      ),
    },
    { description: 'Rows that do not match are not sent, and counted as filtered', default: {} },
  ),
  delivery: group(
    {
      events: integer(
        { description: 'Send at most this many at once', unit: 'events', default: 1000 },
        { min: 1, max: 1_000_000 },
      ),
      bytes: bytes(
        { description: 'Take up about this much of the journal at once', default: '4MiB' },
        { min: '1KiB', max: '64MiB' },
      ),
      wait: duration({ description: 'Wait this long for more before sending', default: '0ms' }),
      rate: integer(
        { description: 'Send at most this many', unit: 'events per second', default: null, example: 500 },
        { min: 1 },
      ),
      retry_initial: duration(
        { description: 'Wait before the first retry; each further one is about twice as long', default: '200ms' },
        { min: '1ms' },
      ),
      retry_max: duration({ description: 'Longest wait between two tries', default: '30s' }, { min: '1ms' }),
      give_up_after: duration({
        description:
          'Time after which rows go to the dead letters; left out, they are tried for as long as they are retained',
        default: null,
        example: '1h',
      }),
    },
    { description: 'How rows are sent', default: {} },
  ),
  retain: group(
    {
      size: bytes({ description: 'Journal that may pend for this sink', default: '2GiB' }, { min: '1KiB' }),
      age: duration({ description: 'Age that pending rows may reach', default: '24h' }, { min: '1s' }),
    },
    { description: 'How far the sink may fall behind', default: {} },
  ),
  when_behind: choice(['drop', 'block'], {
    description:
      'Behind its retain: `drop` gives up its oldest rows, for this sink only; `block` keeps all and lets the journal fill',
    default: 'drop',
  }),
}

export const weirSchema = defineSchema({
  type: 'weir',
  role: 'setting',
  summary: 'The configuration of Weir',
  fields: {
    data: filePath({
      description: 'Folder of journal, store and state; created with mode 0700',
      default: './weir-data',
    }),
    roles: list(
      choice(['all', 'collector', 'deliverer', 'api'] as const, {
        description: 'A part of the work',
        required: true,
        example: 'collector',
      }),
      {
        description:
          'What this Weir does of the work that several share: `collector` has the sources, `deliverer` the sinks, `api` the store, console and API; `all` does everything. Other than `all` needs a journal on a bus',
        default: ['all'],
        example: ['collector'],
      },
    ),
    instance: text(
      {
        description:
          'Name of this Weir among those that share a journal; the same after each start. Left out: the name of the machine',
        default: null,
        example: 'collector-1',
      },
      { pattern: /[a-z0-9][a-z0-9.-]{0,62}/, expects: 'small letters, digits, dots and dashes' },
    ),
    listen: hostPort({ description: 'Address of API, console and events over HTTP', default: '127.0.0.1:8080' }),
    ops: listen({ description: 'Address of metrics and health', default: '127.0.0.1:8081' }),
    tls: group(
      {
        cert_file: filePath(
          {
            description: 'Certificate with its chain, PEM; read again when it changes',
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
        description: 'TLS of `listen` and `http.listen`; left out, connections are plain',
        default: null,
        example: { cert_file: '/etc/weir/tls.crt', key_file: '/etc/weir/tls.key' },
      },
    ),
    auth: authGroup,
    http: group(
      {
        listen: listen({
          description:
            'Further addresses, which take events alone: POST on any path, answered without a body, as Knative expects it of a sink',
          default: 'off',
          example: '0.0.0.0:8080',
        }),
        auth: choice(['api', 'none'], {
          description:
            "Rule of POST /events, and of `listen` here: the API's own, or open to everyone who reaches the address",
          default: 'api',
        }),
        ack: ackField('When a pushed batch is answered: once it is in the journal, or once a sink has it'),
        ack_timeout: duration(
          { description: 'Longest wait for the sink before 503', default: '30s' },
          { min: '100ms' },
        ),
      },
      { description: 'Events over HTTP (source `http`)', default: {} },
    ),
    duplicates: group(
      {
        events: integer(
          {
            description: 'At least this many of the newest pushed events are remembered',
            default: defaultWindow.events,
          },
          { min: 1000, max: 50_000_000 },
        ),
        age: duration(
          { description: 'Remembered at least this long, unless more events than that came', default: '10m' },
          { min: '1s' },
        ),
      },
      { description: 'Window in which an event pushed twice is recognised by source and id', default: {} },
    ),
    sources: componentMap(sourceSchemas, {
      description: 'Sources, by id; `netflow` and `sflow` are there without being written',
      default: {},
      example: { netflow: { listen: '0.0.0.0:2055' } },
    }),
    sinks: componentMap(
      sinkSchemas,
      { description: 'Sinks, by id', default: {}, example: { stdout: {} } },
      deliveryFields,
    ),
    transforms: componentMap(
      transformSchemas,
      {
        description: 'Derived streams, by id: what each makes is a source of that id',
        default: {},
        example: { masked: { type: 'redact', from: ['http'], fields: ['user.password'] } },
      },
      deliveryFields,
    ),
    identity: group(
      {
        networks: filePath({
          description: 'File of names and labels by CIDR, YAML or CSV; read again when it changes',
          default: null,
          example: './networks.yaml',
        }),
      },
      { description: 'What addresses mean', default: {} },
    ),
    geo: group(
      {
        asn: filePath({
          description: 'Database of autonomous systems, for flows whose exporter names none',
          default: null,
          example: '/var/lib/GeoIP/GeoLite2-ASN.mmdb',
        }),
        country: filePath({
          description: 'Database of countries, or of cities',
          default: null,
          example: '/var/lib/GeoIP/GeoLite2-Country.mmdb',
        }),
      },
      {
        description: "Databases of addresses in MaxMind's format, asked when flows arrive; read again when they change",
        default: {},
      },
    ),
    journal: group(
      {
        on: variants(
          { files: {}, ...journalSchemas },
          {
            description:
              'Where the journal is: in files of the data folder, or on a bus that many Weirs share. For short: `journal: kafka://kafka-1:9092,kafka-2:9092/weir-journal`',
            default: { type: 'files' },
          },
        ),
        segment: bytes({ description: 'Size of a segment', default: '64MiB' }, { min: '64KiB', max: '4GiB' }),
        max: bytes({ description: 'Sources are made to wait, or shed, beyond this', default: '8GiB' }, { min: '1MiB' }),
        keep: bytes({ description: 'Kept after every sink has passed, while there is room', default: '256MiB' }),
        reserve: bytes({
          description: 'Free space left alone, so that offsets and the store can still be written',
          default: '64MiB',
        }),
      },
      { description: 'The journal', default: {} },
    ),
    store: group(
      {
        enabled: choice(['parquet', 'none'], { description: 'Where rows are kept for queries', default: 'parquet' }),
        age: duration({ description: 'Rows older than this are removed', default: null, example: '30d' }),
        size: bytes({ description: 'Oldest rows are removed beyond this', default: '50GiB' }, { min: '1MiB' }),
        rollups: group(
          {
            '1m': duration(
              { description: 'Sums of a minute older than this are removed', default: '7d' },
              { min: '1h' },
            ),
            '5m': duration(
              { description: 'Sums of five minutes older than this are removed', default: '60d' },
              { min: '1h' },
            ),
            '1h': duration(
              { description: 'Sums of an hour older than this are removed', default: '400d' },
              { min: '1h' },
            ),
          },
          {
            description:
              'How long sums of flows are kept: `age` does not touch them, so that they may outlive the flows',
            default: {},
          },
        ),
        query_timeout: duration(
          { description: 'Longest time in which a query makes no progress', default: '2m' },
          { min: '1s' },
        ),
        memory: bytes(
          { description: 'Memory that queries of the console may use; larger ones use the disk', default: '256MiB' },
          { min: '64MiB' },
        ),
      },
      { description: 'The embedded store', default: {} },
    ),
    sql: group(
      {
        memory: bytes(
          {
            description: 'Private memory of the process that runs one statement of a user, or one export',
            default: '1GiB',
          },
          { min: '128MiB' },
        ),
        timeout: duration(
          {
            description:
              'Longest time that a statement of a user may work; an export may work longer as long as it gives rows',
            default: '60s',
          },
          { min: '1s' },
        ),
      },
      { description: 'Limits of free SQL and exports, each of which runs in a process of its own', default: {} },
    ),
    live: group(
      {
        views: integer({ description: 'Views that one stream may have', default: 8 }, { min: 1, max: 100 }),
        streams_per_user: integer(
          { description: 'Streams that one user may have open', default: 4 },
          { min: 1, max: 1000 },
        ),
        streams: integer({ description: 'Streams that may be open in all', default: 200 }, { min: 1, max: 10_000 }),
        rows: integer(
          { description: 'Rows in one message at most, of which there are four a second', default: 500 },
          { min: 1, max: 10_000 },
        ),
        ring_rows: integer(
          {
            description:
              'Newest flows, and newest events, that are kept in memory: for who comes or comes back, and for every answer where there is no store',
            default: 1_000_000,
          },
          { min: 100, max: 10_000_000 },
        ),
        ring_size: bytes(
          {
            description:
              'Memory for each of the two, as the journal has them (a flow takes about 25 bytes); what is looked at takes as much again',
            default: '16MiB',
          },
          { min: '64KiB', max: '4GiB' },
        ),
        ring_age: duration(
          { description: 'Time before the newest for which they are kept', default: '15m' },
          { min: '1s', max: '24h' },
        ),
      },
      { description: 'The live stream', default: {} },
    ),
    console: consoleGroup,
    log: group(
      {
        level: choice(['debug', 'info', 'warn', 'error'], {
          description: 'Least level that is printed',
          default: 'info',
        }),
        format: choice(['text', 'json'], { description: 'Readable lines, or one JSON object a line', default: 'text' }),
      },
      { description: 'The program log, on standard error', default: {} },
    ),
    telemetry: telemetryGroup,
  },
})

export type WeirConfig = ConfigOf<typeof weirSchema>

/** The document with the sources that are there by default. */
export function withBuiltIns(
  document: ConfigDocument,
): readonly { readonly path: readonly string[]; readonly value: unknown; readonly origin: string }[] {
  const written = document.value as { sources?: Record<string, unknown> | null } | null
  return [...builtInTypes]
    .filter((id) => written?.sources?.[id] === undefined)
    .map((id) => ({ path: ['sources', id], value: {}, origin: 'default' }))
}

/** What the API may spend on live streams. */
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

/** The databases of addresses that are to be opened. */
export function geoFiles({ geo: { asn, country } }: WeirConfig): { readonly asn?: string; readonly country?: string } {
  return { ...(asn === null ? {} : { asn }), ...(country === null ? {} : { country }) }
}

/** Where what is known of workloads is kept. */
export function identityFolder({ data }: WeirConfig): string {
  return `${data}/identity`
}

/** Its flows come as datagrams, so many that the threads have to be prepared for them. */
export function hearsFlows({ type, settings }: WeirConfig['sources'][string]): boolean {
  const { listen, tcp } = settings as { readonly listen?: unknown; readonly tcp?: unknown }
  return typesThatEmit('flows').has(type) && [listen, tcp].some((places) => Array.isArray(places) && places.length > 0)
}

/** Ids of the sources that watch clusters: who tells of workloads. */
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

/** Sinks and transforms: to delivery both are readers of the journal. */
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
      initialMs: delivery.retry_initial,
      maxMs: delivery.retry_max,
      ...(delivery.give_up_after === null ? {} : { giveUpMs: delivery.give_up_after }),
    },
    retain: { bytes: retain.size, ageMs: retain.age },
    whenBehind: when_behind,
    ...(delivery.rate === null ? {} : { rate: delivery.rate }),
  }
}
