/** Names of numbers and texts in the bodies of events. */
import { isRecord } from '../../model/json.ts'
import { bodyMemberName, dialectOf, duckdb } from '../../query/index.ts'
import { conditionOf, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { withinEdge } from './edge.ts'
import { jsonOf } from './page.ts'
import { eventTime } from './rows.ts'
import type { EventFields } from './schema.ts'

const { text, time } = duckdb

export const familyWithin = (family: string, { from, to }: TimeSpan): string =>
  `family = ${text(family)} AND time >= ${time(from)} AND time < ${time(to)}`

const [sampled, maxDepth, maxFields] = [500, 4, 200] as const
/** Characters; longer bodies have no fields to filter by. */
const maxBody = 65_536

/** Bodies of the newest events. */
export async function sampleBodies(
  rowQuery: RowQuery,
  { store, signal }: Pick<Surroundings, 'store' | 'signal'>,
): Promise<readonly unknown[]> {
  const dialect = dialectOf(store)
  const within = await withinEdge(rowQuery, { descending: true, limit: sampled }, { store, signal })
  const condition = `${conditionOf(rowQuery, dialect)}${within === undefined ? '' : ` AND ${within}`}`
  const newest =
    `SELECT ${dialect.asText('data')} AS body FROM events WHERE ${condition} ` +
    `ORDER BY ${eventTime.sql(dialect)} DESC LIMIT ${sampled}`
  const rows = await readRows<Readonly<{ short: string | null }>>(
    { store, signal },
    `SELECT CASE WHEN length(body) <= ${maxBody} THEN body END AS short FROM (${newest}) sampled`,
  )
  return rows.map(({ short }) => jsonOf(short))
}

/** JSON pointers of numbers and of texts in the bodies, and how many bodies have each member. */
export function fieldsIn(bodies: readonly unknown[]): EventFields {
  const pointers = { numbers: new Set<string>(), texts: new Set<string>() }
  const members = new Map<string, number>()
  const visit = (value: unknown, keys: readonly string[]): void => {
    if (isRecord(value)) {
      if (keys.length < maxDepth) for (const [key, inner] of Object.entries(value)) visit(inner, [...keys, key])
      return
    }
    if (value === null || keys.includes('')) return
    const name = bodyMemberName(keys)
    members.set(name, (members.get(name) ?? 0) + 1)
    const pointer = keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    if (typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)))
      pointers.numbers.add(pointer)
    else if (typeof value === 'string') pointers.texts.add(pointer)
  }
  for (const body of bodies) if (isRecord(body)) visit(body, [])
  const sorted = (all: ReadonlySet<string>): string[] => [...all].sort().slice(0, maxFields)
  return {
    numbers: sorted(pointers.numbers),
    texts: sorted(pointers.texts),
    members: [...members]
      .toSorted(([name, a], [next, b]) => b - a || (name < next ? -1 : 1))
      .slice(0, maxFields)
      .map(([name, events]) => ({ name, events })),
    sampled: bodies.length,
  }
}
