import { parseKubernetesRef } from '../../../model/refs.ts'
import { auditScope } from '../../scope.ts'
import type { TrafficMark } from '../../why/schema.ts'
import { objectText } from '../subject.ts'
import type { Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { markItem } from './changes.ts'
import { amongTexts, laneOf, notPermitted, textOf, within, withMarks, type Row } from './lane.ts'

const columns =
  'time, actor, actor_name, service, action, resource, resource_type, resource_name, resource_id, outcome, ' +
  'severity, address, _pos AS pos'

/** Audit events about the subject, by the actor, or from the address. */
export async function auditLane(scene: Scene, marks: readonly TrafficMark[]): Promise<Lane> {
  const { dialect, viewer, runQuery, subject, related, limit } = scene
  if ((subject.is === 'resource' || subject.is === 'account') && viewer.namespaces !== undefined)
    return notPermitted('audit', 'Audit events of clouds have', scene)
  const scope = auditScope(viewer, dialect)
  const about = amongTexts(scene, 'resource', related.refs)
  const actor = {
    actor: `actor = ${dialect.text(subject.ref)}`,
    address: `(address = ${dialect.text(subject.ref)} OR ${about})`,
    object: about,
    image: about,
    account: `(tenant = ${dialect.text(subject.text)} OR tenant_domain = ${dialect.text(subject.text)})`,
    resource: `(${about} OR resource_id = ${dialect.text(subject.text)})`,
  }[subject.is]
  const rows = await runQuery(
    `SELECT ${columns}, count(*) OVER () AS n FROM audit WHERE ${actor} AND ${within(scene)}` +
      `${scope === undefined ? '' : ` AND ${scope}`} ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
  const lane = await laneOf(scene, 'audit', {
    rows,
    itemOf: auditItem,
    probe: `SELECT time FROM audit WHERE ${scope ?? '1 = 1'} LIMIT 1`,
    missing: 'No audit event is stored.',
  })
  const fromMarks = marks.filter(({ is }) => is === 'audit').map(markItem)
  // Its own events have more facts than their marks.
  return withMarks(lane, fromMarks, { limit, prefer: 'items' })
}

function auditItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const resource = text('resource')
  const object = resource === null ? undefined : parseKubernetesRef(resource)
  const outcome = text('outcome')
  const severity = text('severity')
  return {
    pos: text('pos') ?? '',
    time: text('time') ?? '',
    until: null,
    is: 'audit',
    level: severity === 'incident' ? 'bad' : outcome === 'failure' || severity === 'warning' ? 'warning' : 'info',
    object:
      object === undefined
        ? [text('resource_type'), text('resource_name') ?? text('resource_id')]
            .filter((part) => part !== null)
            .join(' ')
        : objectText(object),
    ref: resource,
    text: [
      [text('service'), text('action')].filter((part) => part !== null).join(' '),
      ...(outcome === null || outcome === 'success' ? [] : [outcome]),
      ...(text('address') === null ? [] : [`from ${text('address')}`]),
    ].join(', '),
    actor: text('actor_name') ?? text('actor'),
    actor_ref: text('actor'),
  }
}
