/** The decisions of `weir init`, and the defaults that `--yes` takes. */

export const collected = {
  flows: 'NetFlow, IPFIX and sFlow of routers, switches and probes',
  events: 'CloudEvents over HTTP (POST /events)',
  kubernetes: 'changes of Kubernetes objects',
  'kube-audit': 'audit log of a Kubernetes API server',
  syslog: 'syslog messages over UDP and TCP',
  otlp: 'OpenTelemetry logs and metrics',
  cloudtrail: 'audit events of AWS',
  'otc-cts': 'audit traces of Open Telekom Cloud',
} as const
export type Collected = keyof typeof collected

export const targets = {
  laptop: 'this machine, started by hand',
  docker: 'a container: weir.yaml and compose.yaml',
  kubernetes: 'a cluster: values.yaml for the Helm chart',
  systemd: 'a service: weir.yaml for /etc/weir',
} as const
export type Target = keyof typeof targets

/** `helm` is another word for `kubernetes`. */
export const targetNames: readonly string[] = [...Object.keys(targets), 'helm']

export const stores = { parquet: 'files in the data folder', none: 'no store: deliver to sinks only' } as const
export type Store = keyof typeof stores

export const accesses = {
  local: 'this machine only, without sign-in',
  token: 'other machines, with the token in WEIR_ADMIN_TOKEN',
  generated: 'other machines, with a token that the first start generates',
} as const
export type Access = keyof typeof accesses

export interface Choices {
  readonly collect: readonly Collected[]
  readonly target: Target
  readonly store: Store
  /** URLs; see sink-urls.ts. */
  readonly sinks: readonly string[]
  readonly access: Access
  /** Names the instance and the cluster. */
  readonly name: string
  /** Port of the API and console. Metrics and health have the next port. */
  readonly port: number
  /** Reference of the image; unset: one that was built or loaded here. */
  readonly image?: string
}

export const defaults: Choices = {
  collect: ['flows', 'events'],
  target: 'laptop',
  store: 'parquet',
  sinks: [],
  access: 'local',
  name: 'weir',
  port: 8080,
}

export function isContainer(target: Target): boolean {
  return target === 'docker' || target === 'kubernetes'
}

/** Nothing reaches the loopback address of a container. */
export function defaultAccess(target: Target): Access {
  return isContainer(target) ? 'generated' : 'local'
}
