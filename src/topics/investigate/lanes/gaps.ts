import { kubernetesTypes } from '../../../model/kubernetes.ts'
import type { Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { laneOf, notApplicable, notPermitted, textOf, type Row } from './lane.ts'

/** Times in which changes of its cluster may be missing, late or combined. */
export async function gapsLane(scene: Scene): Promise<Lane> {
  const { dialect, viewer, runQuery, span, subject, limit } = scene
  if (subject.is === 'resource' || subject.is === 'account')
    return notApplicable('gaps', 'Inventories are compared as a whole.')
  if (viewer.namespaces !== undefined) return notPermitted('gaps', 'Gaps of the watch have', scene)
  const { integerOf, jsonText, text, time, timeOf } = dialect
  const member = (name: string) => `${jsonText('data', [name])} AS ${dialect.identifier(name)}`
  const count = (name: string) => `coalesce(${integerOf(jsonText('data', [name]))}, 0) AS ${name}`
  const events =
    `SELECT time, ${timeOf(jsonText('data', ['from']))} AS since, ` +
    `${['cluster', 'resource', 'cause'].map(member).join(', ')}, ` +
    `${['missing', 'stale', 'extra'].map(count).join(', ')}, _pos AS pos ` +
    `FROM events WHERE type = ${text(kubernetesTypes.gap)} AND time >= ${time(span.from)}`
  const inCluster = subject.is === 'object' ? ` AND cluster = ${text(subject.parts.cluster)}` : ''
  const rows = await runQuery(
    `SELECT *, count(*) OVER () AS n FROM (${events}) WHERE coalesce(since, time) < ${time(span.to)}${inCluster} ` +
      `ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
  return laneOf(scene, 'gaps', {
    rows,
    itemOf: gapItem,
    probe: `SELECT ref FROM events WHERE family = 'resource' AND ref >= 'k8s:' AND ref < 'k8s;' LIMIT 1`,
    missing: 'No cluster is watched.',
  })
}

function gapItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const time = text('time') ?? ''
  const counts = ['missing', 'stale', 'extra'].map((name) => `${Number(row[name] ?? 0)} ${name}`).join(', ')
  return {
    pos: text('pos') ?? '',
    time: text('since') ?? time,
    until: time,
    is: 'gap',
    level: 'warning',
    object: `${text('resource') ?? ''} of ${text('cluster') ?? ''}`,
    ref: null,
    text: `changes may be missing: ${counts}${text('cause') === null ? '' : ` (${text('cause')})`}`,
    actor: null,
    actor_ref: null,
  }
}
