import { alertRules } from '../alerts/settings.ts'
import { defaultWindow } from '../engine/dedupe/duplicates.ts'
import { authGroup } from './config-auth.ts'
import { consoleGroup } from './config-console.ts'
import { decodingGroup } from './config-decoding.ts'
import { deliveryFields } from './config-delivery.ts'
import { identityGroup } from './config-identity.ts'
import { spendGroup } from './config-spend.ts'
import { liveGroup, sqlGroup, storeGroup } from './config-store.ts'
import { telemetryGroup } from './config-telemetry.ts'
import { packageName } from '../components/packages/contract.ts'
import { unitTestsField } from './config-unit-tests.ts'
import { journalSchemas, sinkSchemas, sourceSchemas, transformSchemas } from '../components/manifests.ts'
import {
  ackField,
  bytes,
  choice,
  componentMap,
  type ConfigOf,
  defineSchema,
  duration,
  filePath,
  group,
  hostPort,
  integer,
  list,
  listen,
  text,
  variants,
} from '../schema/index.ts'
import { serverTls } from '../schema/listener-tls.ts'

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
    drain: duration(
      {
        description: 'Time after SIGTERM in which requests are accepted, while health is 503',
        default: '0s',
        example: '5s',
      },
      { max: '5m' },
    ),
    tls: serverTls('TLS of `listen` and `http.listen`. Unset: plain connections'),
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
        invalid: choice(['refuse', 'accept'], {
          description:
            'Events with an invalid `source`, `dataschema` or `datacontenttype`: 400 with the attribute, or ' +
            'accepted; events that Weir emits are valid either way',
          default: 'refuse',
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
    connectors: list(
      text(
        { description: 'Name of a package', required: true, example: '@example/weir-connector-acme' },
        {
          pattern: packageName,
          expects: 'the name of an npm package',
        },
      ),
      {
        description: 'npm packages with connectors',
        default: [],
        example: ['weir-connector-acme'],
      },
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
    alerts: alertRules,
    dashboards: filePath({
      description: 'Folder of dashboards: JSON files as the console exports them, read for each list',
      default: null,
      example: '/etc/weir/dashboards',
    }),
    identity: identityGroup,
    geo: group(
      {
        asn: filePath({
          description: 'ASN database, for flows without an autonomous system from the exporter',
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
    decoding: decodingGroup,
    store: storeGroup,
    sql: sqlGroup,
    live: liveGroup,
    console: consoleGroup,
    spend: spendGroup,
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
    tests: unitTestsField,
  },
})

export type WeirConfig = ConfigOf<typeof weirSchema>
