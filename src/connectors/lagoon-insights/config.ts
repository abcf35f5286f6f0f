import {
  ackField,
  bytes,
  choice,
  Complaint,
  defineSchema,
  duration,
  flag,
  group,
  integer,
  leaseFields,
  listen,
  mapping,
  secret,
  text,
  tls,
  urlText,
  variants,
  type ConfigOf,
  timeoutField,
  kubeconfigField,
  userFields,
} from '../../schema/index.ts'
import { listenerTls } from '../../schema/listener-tls.ts'

const alsoAwaited = (which: string, example: string) =>
  text(
    {
      description: `Sink \`dependency-track\` ${which}; a ConfigMap counts as processed after that delivery, too`,
      default: null,
      example,
    },
    { pattern: /sink:[A-Za-z0-9][A-Za-z0-9_-]{0,62}/, expects: '`sink:<id>`' },
  )

const labelName = { pattern: /[A-Za-z0-9](?:[\w./-]{0,315}[A-Za-z0-9])?/, expects: 'the name of a label' } as const

export const insightsSchema = defineSchema({
  type: 'lagoon-insights',
  role: 'source',
  summary: 'Collects image reports, facts and problems of Lagoon environments',
  fields: {
    cluster: text(
      { description: 'Name of the cluster in every event', default: 'default', example: 'prod-eu' },
      { pattern: /[A-Za-z0-9][\w.-]{0,99}/, expects: 'a name of letters, digits, `.`, `_` and `-`' },
    ),
    kubeconfig: kubeconfigField(
      'Kubeconfig file. Unset: `KUBECONFIG`, else the service account of the pod, else `~/.kube/config`',
    ),
    configmaps: flag({
      description: 'Read the ConfigMaps with the label `lagoon.sh/insightsType` in all namespaces',
      default: true,
    }),
    burn: flag({
      description:
        'Delete a ConfigMap after its report was delivered. It needs `ack: sink:<id>`; without a delivery nothing ' +
        'is deleted',
      default: false,
    }),
    clear_deferred: flag({
      description:
        'Send a deferred ConfigMap after the time in its label `lagoon.sh/insightsWriteDeferred`. Otherwise ' +
        'it is ignored until another program removes the label',
      default: true,
    }),
    retry_marks: group(
      {
        max: integer({ description: 'Failures after which the label of surrender is set', default: 3 }, { min: 0 }),
        wait: duration({ description: 'Time between two marks', default: '3m' }, { min: '1s', max: '1d' }),
      },
      {
        description:
          'Mark ConfigMaps that are not delivered within 30 s as insights-remote does: deferred, with the number of ' +
          'attempts, then given up. Delivery continues in any case. Unset: no marks',
        default: null,
        example: { max: 3, wait: '3m' },
      },
    ),
    max_decompressed: bytes(
      { description: 'Maximum decompressed size of a report; a larger one is rejected', default: '64MiB' },
      { min: '1MiB', max: '1GiB' },
    ),
    listen: listen({
      description: 'Address for facts, problems and SBOMs of workloads: `/facts`, `/problems` and `/sbom`',
      default: 'off',
      example: '0.0.0.0:8888',
    }),
    tls: listenerTls('workloads'),
    token_secret: secret({
      description:
        'Secret that signs the tokens of environments, at least 32 bytes. Required with `listen` or `tokens`',
      default: null,
      example: 'env:INSIGHTS_TOKEN_SECRET',
    }),
    previous_secret: secret({
      description:
        'The secret before a rotation: its tokens stay valid, and are replaced in the namespaces. Remove it afterwards',
      default: null,
      example: 'env:INSIGHTS_TOKEN_SECRET_PREVIOUS',
    }),
    allow_weak_secret: flag({
      description: 'Accept a short or well-known `token_secret`; for development only',
      default: false,
    }),
    token_algorithms: choice(['HS256', 'hmac'], {
      description: 'Accepted signatures of tokens: HS256 only, or also HS384 and HS512 (`hmac`)',
      default: 'HS256',
    }),
    bind_tokens: flag({
      description: 'Reject a token if its namespace no longer exists or now belongs to another environment',
      default: true,
    }),
    max_body: bytes({ description: 'Maximum size of a request body', default: '4MiB' }, { min: '64KiB', max: '15MiB' }),
    max_sbom: bytes(
      {
        description:
          'Maximum size of a body of `POST /sbom/SERVICE`, as sent: compress a larger document with gzip or Zstandard',
        default: '8MiB',
      },
      { min: '64KiB', max: '11MiB' },
    ),
    tokens: flag({
      description: 'Keep a Secret `insights-token` with a valid token in every namespace of an environment',
      default: false,
    }),
    token_lifetime: duration(
      {
        description: 'Validity of a token, which is replaced after half of it. Unset: tokens do not expire',
        default: null,
        example: '30d',
      },
      { min: '10m' },
    ),
    target_label: text(
      {
        description: 'Label that a namespace needs for a token, beside the labels of Lagoon',
        default: null,
        example: 'insights.example.com/enabled',
      },
      labelName,
    ),
    contents: flag({
      description:
        'Also emit the packages, problems and facts of reports, as source `sbom` does, for the console and SQL. ' +
        'Only if there is a store',
      default: true,
    }),
    scanner: group(
      {
        image: text({
          description: 'Image of the scanner',
          default: 'uselagoon/insights-scanner:latest',
          example: 'registry.example.com/insights-scanner:1.0',
        }),
        env: mapping(text({ description: 'A value', required: true, example: 'debug' }), {
          description: 'Variables of the scanner; they override those of the build',
          default: {},
          example: { LOG_LEVEL: 'debug' },
        }),
        service_account: text({ description: 'Service account of the scanner', default: 'lagoon-deployer' }),
        pull_secret: text({
          description: 'Secret with the login to registries, mounted as the Docker configuration of the scanner',
          default: 'lagoon-internal-registry-secret',
        }),
      },
      {
        description:
          'Start a pod after each build that scans the images of the namespace. Unset: no scans. The account needs ' +
          'rights on pods, and `list` on workloads',
        default: null,
        example: { image: 'registry.example.com/insights-scanner:1.0' },
      },
    ),
    strict: flag({
      description:
        'Behave exactly as insights-remote, including its faults: the same messages where its consumer would reject ' +
        'them, the same status codes, and the type of a posted object is accepted',
      default: false,
    }),
    lease: leaseFields.lease,
    ack: ackField(
      'When a ConfigMap counts as processed: after the append to the journal, or after a sink delivered its report. ' +
        'That sink needs `when_behind: block`',
    ),
    ack_dependency_track: alsoAwaited('that uploads all reports', 'sink:dependency-track'),
    ack_custom_endpoint: alsoAwaited(
      'with `custom`, that uploads reports to the endpoint in their annotations',
      'sink:dependency-track-custom',
    ),
  },
  check({ listen: places, token_secret, tokens, burn, configmaps, scanner, ...others }) {
    if (token_secret === null && (places.length > 0 || tokens))
      return new Complaint('tokens need a secret', 'set `token_secret`', ['token_secret'])
    const acks = [others.ack, others.ack_dependency_track, others.ack_custom_endpoint]
    if (burn && acks.every((ack) => ack === null || ack === 'journal'))
      return new Complaint(
        '`burn` deletes ConfigMaps after a delivery, and no sink is named',
        'set `ack: sink:<id>`, or remove `burn`',
        ['burn'],
      )
    if (!configmaps && places.length === 0 && !tokens && scanner === null)
      return new Complaint('the source has nothing to do', 'set `configmaps`, `listen`, `tokens` or `scanner`', [
        'configmaps',
      ])
    return null
  },
})

export type InsightsConfig = ConfigOf<typeof insightsSchema>

const schemes = { schemes: ['amqp', 'amqps'] }

export const lagoonSchema = defineSchema({
  type: 'lagoon',
  role: 'sink',
  summary: 'Publishes insights to the broker of Lagoon for its insights-handler, each confirmed and persistent',
  fields: {
    url: urlText(
      { description: 'URL of the broker', required: true, example: 'amqp://lagoon-core-broker:5672' },
      schemes,
    ),
    vhost: text(
      { description: 'Virtual host', default: '/' },
      { pattern: /[^\p{Cc}]{1,255}/u, expects: 'a name of up to 255 characters' },
    ),
    auth: variants(
      {
        guest: {},
        user: userFields('file:/run/secrets/rabbitmq-password', undefined, 'lagoon'),
        external: {},
      },
      { description: 'Authentication, re-read for each connection', default: { type: 'guest' } },
    ),
    opt_in: flag({
      description:
        'Publish an image report only if its ConfigMap has the annotation `core.insights.lagoon.sh/enabled: "true"`',
      default: true,
    }),
    repair: flag({
      description:
        'Rewrite what the handler cannot read: the tools of CycloneDX 1.4 and older, and missing metadata. ' +
        'The report itself stays unchanged for other sinks',
      default: true,
    }),
    heartbeat: duration(
      {
        description: 'Heartbeat interval; after two missed heartbeats the connection is considered lost',
        default: '10s',
      },
      { min: '1s', max: '1h' },
    ),
    concurrency: integer(
      { description: 'Maximum unacknowledged messages', unit: 'messages', default: 64 },
      { min: 1, max: 1024 },
    ),
    timeout: timeoutField('Timeout of connecting and of one acknowledgement', '30s'),
    tls,
  },
})

export type LagoonConfig = ConfigOf<typeof lagoonSchema>
