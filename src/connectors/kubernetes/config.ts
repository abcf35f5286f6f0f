import {
  bytes,
  choice,
  defineSchema,
  duration,
  flag,
  group,
  list,
  secret,
  text,
  type ConfigOf,
  kubeconfigField,
} from '../../schema/index.ts'

/** The rules of map-noise.ts; a test compares them. */
export const noiseNames = [
  'resource-version',
  'managed-fields',
  'generation',
  'heartbeats',
  'leader',
  'leases',
  'events',
  'endpoints',
  'metrics',
  'node-images',
  'status',
] as const

const kindPattern = {
  pattern: /\*|[\w-]+(?:\.[\w.*-]+)?|\*\.[\w.*-]+/,
  expects: 'a kind such as `Pod`, `deployments.apps` or `*.example.com`',
} as const

const dnsName = {
  pattern: /[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/,
  expects: 'a name of lower-case letters, digits, `-` and `.`',
} as const

export const kubernetesSchema = defineSchema({
  type: 'kubernetes',
  role: 'source',
  summary:
    'Watches a Kubernetes cluster: every change of every object, Kubernetes events and relations between objects',
  fields: {
    cluster: text(
      { description: 'Name of the cluster in every event', required: true, example: 'prod-eu' },
      { pattern: /[A-Za-z0-9][\w.-]{0,99}/, expects: 'a name of letters, digits, `.`, `_` and `-`' },
    ),
    kubeconfig: kubeconfigField(
      'Kubeconfig file. Unset: `KUBECONFIG`, else the service account of the pod, else `~/.kube/config`',
    ),
    context: text({
      description: 'Context in the kubeconfig. Unset: the current one',
      default: null,
      example: 'admin@prod',
    }),
    namespaces: list(text({ description: 'A namespace', required: true, example: 'shop' }), {
      description: 'Namespaces to watch; empty: all, including cluster-scoped objects',
      default: [],
      example: ['shop', 'billing'],
    }),
    include: list(text({ description: 'A kind', required: true, example: 'Pod' }, kindPattern), {
      description: 'Kinds to watch, as `Kind`, `kinds.group` or `*.group`; empty: all that the account may read',
      default: [],
      example: ['Pod', 'deployments.apps'],
    }),
    exclude: list(text({ description: 'A kind', required: true, example: 'Secret' }, kindPattern), {
      description: 'Kinds to exclude',
      default: [],
      example: ['Secret'],
    }),
    labels: text({
      description: 'Label selector, as in kubectl',
      default: null,
      example: 'team=shop',
    }),
    fields: text({
      description: 'Field selector, as in kubectl',
      default: null,
      example: 'metadata.namespace!=kube-system',
    }),
    initial: choice(['silent', 'snapshot'], {
      description:
        'Objects that exist at the first list. `silent`: they become the known state without events. ' +
        '`snapshot`: each is emitted as created and marked `initial`',
      default: 'silent',
    }),
    events: flag({ description: 'Emit Kubernetes events', default: true }),
    noise: group(
      {
        show: list(choice(noiseNames, { description: 'A rule', required: true, example: 'heartbeats' }), {
          description:
            'Noise rules with changes that are emitted and marked instead of hidden. Queries can include them on ' +
            'request. `status` is always emitted and marked, unless it is hidden',
          default: [],
          example: ['heartbeats'],
        }),
        hide: list(choice(noiseNames, { description: 'A rule', required: true, example: 'status' }), {
          description: 'Additional noise rules to hide',
          default: [],
          example: ['status'],
        }),
        keep: list(choice(noiseNames, { description: 'A rule', required: true, example: 'managed-fields' }), {
          description:
            'Noise rules with fields that are retained in the objects, as in `weir kollect`. Changes to these ' +
            'fields alone stay hidden',
          default: [],
          example: ['managed-fields', 'generation'],
        }),
      },
      { description: 'Handling of fields that change continuously without meaning', default: {} },
    ),
    redact: group(
      {
        enabled: flag({
          description: 'Replace secret values before rows are written',
          default: true,
        }),
        key: secret({
          description:
            'Key of the digests that replace secret values; all replicas share it. Unset: generated and ' +
            'stored in the data folder',
          default: null,
          example: 'env:WEIR_REDACT_KEY',
        }),
        names: text({
          description:
            'Regular expression of additional secret names: of keys, fields, variables, annotations, headers ' +
            'and flags, in every kind',
          default: null,
          example: 'license',
        }),
        paths: list(
          text({
            description: 'a JSON pointer, in which `*` matches any entry',
            required: true,
            example: '/spec/auth/*/key',
          }),
          { description: 'Additional JSON pointers to secret values', default: [], example: ['/spec/auth/*/key'] },
        ),
      },
      { description: 'Secret values', default: {} },
    ),
    lease: group(
      {
        name: text(
          {
            description:
              'Name of the `Lease` that elects a leader among several instances; the others stand by. Unset: ' +
              'no election, or election through a shared journal',
            default: null,
            example: 'weir',
          },
          dnsName,
        ),
        namespace: text(
          {
            description: 'Namespace of the Lease. Unset: the namespace of the pod or kubeconfig, else `default`',
            default: null,
            example: 'weir',
          },
          dnsName,
        ),
        duration: duration(
          {
            description: 'Time without renewal after which another instance takes over',
            default: '10s',
          },
          { min: '2s', max: '5m' },
        ),
      },
      { description: 'Leader election between replicas', default: {} },
    ),
    reconcile: duration(
      { description: 'Interval of comparing the known state with the API server', default: '1h' },
      { min: '10s' },
    ),
    buffer: bytes(
      {
        description: 'Maximum changes that wait for the journal; beyond it the watch is read more slowly',
        default: '4MiB',
      },
      { min: '256KiB', max: '1GiB' },
    ),
  },
})

export type KubernetesConfig = ConfigOf<typeof kubernetesSchema>
