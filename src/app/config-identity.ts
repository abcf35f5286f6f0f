import { choice, filePath, flag, group, integer, list, text } from '../schema/index.ts'

const labelCopy = group(
  {
    end: choice(['source', 'destination'] as const, {
      description: 'Which end of the flow',
      required: true,
      example: 'source',
    }),
    prefix: text({ description: 'Prefix of the members', required: true, example: 'SrcK8S_Labels' }),
    include: list(text({ description: 'Name of a label', required: true, example: 'app' }), {
      description: 'Labels to copy; empty: all',
      default: [],
      example: ['app', 'team'],
    }),
    exclude: list(text({ description: 'Name of a label', required: true, example: 'pod-template-hash' }), {
      description: 'Labels to omit',
      default: [],
      example: ['pod-template-hash'],
    }),
    max_length: integer(
      {
        description: 'Length of longer values, which end in three periods',
        unit: 'characters',
        default: null,
        example: 63,
      },
      { min: 0, max: 253 },
    ),
  },
  { description: 'Labels of one end', required: true, example: { end: 'source', prefix: 'SrcK8S_Labels' } },
)

export const identityGroup = group(
  {
    networks: filePath({
      description: 'File of names and labels by CIDR, YAML or CSV; reloaded when it changes',
      default: null,
      example: './networks.yaml',
    }),
    zones: flag({
      description: 'Add the zone of the node (label `topology.kubernetes.io/zone`) to addresses of a watched cluster',
      default: true,
    }),
    infra_namespaces: list(text({ description: 'A prefix', required: true, example: 'openshift' }), {
      description:
        'Prefixes of the namespaces of layer `infra` in field `flow_layer`; all else is `app`, except nodes and ' +
        'the service of the API server. Empty: no layer',
      default: ['kube-', 'openshift'],
      example: ['openshift', 'netobserv'],
    }),
    labels: list(labelCopy, {
      description:
        'Labels of pods, nodes and services that outputs and transforms have as further members of flows: ' +
        '`PREFIX_LABEL`, in `extra`. The values are the current ones',
      default: [],
      example: [{ end: 'source', prefix: 'SrcK8S_Labels', include: ['app', 'team'] }],
    }),
    cluster: text({
      description: 'Cluster name of flows of sources without their own (`cluster`), while no source watches a cluster',
      default: null,
      example: 'prod-west',
    }),
  },
  { description: 'Names of addresses', default: {} },
)
