/** `weir kollect`: kollect's flags and environment as a configuration of Weir. Pure. */
import { traceTarget } from '../../model/trace-target.ts'
import { PresetProblem } from '../given.ts'
import { busOf } from './bus.ts'
import { readSettings, type Generation, type KollectFlags } from './settings.ts'

export { PresetProblem } from '../given.ts'
export type { Generation, KollectFlags } from './settings.ts'

export interface KollectInput {
  readonly flags: KollectFlags
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whose defaults hold: those of the older kollect, which has variables, or of the later one, which has none. */
  readonly generation: Generation
  /** Data folder; secrets that come inside URLs are kept as files in it. */
  readonly data: string
}

export interface KollectPlan {
  /** What stands in the configuration file. It holds no secret, only references to `secrets`. */
  readonly config: Readonly<Record<string, unknown>>
  /** Contents of files in the data folder, by their name. */
  readonly secrets: Readonly<Record<string, string>>
  /** What is otherwise than with kollect, to be said at the start. */
  readonly notes: readonly string[]
}

/** Name that a cluster has when kollect's later generation was given none. */
const namelessCluster = 'default'

/** kollect sends objects as the server does. */
const wholeObjects = ['resource-version', 'managed-fields', 'generation', 'heartbeats', 'leader', 'node-images']

/** Throws PresetProblem, in words for the user, when kollect could not start with this either or a bus is not there yet. */
export function kollectPreset({ flags, env, generation, data }: KollectInput): KollectPlan {
  const { namespaces, busUrl, kubeconfig, clusterId, waitForSync, telemetryUrl } = readSettings(flags, env, generation)
  const folder = data.startsWith('/') || data.startsWith('.') ? data : `./${data}`
  const bus = busOf({ url: busUrl, env }, (name) => `file:${folder}/${fileOf(name)}`)
  const { traces, notes } = tracesOf(telemetryUrl)
  return {
    config: {
      data: folder,
      // kollect's port, for all who probe and scrape it.
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      ...traces,
      // kollect stores nothing; Weir keeps what it last knew of each object all the same.
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
        // A change that can't be delivered waits, and the cluster is read no further before it is lost.
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
            'Objects that are there already are told as created once, at the first start on a data folder, and not at every start.',
          ]),
      ...bus.notes,
      ...notes,
    ],
  }
}

function fileOf(secret: string): string {
  return `kollect-${secret}`
}

/** kollect refuses schemes that it does not know, too. */
function tracesOf(written: string): {
  readonly traces: Readonly<Record<string, unknown>>
  readonly notes: readonly string[]
} {
  const target = traceTarget(written)
  if (target.is === 'problem') throw new PresetProblem(target.message)
  if (target.is === 'off') return { traces: {}, notes: [] }
  const { url, warning } = target
  return {
    traces: { telemetry: { traces: { url: warning === undefined ? written : url } } },
    notes: warning === undefined ? [] : [`${warning}.`],
  }
}
