import { traceTarget } from '../../model/trace-target.ts'
import { PresetProblem } from '../given.ts'
import { busOf } from './bus.ts'
import { readSettings, type Generation, type KollectFlags } from './settings.ts'

export { PresetProblem } from '../given.ts'
export type { Generation, KollectFlags } from './settings.ts'

export type KollectInput = Readonly<{
  flags: KollectFlags
  env: Readonly<Record<string, string | undefined>>
  /** The older kollect reads variables, the later one does not. */
  generation: Generation
  data: string
}>

export type KollectPlan = Readonly<{
  config: Readonly<Record<string, unknown>>
  secrets: Readonly<Record<string, string>>
  notes: readonly string[]
}>

const namelessCluster = 'default'

const wholeObjects = ['resource-version', 'managed-fields', 'generation', 'heartbeats', 'leader', 'node-images']

export function kollectPreset({ flags, env, generation, data }: KollectInput): KollectPlan {
  const { namespaces, busUrl, kubeconfig, clusterId, waitForSync, telemetryUrl } = readSettings(flags, env, generation)
  const folder = data.startsWith('/') || data.startsWith('.') ? data : `./${data}`
  const bus = busOf({ url: busUrl, env }, (name) => `file:${folder}/${fileOf(name)}`)
  const { traces, notes } = tracesOf(telemetryUrl)
  return {
    config: {
      data: folder,
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      ...traces,
      store: { enabled: 'none' },
      sources: {
        kubernetes: {
          cluster: clusterId ?? namelessCluster,
          ...(kubeconfig === undefined ? {} : { kubeconfig }),
          namespaces,
          initial: waitForSync ? 'silent' : 'snapshot',
          noise: { keep: wholeObjects },
        },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks: {
        kollect: {
          ...bus.sink,
          codec: 'kollect',
          from: ['kubernetes'],
          only: { family: ['change'] },
          when_behind: 'block',
        },
      },
    },
    secrets: Object.fromEntries(Object.entries(bus.secrets).map(([name, value]) => [fileOf(name), value])),
    notes: [
      ...(clusterId === undefined
        ? [`The cluster has no name: messages carry the cluster id \`${namelessCluster}\`. Set --cluster-id.`]
        : []),
      ...(waitForSync
        ? []
        : [
            'Existing objects are emitted as created once, at the first start with a new data folder, not at ' +
              'every start.',
          ]),
      ...bus.notes,
      ...notes,
    ],
  }
}

function fileOf(secret: string) {
  return `kollect-${secret}`
}

function tracesOf(written: string): Readonly<{ traces: Readonly<Record<string, unknown>>; notes: readonly string[] }> {
  const target = traceTarget(written)
  if (target.is === 'problem') throw new PresetProblem(target.message)
  if (target.is === 'off') return { traces: {}, notes: [] }
  const { url, warning } = target
  return {
    traces: { telemetry: { traces: { url: warning === undefined ? written : url } } },
    notes: warning === undefined ? [] : [`${warning}.`],
  }
}
