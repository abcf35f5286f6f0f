import { Link } from '@tanstack/react-router'
import type { TrafficMark } from '../../../../src/api/published.ts'
import { literal } from '../filter-text.ts'
import { whyText } from './text.ts'

type ObjectPlace = Pick<TrafficMark, 'cluster' | 'kind' | 'namespace' | 'name' | 'time'>

const aroundMs = 15 * 60_000

/** Flows that an object affects; undefined: they are not known by name. */
export function trafficFilter({ kind, namespace, name }: ObjectPlace): string | undefined {
  if (kind === 'Node') return `either(node = ${literal(name)})`
  if (kind === 'Namespace') return `either(ns = ${literal(name)})`
  if (namespace === null || namespace === '') return undefined
  const inNamespace = `ns = ${literal(namespace)}`
  if (kind === 'Pod' || kind === 'Service') return `either(${inNamespace} and name = ${literal(name)})`
  return ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Rollout'].includes(kind)
    ? `either(${inNamespace} and owner_kind = ${literal(kind)} and owner = ${literal(name)})`
    : `either(${inNamespace})`
}

/** To the chart of its flows around the change. */
export function TrafficLink({ of }: { of: ObjectPlace }): React.ReactNode {
  const filter = trafficFilter(of)
  return filter === undefined ? null : <TrafficAround filter={filter} time={of.time} />
}

export function TrafficAround({ filter, time }: { filter: string; time: string }): React.ReactNode {
  const at = Date.parse(time)
  const range = [at - aroundMs, at + aroundMs].map((ms) => new Date(ms).toISOString()).join('..')
  const search = { v: '1', view: 'overview', live: '0', t: range, q: filter }
  return (
    <Link to="/flows" search={search as never} title={whyText.itsTrafficHint}>
      {whyText.itsTraffic}
    </Link>
  )
}
