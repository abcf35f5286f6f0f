import { PresetProblem, truthOf } from '../given.ts'

export type Generation = 'a' | 'b'

export type KollectFlags = Readonly<{
  namespace?: string
  eventWriterUrl?: string
  kubeConfig?: string
  clusterId?: string
  waitForSync?: string | boolean
  telemetryUrl?: string
  diagnostics?: string | boolean
  autoMaxProcsDisabled?: string | boolean
}>

type KollectSettings = Readonly<{
  namespaces: readonly string[]
  busUrl: string
  kubeconfig: string | undefined
  clusterId: string | undefined
  waitForSync: boolean
  telemetryUrl: string
}>

type Environment = Readonly<Record<string, string | undefined>>

const variables = {
  namespace: 'NAMESPACE',
  eventWriterUrl: 'EVENT_WRITER_URL',
  kubeConfig: 'KUBECONFIG',
  clusterId: 'CLUSTER_ID',
  waitForSync: 'WAIT_FOR_SYNC',
  telemetryUrl: 'TELEMETRY_URL',
  diagnostics: 'ENABLE_DIAGNOSTICS',
  autoMaxProcsDisabled: 'AUTO_MAX_PROCS_DISABLED',
} as const satisfies Record<keyof KollectFlags, string>

/** Generation `a` reads flags, then variables; `b` reads only flags. Throws PresetProblem. */
export function readSettings(flags: KollectFlags, env: Environment, generation: Generation): KollectSettings {
  const setting = (name: keyof KollectFlags): Readonly<{ value: string | boolean; by: string }> | undefined => {
    const flag = flags[name]
    if (flag !== undefined)
      return { value: flag, by: `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` }
    const variable = generation === 'a' ? env[variables[name]] : undefined
    return variable === undefined || variable === '' ? undefined : { value: variable, by: variables[name] }
  }
  const text = (name: keyof KollectFlags) => {
    const value = String(setting(name)?.value ?? '')
    return value === '' ? undefined : value
  }
  const truth = (name: keyof KollectFlags) => {
    const given = setting(name)
    return given === undefined ? undefined : truthOf(given.value, given.by)
  }
  const busUrl = text('eventWriterUrl')
  if (busUrl === undefined)
    throw new PresetProblem(
      `no bus to write to: set --event-writer-url${generation === 'a' ? ' or EVENT_WRITER_URL' : ''}, such ` +
        'as nats://cluster.changes',
    )
  const clusterId = text('clusterId')
  if (clusterId === undefined && generation === 'a')
    throw new PresetProblem('the cluster has no name: set --cluster-id or CLUSTER_ID')
  truth('diagnostics')
  truth('autoMaxProcsDisabled')
  return {
    namespaces: (text('namespace') ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((candidate) => candidate !== ''),
    busUrl,
    clusterId,
    kubeconfig: oneFile(text('kubeConfig')),
    waitForSync: truth('waitForSync') ?? generation === 'a',
    telemetryUrl: text('telemetryUrl') ?? 'noop://',
  }
}

function oneFile(path: string | undefined) {
  return path?.includes(':') === true ? undefined : path
}
