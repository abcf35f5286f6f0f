/**
 * The state of an object as `kubectl get` shows it: columns STATUS, READY and RESTARTS
 * (kubernetes/pkg/printers/internalversion/printers.go).
 */
import type { ResourceData } from '../../../model/kubernetes.ts'
import type { KubeObject } from '../client/types.ts'
import { compact, dictOf, listOf, nonBlank, nonEmptyList, textOf, type Dict } from './untyped.ts'

type Shown = Pick<ResourceData, 'status' | 'ready' | 'desired' | 'restarts' | 'images'>
export type ObjectState = Shown & Pick<ResourceData, 'conditions'>

type Parts = Readonly<{ spec: Dict; status: Dict; conditions: readonly Dict[] }>

export function stateOf(object: KubeObject): ObjectState {
  const status = dictOf(object.status)
  const parts = { spec: dictOf(object.spec), status, conditions: listOf(status['conditions']) }
  const shown = shownOf(object, parts)
  const isDeleted = object.metadata?.['deletionTimestamp'] !== undefined && !hasEnded(object, status)
  return compact({
    ...shown,
    ...(isDeleted ? { status: 'Terminating' } : {}),
    conditions: nonEmptyList(parts.conditions.flatMap(conditionOf)),
  })
}

/** A pod that is deleted after its end keeps its status. */
const hasEnded = ({ kind }: KubeObject, { phase }: Dict) =>
  kind === 'Pod' && (phase === 'Succeeded' || phase === 'Failed')

function conditionOf({ type, status, reason }: Dict): NonNullable<ResourceData['conditions']> {
  if (typeof type !== 'string' || typeof status !== 'string') return []
  return [compact({ type, status, reason: nonBlank(textOf(reason)) })]
}

function shownOf({ apiVersion = '', kind = '' }: KubeObject, parts: Parts): Shown {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  switch (`${kind}.${group}`) {
    case 'Pod.':
      return podState(parts)
    case 'Node.':
      return { status: nodeStatus(parts) }
    case 'Deployment.apps':
    case 'StatefulSet.apps':
    case 'ReplicaSet.apps':
    case 'ReplicationController.':
      return workloadState(parts, { desired: parts.spec['replicas'] ?? 1, ready: parts.status['readyReplicas'] })
    case 'DaemonSet.apps': {
      const { desiredNumberScheduled: desired, numberReady: ready } = parts.status
      return workloadState(parts, { desired, ready })
    }
    case 'Job.batch':
      return jobState(parts)
    case 'CronJob.batch': {
      const template = dictOf(dictOf(dictOf(parts.spec['jobTemplate'])['spec'])['template'])
      return compact({
        status: parts.spec['suspend'] === true ? 'Suspended' : undefined,
        images: imagesOf(dictOf(template['spec'])),
      })
    }
    default:
      return compact({ status: textOf(parts.status['phase']) ?? readyCondition(parts.conditions) })
  }
}

/** The ready condition of custom resources, as most controllers write it. */
function readyCondition(conditions: readonly Dict[]): string | undefined {
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready === undefined) return undefined
  return ready['status'] === 'True' ? 'Ready' : (nonBlank(textOf(ready['reason'])) ?? 'NotReady')
}

function workloadState({ spec, status }: Parts, counts: Readonly<{ desired: unknown; ready: unknown }>): Shown {
  const isReported = Object.keys(status).length > 0
  return compact({
    desired: numberOf(counts.desired),
    // Kubernetes omits counters that are 0.
    ready: numberOf(counts.ready) ?? (isReported ? 0 : undefined),
    images: imagesOf(dictOf(dictOf(spec['template'])['spec'])),
  })
}

function jobState({ spec, status, conditions }: Parts): Shown {
  const holding = new Set(conditions.flatMap(({ type, status: holds }) => (holds === 'True' ? [type] : [])))
  return compact({
    status: endsOfJob.find((type) => holding.has(type)) ?? 'Running',
    desired: numberOf(spec['completions']) ?? numberOf(spec['parallelism']),
    ready: numberOf(status['succeeded']) ?? 0,
    images: imagesOf(dictOf(dictOf(spec['template'])['spec'])),
  })
}

/** The first that holds: a job that is complete keeps SuccessCriteriaMet. */
const endsOfJob = ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'] as const

function nodeStatus({ spec, conditions }: Parts): string {
  const ready = conditions.find(({ type }) => type === 'Ready')
  const state = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return spec['unschedulable'] === true ? `${state},SchedulingDisabled` : state
}

function podState({ spec, status, conditions }: Parts): Shown {
  const containers = listOf(status['containerStatuses'])
  const inits = listOf(status['initContainerStatuses'])
  const sidecars = new Set(
    listOf(spec['initContainers']).flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? [name] : [])),
  )
  const running = [...containers, ...inits.filter(({ name }) => sidecars.has(name))]
  // As in kubectl, those of finished init containers do not count.
  const counted = inits.some((container) => isInitializing(container, sidecars)) ? inits : running
  const restarts = counted.reduce((sum, { restartCount }) => sum + (numberOf(restartCount) ?? 0), 0)
  return compact({
    status: podStatus({ spec, status, conditions }, { containers, inits, sidecars }),
    ready: running.filter(({ ready }) => ready === true).length,
    desired: listOf(spec['containers']).length + sidecars.size,
    restarts,
  })
}

/** An init container that has not ended, or a sidecar that has not started. */
function isInitializing({ name, state, started }: Dict, sidecars: ReadonlySet<unknown>): boolean {
  if (numberOf(dictOf(dictOf(state)['terminated'])['exitCode']) === 0) return false
  return !sidecars.has(name) || started !== true
}

type Containers = Readonly<{ containers: readonly Dict[]; inits: readonly Dict[]; sidecars: ReadonlySet<unknown> }>

function podStatus({ status, conditions }: Parts, { containers, inits, sidecars }: Containers): string | undefined {
  const phase = nonBlank(textOf(status['reason'])) ?? textOf(status['phase'])
  const gate = conditions.find(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')
  for (const [index, container] of inits.entries()) {
    if (!isInitializing(container, sidecars)) continue
    const { waiting, terminated } = dictOf(container['state'])
    const reason = terminated === undefined ? textOf(dictOf(waiting)['reason']) : reasonOf(dictOf(terminated))
    return reason === undefined || reason === 'PodInitializing' ? `Init:${index}/${inits.length}` : `Init:${reason}`
  }
  const reasons = containers.map(({ state }) => {
    const { waiting, terminated } = dictOf(state)
    return (
      nonBlank(textOf(dictOf(waiting)['reason'])) ??
      (terminated === undefined ? undefined : reasonOf(dictOf(terminated)))
    )
  })
  const reason = reasons.find((text) => text !== undefined)
  const isServing = containers.some(({ ready, state }) => ready === true && dictOf(state)['running'] !== undefined)
  if (reason === 'Completed' && isServing)
    return conditions.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') ? 'Running' : 'NotReady'
  return reason ?? (gate === undefined ? phase : 'SchedulingGated')
}

function reasonOf(terminated: Dict): string {
  const signal = numberOf(terminated['signal']) ?? 0
  return (
    nonBlank(textOf(terminated['reason'])) ??
    (signal === 0 ? `ExitCode:${numberOf(terminated['exitCode']) ?? 0}` : `Signal:${signal}`)
  )
}

/** Without the digests that only pods have. */
function imagesOf(podSpec: Dict): ResourceData['images'] {
  return nonEmptyList(
    listOf(podSpec['containers']).map(({ name, image }) => ({
      container: textOf(name) ?? '',
      image: textOf(image) ?? '',
    })),
  )
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined)
