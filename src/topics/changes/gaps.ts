import { kubernetesTypes } from '../../model/kubernetes.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { among } from '../conditions.ts'
import { isoSpan } from '../coverage.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import type { Of } from '../schema.ts'
import { lastDay } from '../time-span.ts'
import { maxGaps, type ChangeGap, type ChangeGaps, type ChangeGapsParameters } from './schema.ts'

type GapRow = ChangeGap & Readonly<{ total: number | string }>

export async function readGaps(
  query: Of<typeof ChangeGapsParameters>,
  surroundings: Surroundings,
): Promise<ChangeGaps> {
  const span = lastDay(query, surroundings.now)
  const rows = await readRows<GapRow>(surroundings, gapsSql(query.cluster, span, dialectOf(surroundings.store)))
  return {
    span: isoSpan(span),
    total: Number(rows[0]?.total ?? 0),
    gaps: rows.map(({ total: _total, ...gap }) => gap),
  }
}

function gapsSql(cluster: string | undefined, { from, to }: TimeSpan, dialect: Dialect): string {
  const { identifier, integerOf, jsonText, text, time, timeOf } = dialect
  const dataField = (name: string) => `${jsonText('data', [name])} AS ${identifier(name)}`
  const count = (name: string) => `coalesce(${integerOf(jsonText('data', [name]))}, 0) AS ${name}`
  const gapEvents =
    `SELECT time, ${timeOf(jsonText('data', ['from']))} AS since, ` +
    `${['cluster', 'group', 'resource', 'cause'].map(dataField).join(', ')}, ` +
    `${['missing', 'stale', 'extra'].map(count).join(', ')}, _pos AS pos ` +
    `FROM events WHERE type = ${text(kubernetesTypes.gap)} AND time >= ${time(from)}`
  const reaching = [`coalesce(since, time) < ${time(to)}`, ...among(dialect, 'cluster', cluster)].join(' AND ')
  return (
    `SELECT *, count(*) OVER () AS total FROM (${gapEvents}) WHERE ${reaching} ORDER BY time DESC, pos ` +
    `DESC LIMIT ${maxGaps}`
  )
}
