// deploy/helm/weir/values.schema.json: the values of the chart, with the schema of weir.yaml as `config`.
import { weirSchema } from '../../src/app/config.ts'
import { jsonSchema } from '../../src/schema/index.ts'

export const chartSchemaFile = 'deploy/helm/weir/values.schema.json'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Node = { readonly [name: string]: Json }

/** `${NAME}`: templates/_config.tpl verifies that it has a value. */
const variable = '[$][{]'

/** Settings that the chart writes. */
const chartSettings = ['data', 'listen', 'ops', 'roles', 'instance']

const text: Node = { type: 'string' }
const flag: Node = { type: 'boolean' }
const count: Node = { type: 'integer', minimum: 0 }
const port: Node = { type: 'integer', minimum: 1, maximum: 65_535 }
/** Parts of Kubernetes objects, which the API server validates. */
const object: Node = { type: 'object' }
const objects: Node = { type: 'array', items: object }
const texts: Node = { type: 'array', items: text }
const mapOf = (value: Node, names = '.+'): Node => ({
  type: 'object',
  patternProperties: { [`^${names}$`]: value },
  additionalProperties: false,
})
const labels = mapOf(text)
const variables = '[A-Za-z_][A-Za-z0-9_]*'
const closedObject = (properties: Node, required: readonly string[] = []): Node => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
  additionalProperties: false,
})
const choice = (...names: readonly string[]): Node => ({ type: 'string', enum: names })
const serviceTypes = choice('ClusterIP', 'NodePort', 'LoadBalancer')
const pullPolicy = choice('Always', 'IfNotPresent', 'Never')
const size: Node = { type: 'string', pattern: '^[0-9]+(?:\\.[0-9]+)?(?:[KMGTPE]i?|k|m)?$' }
const time: Node = { type: 'string', pattern: '^[0-9]+(?:ms|s|m|h)$' }

const workload = closedObject({
  replicas: count,
  readiness: choice('accepting', 'ready'),
  persistence: closedObject({ enabled: flag, size, storageClass: text, accessModes: texts }),
  resources: object,
  podAnnotations: labels,
  podLabels: labels,
  nodeSelector: labels,
  tolerations: objects,
  affinity: object,
  priorityClassName: text,
})

const values = (config: Node): Node => ({
  nameOverride: text,
  fullnameOverride: text,
  global: object,
  image: closedObject({
    repository: { type: 'string', minLength: 1 },
    tag: text,
    digest: { type: 'string', pattern: '^(?:sha256:[0-9a-f]{64})?$' },
    pullPolicy,
  }),
  imagePullSecrets: { type: 'array', items: closedObject({ name: text }, ['name']) },
  mode: choice('all', 'split'),
  config,
  files: mapOf(text, '[A-Za-z0-9][A-Za-z0-9._-]*'),
  secrets: closedObject({
    env: mapOf(closedObject({ secret: text, key: text }, ['secret', 'key']), variables),
    files: mapOf(closedObject({ secret: text }, ['secret']), '[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?'),
  }),
  env: mapOf({ type: ['string', 'number', 'boolean'] }, variables),
  serviceAccount: closedObject({ create: flag, name: text, annotations: labels }),
  rbac: closedObject({ create: flag, secrets: flag, groups: texts }),
  all: workload,
  collector: workload,
  deliverer: workload,
  api: workload,
  temporary: size,
  terminationGracePeriodSeconds: count,
  service: closedObject({ type: serviceTypes, port, annotations: labels }),
  receivers: closedObject({
    enabled: flag,
    type: serviceTypes,
    annotations: labels,
    externalTrafficPolicy: choice('Local', 'Cluster'),
    loadBalancerSourceRanges: texts,
    ports: {
      type: 'array',
      items: closedObject(
        {
          name: { type: 'string', pattern: '^[a-z0-9-]{1,15}$' },
          port,
          targetPort: port,
          protocol: choice('UDP', 'TCP'),
        },
        ['name', 'port', 'protocol'],
      ),
    },
  }),
  ingress: closedObject({
    enabled: flag,
    className: text,
    annotations: labels,
    hosts: { type: 'array', items: closedObject({ host: text, path: text }, ['host']) },
    tls: objects,
  }),
  metrics: closedObject({
    annotations: flag,
    serviceMonitor: closedObject({ enabled: flag, interval: time, labels }),
  }),
  networkPolicy: closedObject({
    enabled: flag,
    http: objects,
    ops: objects,
    receivers: objects,
    egress: closedObject({ enabled: flag, rules: objects }),
  }),
  podDisruptionBudget: closedObject({ enabled: flag }),
  autoscaling: closedObject({
    enabled: flag,
    minReplicas: { type: 'integer', minimum: 1 },
    maxReplicas: { type: 'integer', minimum: 1 },
    metric: closedObject({
      type: choice('Pods', 'External'),
      name: { type: 'string', pattern: '^[a-z_][a-z0-9_]*$' },
      selector: labels,
      target: size,
    }),
  }),
  netobservAgent: closedObject({
    enabled: flag,
    image: closedObject({ repository: text, tag: text, pullPolicy }),
    privileged: flag,
    env: mapOf(text, variables),
    resources: object,
    nodeSelector: labels,
    tolerations: objects,
  }),
})

/** Types of packages are unknown here: with `connectors`, Weir validates sources and sinks. */
function withPackages({ sources = {}, sinks = {}, ...others }: Node): Node {
  return {
    type: 'object',
    properties: { ...others, sources: object, sinks: object },
    additionalProperties: false,
    if: { required: ['connectors'] },
    else: { properties: { sources, sinks } },
  }
}

/** The schema of the chart as text, with a line for each definition. */
export function chartSchema(): Promise<string> {
  const { $defs = {}, ...config } = shorten(JSON.parse(JSON.stringify(jsonSchema(weirSchema))) as Node) as {
    readonly $defs?: Node
    readonly [name: string]: Json
  }
  const properties = { ...(config['properties'] as Node) }
  for (const name of chartSettings) delete (properties as Record<string, Json>)[name]
  const parts: Record<string, Json> = { ...$defs }
  const sections = { sources: 'a-source', sinks: 'a-sink', transforms: 'a-transform' }
  const settings = Object.entries(properties).map(([name, node]) => {
    const part = sections[name as keyof typeof sections] as string | undefined
    return [name, part === undefined ? node : shareComponents(node as Node, part, parts)] as const
  })
  const rootSchema = closedObject(values(withPackages(Object.fromEntries(settings))))
  const lines = (node: Node): string =>
    Object.entries(node)
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(',\n')
  return Promise.resolve(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$comment": "Generated by \`npm run docs\` from tools/docs/chart-schema.ts and the settings of Weir",
  "title": "Values of the chart weir",
  "type": "object",
  "additionalProperties": false,
  "properties": {
${lines(rootSchema['properties'] as Node)}
  },
  "$defs": {
${lines(parts)}
  }
}
`)
}

/** Helm stores the schema in each release, in a Secret of at most 1 MiB: without descriptions and examples. */
function shorten(node: Json): Json {
  if (Array.isArray(node)) return node.map((child: Json) => shorten(child))
  if (node === null || typeof node !== 'object') return node
  const keptEntries = Object.entries(node as Node).flatMap(([name, value]): [string, Json][] => {
    const isNote = ['description', 'examples', 'title', 'default', '$schema'].includes(name)
    if (name === 'properties' || name === '$defs')
      return [[name, Object.fromEntries(Object.entries(value as Node).map(([key, child]) => [key, shorten(child)]))]]
    if (isNote) return []
    // Helm's expressions are those of Go.
    if (name === 'pattern' && typeof value === 'string')
      return [[name, `${value.replaceAll('[^]', String.raw`[\s\S]`)}|${variable}`]]
    return [[name, shorten(value)]]
  })
  const shortNode = withVariable(Object.fromEntries(keptEntries))
  if (shortNode['writeOnly'] !== true) return shortNode
  const { writeOnly: _, ...secret } = shortNode
  return { ...secret, pattern: '^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|[$][{][A-Za-z_][A-Za-z0-9_]*[}])$' }
}

/** A limit applies to numbers only, a pattern to texts only. */
function withVariable(node: Node): Node {
  const { type } = node
  return type === 'integer' || type === 'boolean' ? { ...node, type: [type, 'string'], pattern: variable } : node
}

/** The list of components is one definition; each name refers to it. */
function shareComponents(section: Node, name: string, parts: Record<string, Json>): Node {
  const componentSchema = section['additionalProperties'] as Json
  const componentText = JSON.stringify(componentSchema)
  parts[name] = componentSchema
  const refer = (node: Json): Json => {
    if (JSON.stringify(node) === componentText) return { $ref: `#/$defs/${name}` }
    if (Array.isArray(node)) return node.map((child: Json) => refer(child))
    if (node === null || typeof node !== 'object') return node
    return Object.fromEntries(Object.entries(node as Node).map(([key, child]) => [key, refer(child)]))
  }
  return refer(section) as Node
}
