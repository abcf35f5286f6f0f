import { parseKubernetesRef } from '../../../model/refs.ts'
import { objectText } from '../subject.ts'
import type { Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { amongTexts, laneOf, notApplicable, textOf, within, type Row } from './lane.ts'

/** Kubernetes events about the subject and its owned objects. */
export async function eventsLane(scene: Scene): Promise<Lane> {
  const { dialect, runQuery, subject, related, limit } = scene
  if (subject.is === 'actor' || subject.is === 'resource' || subject.is === 'account')
    return notApplicable('events', 'Cluster events name Kubernetes objects.')
  if (related.refs.length === 0)
    return notApplicable(
      'events',
      subject.is === 'image' ? 'No pod ran this image.' : 'No Kubernetes object had this address.',
    )
  const { integerOf, jsonText, like } = dialect
  const member = (name: string) => `${jsonText('data', [name])} AS ${name}`
  const about =
    subject.is === 'object' && subject.parts.kind === 'Namespace'
      ? `(${like('ref', `k8s:${subject.parts.cluster}/*/*/${subject.parts.name}/*`)} OR ` +
        `${amongTexts(scene, 'ref', related.refs)})`
      : amongTexts(scene, 'ref', related.refs)
  const rows = await runQuery(
    `SELECT time, ref, type AS event_type, ${jsonText('data', ['type'])} AS level, ` +
      `${['reason', 'message', 'reporter'].map(member).join(', ')}, ` +
      `${integerOf(jsonText('data', ['count']))} AS times, ` +
      `_pos AS pos, count(*) OVER () AS n FROM events WHERE family = 'k8s-event' AND ${about} AND ${within(scene)} ` +
      `ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
  return laneOf(scene, 'events', {
    rows,
    itemOf: eventItem,
    probe: `SELECT time FROM events WHERE family = 'k8s-event' LIMIT 1`,
    missing: 'No cluster event is stored.',
  })
}

function eventItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const ref = text('ref')
  const object = ref === null ? undefined : parseKubernetesRef(ref)
  const times = Number(row['times'] ?? 1)
  return {
    pos: text('pos') ?? '',
    time: text('time') ?? '',
    until: null,
    is: 'event',
    level: text('level') === 'Warning' ? 'warning' : 'info',
    object: object === undefined ? '' : objectText(object),
    ref,
    text: `${text('reason') ?? 'event'}: ${text('message') ?? ''}${times > 1 ? ` (${times} times)` : ''}`,
    actor: text('reporter'),
    actor_ref: null,
  }
}
