import { dialectOf } from '../../query/index.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { auditScope } from '../scope.ts'
import type { Warning } from './schema.ts'

/** Warning events that are grouped. */
const maxEvents = 500

type Row = Omit<Warning, 'events'> & Readonly<{ count: number | string }>

/** Events of Kubernetes by object and reason, newest first. `from`: µs. */
export async function readWarnings(
  { from, limit }: Readonly<{ from: bigint; limit: number }>,
  surroundings: Surroundings,
): Promise<readonly Warning[]> {
  const dialect = dialectOf(surroundings.store)
  const member = (name: string) => dialect.jsonText('data', [name])
  const scope = auditScope(surroundings.viewer, dialect, 'ref')
  const rows = await readRows<Row>(
    surroundings,
    `SELECT time, ref, ${member('reason')} AS reason, ${member('message')} AS message, ` +
      `coalesce(${dialect.integerOf(member('count'))}, 1) AS count FROM events WHERE family = 'k8s-event' ` +
      `AND time >= ${dialect.time(from)} AND ${member('type')} = 'Warning' AND ref IS NOT NULL` +
      `${scope === undefined ? '' : ` AND ${scope}`} ORDER BY time DESC LIMIT ${maxEvents}`,
  )
  const groups = new Map<string, Warning>()
  for (const { time, ref, reason, message, count } of rows) {
    const key = JSON.stringify([ref, reason])
    // `count` of the newest event includes earlier ones of the same series.
    if (!groups.has(key)) groups.set(key, { time, ref, reason, message, events: Number(count) })
  }
  return [...groups.values()].slice(0, limit)
}
