import { PresetProblem } from '../given.ts'
import { parseHostPort } from '../../schema/host-port.ts'
import { folderOf, type Assembly, type Settings } from './branch.ts'
import type { MetricsSettings } from './flp-file.ts'
import { metricsAddress } from './sinks/prometheus.ts'

export type NetobservPlan = Readonly<{
  config: Settings
  files: Readonly<Record<string, string>>
  notes: readonly string[]
}>

type Rest = Readonly<{
  metrics: MetricsSettings
  logLevel: string
  /** `HOST:PORT` or `:PORT`; empty: none. */
  health: string
  profiles: string
  /** The file of networks always exists, so that labels can be added without a restart. */
  followed?: boolean
  quickFilters?: readonly Readonly<{ name: string; filter: string }>[]
}>

/** Names of the files are part of the configuration. */
const networksFile = 'netobserv-networks.yaml'

/** RBAC of flowlogs-pipeline permits these. */
const kinds = ['Pod', 'Node', 'Service', 'ReplicaSet', 'Deployment']
const namelessCluster = 'default'

/** Throws PresetProblem with every setting that cannot be honoured, unless those are ignored. */
export function finished(assembly: Assembly, data: string, rest: Rest): NetobservPlan {
  const { report, networks, ignoresUnsupported } = assembly
  if (report.unsupported.length > 0 && !ignoresUnsupported)
    throw new PresetProblem(
      [
        'the configuration has settings that Weir cannot honour; --ignore-unsupported starts without them:',
        ...report.unsupported,
      ].join('\n      '),
    )
  const folder = folderOf(data)
  const hasNetworks = rest.followed === true || networks.length > 0
  const { listen, ops } = addresses(assembly, rest)
  return {
    config: literal({
      data: folder,
      ...(listen === undefined ? {} : { listen }),
      ops,
      telemetry: { netobserv_prefix: rest.metrics.prefix ?? '' },
      log: { format: 'json', level: logLevel(rest.logLevel) },
      store: { enabled: 'none' },
      ...identityOf(assembly, hasNetworks ? `${folder}/${networksFile}` : undefined),
      sources: { ...sourcesOf(assembly), ...assembly.sources },
      ...(Object.keys(assembly.transforms).length === 0 ? {} : { transforms: assembly.transforms }),
      sinks: assembly.sinks,
      ...(rest.quickFilters === undefined ? {} : { console: { quick_filters: rest.quickFilters } }),
    }),
    files: {
      ...assembly.files,
      ...(hasNetworks ? { [networksFile]: `${JSON.stringify({ networks }, undefined, 1)}\n` } : {}),
    },
    notes: [...report.unsupported, ...report.notes],
  }
}

function identityOf({ identity, kubernetes, clusterName }: Assembly, networks: string | undefined): Settings {
  const settings = {
    // Without the rule, flows have no layer.
    ...(kubernetes === undefined ? {} : { infra_namespaces: [] }),
    ...identity,
    ...(networks === undefined ? {} : { networks }),
    ...(clusterName === undefined || kubernetes !== undefined ? {} : { cluster: clusterName }),
  }
  return Object.keys(settings).length === 0 ? {} : { identity: settings }
}

/** The sources of Weir's defaults are off. */
function sourcesOf({ kubernetes, clusterName }: Assembly): Settings {
  return {
    netflow: { listen: 'off', tcp: 'off' },
    sflow: { listen: 'off' },
    ...(kubernetes === undefined
      ? {}
      : { kubernetes: { cluster: clusterName ?? namelessCluster, ...kubernetes, include: kinds, events: false } }),
  }
}

const otherListen = '127.0.0.1:8088'

/** The pipeline's port of metrics and health are kept; where Weir's own would clash, the API moves. */
function addresses({ sinks, sources, report }: Assembly, { metrics, health, profiles }: Rest) {
  const served = Object.values(sinks).flatMap(({ type, listen }) => (type === 'prometheus' ? [String(listen)] : []))
  const ops = new Set<string>()
  const own = metricsAddress(metrics)
  if (metrics.disableGlobalServer !== true && !served.includes(own)) ops.add(own)
  report.noteAll('metricsSettings', metrics, {
    noPanic: 'without effect; invalid metrics never end Weir',
    suppressDefaultMetrics: 'without effect; Weir always exports metrics of its process',
  })
  if (metrics.tls !== undefined && ops.has(own))
    report.note('metricsSettings.tls', 'without effect; metrics of Weir itself are served without TLS')
  if (health !== '') ops.add(withHost(health, '--healthAddr'))
  if (profiles !== '') {
    const at = withHost(profiles, '--pprofAddr')
    ops.add(at)
    report.note('--pprofAddr', `profiles are on ${at}/debug/pprof/profile, for this machine only`)
  }
  if (ops.size === 0) ops.add('0.0.0.0:8081')
  const used = [
    ...ops,
    ...served,
    ...Object.values(sources).flatMap(({ listen }) => (typeof listen === 'string' ? [listen] : [])),
  ]
  const clash = used.some((address) => address.endsWith(':8080'))
  if (clash) report.note('listen', `port 8080 is in use: the console and API are on ${otherListen} (--listen)`)
  return { listen: clash ? otherListen : undefined, ops: [...ops] }
}

function withHost(address: string, by: string) {
  const written = address.startsWith(':') ? `0.0.0.0${address}` : address
  if ('host' in parseHostPort(written)) return written
  throw new PresetProblem(`${by} is \`${address}\`; it must be HOST:PORT or :PORT`)
}

function logLevel(level: string): string {
  const folded = level.toLowerCase()
  if (folded === 'trace' || folded === 'debug') return 'debug'
  if (folded === 'warning' || folded === 'warn') return 'warn'
  return folded === 'info' ? 'info' : 'error'
}

/** Texts with `${` would name variables of the environment. */
function literal<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${') as T
  if (Array.isArray(value)) return value.map(literal) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, literal(member as unknown)])) as T
}
