import { cloudTypes } from '../../model/cloud.ts'
import { isRecord, storedJson } from '../../model/json.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import type { Viewer } from '../scope.ts'
import { actsOfRecords } from '../cloud-acts.ts'
import type { Candidate } from './types.ts'
import type { RunQuery } from './workloads.ts'

type Row = Readonly<Record<string, unknown>>

/** Inventories are read every 2 to 10 minutes by default, so a change is recorded that much later. */
export const inventoryGraceUs = 600_000_000n

/** Changes that inventories of clouds recorded, the newest first. Cloud resources have no namespace. */
export async function readInventory(
  { from, to }: TimeSpan,
  limit: number,
  { dialect, runQuery, viewer }: Readonly<{ dialect: Dialect; runQuery: RunQuery; viewer: Viewer }>,
): Promise<readonly Row[]> {
  if (viewer.namespaces !== undefined) return []
  const { jsonText, jsonMember, text, time } = dialect
  const types = [cloudTypes.created, cloudTypes.changed, cloudTypes.deleted].map(text).join(', ')
  const texts = ['provider', 'id', 'name'].map((name) => `${jsonText('data', [name])} AS ${name}`).join(', ')
  return runQuery(
    `SELECT time, ref, type, ${texts}, ${jsonText('data', ['type'])} AS kind, ` +
      `${jsonMember('data', 'changes')} AS changes, ${jsonMember('data', 'attachedTo')} AS attached, _pos AS pos ` +
      `FROM events WHERE family = 'resource' AND ` +
      `type IN (${types}) AND time >= ${time(from)} AND time < ${time(to)} ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
}

/** With time and actor of their audit events, where there are some. */
export function recordedChanges(rows: readonly Row[], acts: readonly Row[]): readonly Candidate[] {
  const ofRow = actsOfRecords(rows, acts)
  return rows.map((row) => recordedChange(row, ofRow.get(row)))
}

function recordedChange(row: Row, act: Row | undefined): Candidate {
  const text = (name: string) => textOf(row, name)
  const ofAct = (name: string) => (act === undefined ? null : textOf(act, name))
  const diff = stepsOf(storedJson(row['changes']))
  const attached = storedJson(row['attached'])
  return {
    is: 'resource',
    at: timeOf(act ?? row),
    time: textOf(act ?? row, 'time') ?? '',
    cluster: null,
    group: text('provider') ?? '',
    kind: text('kind') ?? '',
    namespace: null,
    name: text('name') ?? text('id') ?? '',
    ref: text('ref'),
    operation: (text('type') ?? '').slice('weir.cloud.'.length),
    actor: ofAct('actor_name'),
    actor_kind: act === undefined ? null : 'user',
    actor_ref: ofAct('actor'),
    manager: null,
    audit_id: ofAct('id'),
    paths: diff.map(({ path }) => path),
    diff,
    pos: text('pos') ?? '',
    before: null,
    after: Array.isArray(attached) ? { attachedTo: attached } : null,
  }
}

type Step = Readonly<{ op: 'add' | 'remove' | 'replace'; path: string; value?: unknown; old?: unknown }>

/** `tags.env` from `prod` to `test` as a step of JSON Patch: `/tags/env`. */
function stepsOf(changes: unknown): readonly Step[] {
  if (!Array.isArray(changes)) return []
  return changes.filter(isRecord).map(({ path, from, to }) => {
    const [field = '', ...entry] = String(path).split('.')
    const steps = entry.length === 0 ? [field] : [field, entry.join('.')]
    return {
      op: to === undefined ? 'remove' : from === undefined ? 'add' : 'replace',
      path: steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
      ...(to === undefined ? {} : { value: to }),
      ...(from === undefined ? {} : { old: from }),
    }
  })
}

function textOf(row: Row, name: string) {
  const value = row[name]
  return typeof value === 'string' ? value : null
}

function timeOf(row: Row) {
  return Date.parse(textOf(row, 'time') ?? '')
}
