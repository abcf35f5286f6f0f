/** FlowCollector → configuration. Pure, except that it reads the files of user names. */
import { parseAllDocuments } from 'yaml'
import { messageOf } from '../../../model/errors.ts'
import { withoutUndefined, isRecord } from '../../../model/json.ts'
import { PresetProblem } from '../../given.ts'
import { Assembly, type Branch, type Settings } from '../branch.ts'
import { filterRules, filterStage, type Placed } from '../filter-stage.ts'
import { finished, type NetobservPlan } from '../finish.ts'
import type { FilterRule } from '../flp-file.ts'
import type { PresetSurroundings } from '../index.ts'
import { ingestOf } from '../ingest.ts'
import { Report } from '../report.ts'
import { stdoutSink } from '../sinks/stdout.ts'
import { trackedBy } from './connections.ts'
import { exportTo, prometheusExport } from './exporters.ts'
import { lokiExport } from './loki.ts'
import { Mounts } from './secrets.ts'
import { addSliceLabels, isSlice, readSlices, sliceFilters, usesSlices } from './slices.ts'
import { spec as specReader, type Processor, type Spec } from './shape.ts'

/** A query string of NetObserv's console in Weir's filter language. */
export type LinkReader = (link: string) => Readonly<{
  filter: string
  dropped: readonly Readonly<{ part: string; reason: string }>[]
}>

export interface FlowCollectorSurroundings extends PresetSurroundings {
  readonly secrets: string
  readonly readLink: LinkReader
  readonly followed: boolean
  readonly slices?: readonly unknown[]
  /** Kubeconfig of the watched cluster. */
  readonly kubeconfig?: string
}

const group = 'flows.netobserv.io'
const versions: readonly string[] = [`${group}/v1beta1`, `${group}/v1beta2`]

/** The first FlowCollector of a YAML or JSON text, and its slices. Throws PresetProblem. */
export function readFlowCollector(
  text: string,
  path: string,
): Readonly<{ resource: unknown; slices: readonly unknown[] }> {
  let documents: readonly unknown[]
  try {
    documents = parseAllDocuments(text).map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0]
      return document.toJS() as unknown
    })
  } catch (error) {
    throw new PresetProblem(`${path} is no YAML or JSON: ${messageOf(error).split('\n')[0] ?? ''}`)
  }
  const value = documents.find((document) => isRecord(document) && document['kind'] === 'FlowCollector')
  if (value === undefined) throw new PresetProblem(`${path} contains no FlowCollector`)
  return { resource: value, slices: documents.filter(isSlice) }
}

export function flowCollectorPreset(resource: unknown, around: FlowCollectorSurroundings): NetobservPlan {
  const report = new Report()
  const spec = specOf(resource, report)
  const assembly = new Assembly(report, around)
  const mounts = new Mounts(around.secrets, assembly)
  const { processor = {}, loki = {}, exporters = [], consolePlugin = {} } = spec
  const enriched = enrich(sourceOf(spec, mounts, assembly), spec, around.kubeconfig, assembly)
  const slices = usesSlices(resource) ? readSlices(around.slices ?? [], assembly) : []
  addSliceLabels(slices, assembly)
  const rules = usesSlices(resource) ? sliceFilters(processor, slices) : []
  const kept = (from: Branch) => deduplicated(filtered('', from, processor, assembly, rules), processor, assembly)
  const tracked = trackedBy(spec, enriched, assembly)
  const branch = kept(tracked)
  const withLoki = loki.enable !== false
  if (withLoki) lokiExport(spec, loki, filtered('Loki', branch, processor, assembly), mounts, assembly)
  if (processor.logLevel === 'trace')
    stdoutSink('stdout', branch, { format: 'json' }, 'spec.processor.logLevel', assembly)
  const metrics = metricsOf(processor, withLoki ? 'default-with-loki' : 'default', report)
  const { port = 9401, tls } = processor.metrics?.server ?? {}
  // Metrics count flows, each once.
  const flows = tracked === enriched ? branch : kept(enriched)
  const prometheus = filtered('Metrics', flows, processor, assembly)
  prometheusExport(`0.0.0.0:${port}`, prometheus, metrics, serverTls(tls, mounts, report), assembly)
  if (exporters.length > 0) {
    const exportedOf = (from: Branch) => filtered('Exporters', from, processor, assembly)
    const records = exportedOf(branch)
    const exported = { records, flows: flows === branch ? records : exportedOf(flows), metrics }
    for (const [index, exporter] of exporters.entries()) exportTo(exporter, index, exported, mounts, assembly)
  }
  noteRest(spec, report)
  const { healthPort, profilePort } = { ...processor, ...processor.advanced }
  const quickFilters = quickFiltersOf(consolePlugin.quickFilters, around.readLink, report)
  return finished(assembly, around.data, {
    // Metrics of flows are on a separate port.
    metrics: { disableGlobalServer: true, prefix: 'netobserv_' },
    logLevel: processor.logLevel ?? 'info',
    followed: around.followed,
    health: healthPort === undefined ? '' : `:${healthPort}`,
    profiles: profilePort === undefined ? '' : `127.0.0.1:${profilePort}`,
    ...withoutUndefined({ quickFilters }),
  })
}

function specOf(resource: unknown, report: Report): Spec {
  const { apiVersion, kind, spec } = isRecord(resource) ? resource : {}
  if (kind !== 'FlowCollector') throw new PresetProblem('the resource is no FlowCollector')
  if (typeof apiVersion !== 'string' || !versions.includes(apiVersion))
    throw new PresetProblem(`apiVersion \`${String(apiVersion)}\` is not supported; supported: ${versions.join(', ')}`)
  const problems: string[] = []
  const read = specReader(spec ?? {}, 'spec', problems) ?? {}
  // A later version of the resource has further keys.
  const invalid = problems.filter((problem) => !problem.includes(': unknown key'))
  if (invalid.length > 0) throw new PresetProblem(invalid.join('\n      '))
  for (const problem of problems) {
    const [path = '', ...reason] = problem.split(': ')
    report.refuse(path, reason.join(': '))
  }
  return read
}

function sourceOf(
  { deploymentModel = 'Service', kafka = {}, processor = {} }: Spec,
  mounts: Mounts,
  assembly: Assembly,
): Branch {
  if (deploymentModel !== 'Kafka') {
    const port = processor.advanced?.port ?? processor.port ?? 2055
    return ingestOf('agents', { type: 'grpc', grpc: { port } }, 'spec.processor', assembly)
  }
  const { address = '', topic, tls, sasl } = kafka
  return ingestOf(
    'agents',
    {
      type: 'kafka',
      kafka: {
        brokers: address === '' ? [] : [address],
        topic,
        groupid: 'flowlogs-pipeline',
        decoder: { type: 'protobuf' },
        tls: mounts.tls('spec.kafka.tls', tls),
        sasl: mounts.sasl('spec.kafka.sasl', sasl),
      },
    },
    'spec',
    assembly,
  )
}

function enrich(
  branch: Branch,
  { namespace = 'netobserv', processor = {} }: Spec,
  kubeconfig: string | undefined,
  assembly: Assembly,
): Branch {
  const { addZone = false, multiClusterDeployment = false, clusterName = '', subnetLabels = {} } = processor
  const { report } = assembly
  assembly.kubernetes = kubeconfig === undefined ? {} : { kubeconfig }
  assembly.identity['zones'] = addZone
  assembly.identity['infra_namespaces'] = [namespace, 'openshift']
  if (multiClusterDeployment && clusterName !== '') assembly.clusterName = clusterName
  if (multiClusterDeployment && clusterName === '')
    report.note(
      'spec.processor.clusterName',
      'not set; the id of an OpenShift cluster is not read, the name is `default`',
    )
  for (const [index, { name = '', cidrs = [] }] of (subnetLabels.customLabels ?? []).entries()) {
    if (name === '') report.refuse(`spec.processor.subnetLabels.customLabels[${index}]`, 'the name is missing')
    for (const cidr of cidrs)
      if (!assembly.networks.some((network) => network.cidr === cidr)) assembly.networks.push({ cidr, label: name })
  }
  if (subnetLabels.openShiftAutoDetect === true)
    report.note(
      'spec.processor.subnetLabels.openShiftAutoDetect',
      'subnets are not detected; list them in customLabels',
    )
  return { ...branch, flagNames: true }
}

function filtered(
  target: '' | 'Loki' | 'Metrics' | 'Exporters',
  branch: Branch,
  { filters = [] }: Processor,
  assembly: Assembly,
  more: Placed = [],
): Branch {
  const own = filters.flatMap(({ query, sampling, outputTarget = '' }, index) =>
    outputTarget.toLowerCase() === target.toLowerCase()
      ? [
          {
            rule: { type: 'keep_entry_query', keepEntryQuery: query, keepEntrySampling: sampling } as const,
            at: `spec.processor.filters[${index}]`,
          },
        ]
      : [],
  )
  const rules = [...own, ...more]
  const name = target === '' ? 'filters' : `filters-${target.toLowerCase()}`
  return rules.length === 0 ? branch : filterRules(name, branch, { rules, scales: true }, assembly)
}

const duplicates = [
  { type: 'remove_entry_if_equal', removeEntry: { input: 'FlowDirection', value: 1 } },
  { type: 'remove_entry_if_exists', removeEntry: { input: 'DstK8S_OwnerName' } },
] as const

function deduplicated(branch: Branch, { deduper = {} }: Processor, assembly: Assembly): Branch {
  const { mode = 'Disabled', sampling = 50 } = deduper
  if (mode === 'Disabled') return branch
  const rule: FilterRule =
    mode === 'Drop'
      ? { type: 'remove_entry_all_satisfied', removeEntryAllSatisfied: duplicates }
      : { type: 'conditional_sampling', conditionalSampling: [{ value: sampling, rules: duplicates }] }
  return filterStage('dedup', branch, { rules: [rule] }, 'spec.processor.deduper', assembly)
}

function metricsOf({ metrics = {} }: Processor, usual: 'default' | 'default-with-loki', report: Report): Settings {
  const { includeList, ignoreTags } = metrics
  if (ignoreTags !== undefined && includeList === undefined)
    report.note('spec.processor.metrics.ignoreTags', 'without effect; list metrics in includeList')
  report.noteAll('spec.processor.metrics', metrics, {
    disableAlerts: 'without effect; no alerts are created',
    healthRules: 'without effect; no rules are created',
  })
  return { include: includeList ?? [usual] }
}

type ServerTls = NonNullable<NonNullable<Processor['metrics']>['server']>['tls']

function serverTls(tls: ServerTls, mounts: Mounts, report: Report): Settings {
  const { type = 'Disabled', provided = {} } = tls ?? {}
  const at = 'spec.processor.metrics.server.tls'
  if (type === 'Auto')
    report.refuse(at, 'certificates of OpenShift are not requested; ignored, metrics are served without TLS')
  if (type !== 'Provided') return {}
  const { cert, key } = mounts.certificate(`${at}.provided`, provided)
  return { tls: { cert_file: cert, key_file: key } }
}

function quickFiltersOf(
  given: NonNullable<Spec['consolePlugin']>['quickFilters'],
  readLink: LinkReader,
  report: Report,
) {
  if (given === undefined) return undefined
  return given.flatMap(({ name = '', filter = {}, default: isDefault }, index) => {
    const at = `spec.consolePlugin.quickFilters[${index}]`
    if (isDefault === true) report.note(`${at}.default`, 'without effect; no quick filter is active at first')
    // Quick filters contain their values, unless those are in quotes.
    const parts = Object.entries(filter).map(([key, value]) => `${key.replace(/=$/, '')}~${value}`)
    const { filter: text, dropped } = readLink(`?filters=${encodeURIComponent(parts.join(';'))}`)
    for (const { part, reason } of dropped) report.note(`${at}.filter`, `\`${part}\` is left out: ${reason}`)
    return text === '' ? [] : [{ name: name.replaceAll(',', ' ').slice(0, 40), filter: text }]
  })
}

function noteRest({ agent, prometheus, networkPolicy, processor = {}, consolePlugin = {} }: Spec, report: Report) {
  if (agent !== undefined)
    report.note('spec.agent', 'without effect here; it configures the agents, which send to Weir')
  if (prometheus !== undefined)
    report.note('spec.prometheus', 'without effect; the console does not read from Prometheus')
  if (networkPolicy !== undefined)
    report.note('spec.networkPolicy', 'without effect; the installation defines policies')
  const installed = 'without effect; the installation of Weir defines it'
  const replicas = 'without effect; scale the installation of Weir'
  report.noteAll('spec.processor', processor, {
    imagePullPolicy: installed,
    resources: installed,
    kafkaConsumerReplicas: replicas,
    kafkaConsumerAutoscaler: replicas,
    consumerReplicas: replicas,
    unmanagedReplicas: replicas,
    kafkaConsumerQueueCapacity: 'without effect; memory is limited by bytes',
    kafkaConsumerBatchSize: 'without effect; memory is limited by bytes',
    debug: installed,
  })
  report.noteAll('spec.processor.advanced', processor.advanced ?? {}, {
    env: installed,
    scheduling: installed,
    secondaryNetworks: 'without effect; networks of Multus and OVN are always found',
  })
  if (Object.keys(consolePlugin).some((key) => key !== 'quickFilters'))
    report.note('spec.consolePlugin', 'without effect except quickFilters; Weir has its own console')
}
