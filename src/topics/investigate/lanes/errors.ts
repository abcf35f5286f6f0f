import { levelSql } from '../../../query/index.ts'
import { parseKubernetesRef } from '../../../model/refs.ts'
import { namespaceLabels, workloadLabels } from '../../why/metric-ends.ts'
import type { Lane, LaneItem } from '../schema.ts'
import type { Scene } from '../scene.ts'
import { amongTexts, textOf, within, type Row } from './lane.ts'

const errorLevels = ['error', 'critical', 'fatal']
const maxLine = 200

/** Lines of logs with a level of errors, of which labels name the subject. Undefined: none. */
export async function errorsLane(scene: Scene): Promise<Lane | undefined> {
  const { dialect, viewer, runQuery, limit } = scene
  const about = aboutOf(scene)
  // Lines have no reliable namespace.
  if (about === undefined || viewer.namespaces !== undefined) return undefined
  const level = levelSql(dialect)
  const member = (name: string) => dialect.jsonText('data', [name])
  const rows = await runQuery(
    `SELECT time, ${member('line')} AS line, ${level} AS level, ` +
      `coalesce(${workloadLabels.map((name) => dialect.jsonText('data', ['labels', name])).join(', ')}) AS object, ` +
      `_pos AS pos, count(*) OVER () AS n FROM events WHERE family = 'log' AND ${within(scene)} AND ${about} AND ` +
      `${amongTexts(scene, level, errorLevels)} ORDER BY time DESC, pos DESC LIMIT ${limit}`,
  )
  if (rows.length === 0) return undefined
  const items = rows.map(errorItem).toReversed()
  return { name: 'errors', state: 'shown', note: null, total: Number(rows[0]?.['n']), items }
}

/** Condition of the labels; undefined: lines do not name the subject. */
function aboutOf(scene: Scene): string | undefined {
  const { dialect, subject, related } = scene
  if (subject.is !== 'object' && subject.is !== 'image') return undefined
  const label = (name: string) => dialect.jsonText('data', ['labels', name])
  const inNamespace = (namespace: string) =>
    `(${namespaceLabels.map((name) => `${label(name)} = ${dialect.text(namespace)}`).join(' OR ')})`
  if (subject.is === 'object' && subject.parts.kind === 'Namespace') return inNamespace(subject.parts.name)
  const refs = related.refs.flatMap((ref) => parseKubernetesRef(ref) ?? [])
  const objects = related.workload === undefined ? refs : [related.workload, ...refs]
  const byNamespace = [...Map.groupBy(objects, ({ namespace }) => namespace)].filter(([namespace]) => namespace !== '')
  if (byNamespace.length === 0) return undefined
  const conditions = byNamespace.map(([namespace, of]) => {
    const names = [...new Set(of.map(({ name }) => name))]
    const named = workloadLabels.map((name) => amongTexts(scene, label(name), names)).join(' OR ')
    return `(${inNamespace(namespace)} AND (${named}))`
  })
  return `(${conditions.join(' OR ')})`
}

function errorItem(row: Row): LaneItem {
  const text = (name: string) => textOf(row[name])
  const line = text('line') ?? ''
  return {
    pos: text('pos') ?? '',
    time: text('time') ?? '',
    until: null,
    is: 'log',
    level: text('level') === 'error' ? 'warning' : 'bad',
    object: text('object') ?? '',
    ref: null,
    text: line.length > maxLine ? `${line.slice(0, maxLine - 1)}…` : line,
    actor: null,
    actor_ref: null,
  }
}
