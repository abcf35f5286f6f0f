import {
  bytes,
  choice,
  defineSchema,
  duration,
  filePath,
  flag,
  group,
  list,
  secret,
  text,
  type ConfigOf,
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
  expects: 'a name of small letters, digits, `-` and `.`',
} as const

export const kubernetesSchema = defineSchema({
  type: 'kubernetes',
  role: 'source',
  summary:
    'Watches a cluster: every change of every object, the cluster’s own events, and what each object is to others',
  fields: {
    cluster: text(
      { description: 'Name of the cluster, in every event of it', required: true, example: 'prod-eu' },
      { pattern: /[A-Za-z0-9][\w.-]{0,99}/, expects: 'a name of letters, digits, `.`, `_` and `-`' },
    ),
    kubeconfig: filePath(
      {
        description:
          'How to reach it; left out, the file in `KUBECONFIG`, else the account of the pod that Weir runs in, else `~/.kube/config`',
        default: null,
        example: '/etc/weir/kubeconfig',
      },
      { holds: 'anything' },
    ),
    context: text({
      description: 'Context of that file, when not the current one',
      default: null,
      example: 'admin@prod',
    }),
    namespaces: list(text({ description: 'A namespace', required: true, example: 'shop' }), {
      description: 'Watched namespaces; empty: all of them, and what belongs to none',
      default: [],
      example: ['shop', 'billing'],
    }),
    include: list(text({ description: 'A kind', required: true, example: 'Pod' }, kindPattern), {
      description: 'Watched kinds, as `Kind`, `kinds.group` or `*.group`; empty: all that the account may read',
      default: [],
      example: ['Pod', 'deployments.apps'],
    }),
    exclude: list(text({ description: 'A kind', required: true, example: 'Secret' }, kindPattern), {
      description: 'Kinds that are not watched',
      default: [],
      example: ['Secret'],
    }),
    labels: text({
      description: 'Only objects with these labels, as kubectl selects them',
      default: null,
      example: 'team=shop',
    }),
    fields: text({
      description: 'Only objects with these fields, as kubectl selects them',
      default: null,
      example: 'metadata.namespace!=kube-system',
    }),
    initial: choice(['silent', 'snapshot'], {
      description:
        'Objects that are there when a cluster is first looked at: known without a word, or each told as created and marked `initial`',
      default: 'silent',
    }),
    events: flag({ description: 'Whether the cluster’s own events are told', default: true }),
    noise: group(
      {
        show: list(choice(noiseNames, { description: 'A rule', required: true, example: 'heartbeats' }), {
          description:
            'Rules that hide nothing: changes of that sort are told, too, and marked, so that who asks for changes sees them when he wants to. `status` is told and marked in any case, unless it is hidden',
          default: [],
          example: ['heartbeats'],
        }),
        hide: list(choice(noiseNames, { description: 'A rule', required: true, example: 'status' }), {
          description: 'Rules that hide though they usually do not',
          default: [],
          example: ['status'],
        }),
        keep: list(choice(noiseNames, { description: 'A rule', required: true, example: 'managed-fields' }), {
          description:
            'Rules whose fields stay in the objects, as `weir kollect` has it; changes of nothing else stay hidden',
          default: [],
          example: ['managed-fields', 'generation'],
        }),
      },
      { description: 'What changes all the time without anything having happened', default: {} },
    ),
    redact: group(
      {
        enabled: flag({
          description: 'Whether values that are secret are replaced before anything is written',
          default: true,
        }),
        key: secret({
          description:
            'Key of the digests that stand for secret values; replicas share it. Left out, one is made and kept in the data folder',
          default: null,
          example: 'env:WEIR_REDACT_KEY',
        }),
        names: text({
          description:
            'Regular expression of further names whose values are secret: of keys, fields, variables, annotations, headers and flags, in every kind',
          default: null,
          example: 'license',
        }),
        paths: list(
          text({
            description: 'A JSON pointer, in which `*` is any entry',
            required: true,
            example: '/spec/auth/*/key',
          }),
          { description: 'Further places whose values are secret', default: [], example: ['/spec/auth/*/key'] },
        ),
      },
      { description: 'Secret values', default: {} },
    ),
    lease: group(
      {
        name: text(
          {
            description:
              'Name of the `Lease` by which several Weirs take turns: one tells what happens, the others stand by. Left out, it tells alone, or they take turns by the journal where that is shared',
            default: null,
            example: 'weir',
          },
          dnsName,
        ),
        namespace: text(
          {
            description: 'Where that Lease is; left out, the namespace of the pod or of the kubeconfig, else `default`',
            default: null,
            example: 'weir',
          },
          dnsName,
        ),
        duration: duration(
          {
            description: 'How long one that says nothing is thought to be alive; another takes over then',
            default: '10s',
          },
          { min: '2s', max: '5m' },
        ),
      },
      { description: 'Replicas of which one watches', default: {} },
    ),
    reconcile: duration(
      { description: 'How often what is known is compared with the server', default: '1h' },
      { min: '10s' },
    ),
    buffer: bytes(
      { description: 'Changes that may wait for the journal; beyond it the server is read no faster', default: '4MiB' },
      { min: '256KiB', max: '1GiB' },
    ),
  },
})

export type KubernetesConfig = ConfigOf<typeof kubernetesSchema>
