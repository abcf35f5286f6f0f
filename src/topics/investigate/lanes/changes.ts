import { isRecord, storedJson } from '../../../model/json.ts'
import { pointerSteps } from '../../../model/json-pointer.ts'
import { parseKubernetesRef } from '../../../model/refs.ts'
import { cloudTypes } from '../../../model/cloud.ts'
import { objectScope } from '../../scope.ts'
import { changeColumns } from '../../changes/sql.ts'
import { reasonText } from '../../why/reason-text.ts'
import { objectText } from '../subject.ts'
import type { TrafficMark } from '../../why/schema.ts'
import type { Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { amongTexts, laneOf, notPermitted, textOf, within, withMarks, type Row } from './lane.ts'

/** Changes without noise of the subject or by the actor, and those of objects that its traffic depends on. */
export async function changesLane(scene: Scene, marks: readonly TrafficMark[]): Promise<Lane> {
  if (scene.subject.is === 'resource' || scene.subject.is === 'account') return cloudChanges(scene)
  const { dialect, viewer, runQuery, subject, related, limit } = scene
  const scope = objectScope(viewer, dialect)
  const isNamespace = subject.is === 'object' && subject.parts.kind === 'Namespace'
  const title =
    subject.is === 'actor'
      ? `actor_ref = ${dialect.text(subject.ref)}`
      : isNamespace
        ? `(namespace = ${dialect.text(subject.parts.name)} AND cluster = ${dialect.text(subject.parts.cluster)} OR ` +
          `${amongTexts(scene, 'ref', related.refs)})`
        : amongTexts(scene, 'ref', related.refs)
  const scoped = scope === undefined ? '' : ` AND ${scope}`
  const rows = await runQuery(
    `SELECT ${changeColumns}, count(*) OVER () AS n FROM ${dialect.changesIn(scene.span)} WHERE ${within(scene)} AND ` +
      `NOT initial AND length(noise) = 0 AND ${title}${scoped} ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
  const lane = await laneOf(scene, 'changes', {
    rows,
    itemOf: changeItem,
    probe: `SELECT kind FROM changes WHERE ${scope ?? '1 = 1'} LIMIT 1`,
    missing: 'No change of a Kubernetes object is stored.',
  })
  const fromMarks = marks.filter(({ is }) => is !== 'audit').map(markItem)
  // Marks have the value before and the relation.
  return withMarks(lane, fromMarks, { limit, prefer: 'marks' })
}

function changeItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const parts = { kind: text('kind') ?? '', namespace: text('namespace') ?? '', name: text('name') ?? '' }
  const operation = text('operation') ?? 'changed'
  return {
    pos: text('pos') ?? '',
    time: text('time') ?? '',
    until: null,
    is: 'change',
    level: operation === 'deleted' ? 'warning' : 'info',
    object: objectText(parts),
    ref: text('ref'),
    text: [operation, ...diffText(row['diff'])].join(': '),
    actor: text('actor'),
    actor_ref: text('actor_ref'),
  }
}

export function markItem(mark: TrafficMark): LaneItem {
  const { is, pos, time, kind, namespace, name, ref, operation, actor, actor_ref: actorRef, diff, reasons } = mark
  const facts = is === 'audit' ? [] : diffText(operation === 'updated' || is === 'resource' ? diff : [])
  return {
    pos,
    time,
    until: null,
    is: is === 'resource' ? 'change' : is,
    level: operation === 'deleted' ? 'warning' : 'info',
    object: objectText({ kind, namespace: namespace ?? '', name }),
    ref,
    text:
      `${[is === 'rollout' ? 'rolled out' : operation, ...facts].join(': ')} ` +
      `(${reasons.map(reasonText).join(', ')})`,
    actor,
    actor_ref: actorRef,
  }
}

const [maxSteps, maxValue] = [2, 60]

/** `spec/replicas 2 → 0, 1 more`; empty without an update. */
function diffText(diff: unknown): readonly string[] {
  const steps = Array.isArray(diff) ? diff.filter(isRecord) : []
  const shown = steps.flatMap((step) => {
    const path = typeof step['path'] === 'string' ? pointerSteps(step['path']).slice(-3).join('/') : ''
    if (path === '') return []
    const old = 'old' in step ? `${valueText(step['old'])} ` : ''
    return [`${path} ${old}→ ${step['op'] === 'remove' ? 'none' : valueText(step['value'])}`]
  })
  if (shown.length === 0) return []
  const rest = shown.length - maxSteps
  return [[...shown.slice(0, maxSteps), ...(rest > 0 ? [`${rest} more`] : [])].join(', ')]
}

function valueText(value: unknown) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none')
  return text.length > maxValue ? `${text.slice(0, maxValue - 1)}…` : text
}

/** Events of the inventory: of the cloud resource itself. */
async function cloudChanges(scene: Scene): Promise<Lane> {
  const { dialect, viewer, runQuery, subject, related, limit } = scene
  if (viewer.namespaces !== undefined) return notPermitted('changes', 'Cloud resources have', scene)
  const { jsonText, jsonMember, text } = dialect
  // `<cloud>:<account>/…`, with separators within the account encoded.
  const encoded = subject.text.replace(/[%/]/g, encodeURIComponent)
  const ofAccount = dialect.contains('ref', `:${encoded}/`)
  const changed = [cloudTypes.created, cloudTypes.changed, cloudTypes.deleted].map(text).join(', ')
  const rows = await runQuery(
    `SELECT time, ref, type, ${jsonText('data', ['name'])} AS name, ${jsonText('data', ['type'])} AS kind, ` +
      `${jsonText('data', ['state'])} AS state, ${jsonMember('data', 'changes')} AS changes, _pos AS pos, ` +
      `count(*) OVER () AS n FROM events WHERE family = 'resource' AND type IN (${changed}) AND ` +
      `${subject.is === 'account' ? ofAccount : amongTexts(scene, 'ref', related.resources)} AND ${within(scene)} ` +
      `ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
  return laneOf(scene, 'changes', {
    rows,
    itemOf: cloudItem,
    probe: `SELECT ref FROM events WHERE family = 'resource' AND NOT (ref >= 'k8s:' AND ref < 'k8s;') LIMIT 1`,
    missing: 'No inventory of a cloud is stored.',
  })
}

export function cloudItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const operation = (text('type') ?? '').slice('weir.cloud.'.length)
  const changes = storedJson(row['changes'])
  const fields = Array.isArray(changes) ? changes.filter(isRecord) : []
  const shown = fields
    .slice(0, maxSteps)
    .map(({ path, from, to }) => `${String(path)} ${valueText(from)} → ${valueText(to)}`)
  const rest = fields.length - shown.length
  const detail = [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', ')
  const ref = text('ref')
  return {
    pos: text('pos') ?? '',
    time: text('time') ?? '',
    until: null,
    is: 'change',
    level: operation === 'deleted' ? 'warning' : 'info',
    object: `${text('kind') ?? 'resource'} ${text('name') ?? ref ?? ''}`,
    ref: ref === null || parseKubernetesRef(ref) !== undefined ? null : ref,
    text: detail === '' ? operation : `${operation}: ${detail}`,
    actor: null,
    actor_ref: null,
  }
}
