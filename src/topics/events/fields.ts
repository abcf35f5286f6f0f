/** Names of numbers and texts in the bodies of events. */
import { isRecord } from '../../model/json.ts'
import { duckdb } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import type { EventFields } from './schema.ts'

const { text, time } = duckdb

export const familyWithin = (family: string, { from, to }: TimeSpan): string =>
  `family = ${text(family)} AND time >= ${time(from)} AND time < ${time(to)}`

const [sampled, maxDepth, maxFields] = [500, 4, 200] as const

export const sampleSql = (family: string, span: TimeSpan): string =>
  `SELECT data FROM events WHERE ${familyWithin(family, span)} ORDER BY time DESC LIMIT ${sampled}`

/** JSON pointers of numbers and of texts in the bodies. */
export function fieldsIn(bodies: readonly unknown[]): EventFields {
  const pointers = { numbers: new Set<string>(), texts: new Set<string>() }
  const visit = (value: unknown, pointer: string, depth: number): void => {
    if (typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)))
      pointers.numbers.add(pointer)
    else if (typeof value === 'string') pointers.texts.add(pointer)
    else if (isRecord(value) && depth < maxDepth)
      for (const [key, inner] of Object.entries(value))
        visit(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1)
  }
  for (const body of bodies) if (isRecord(body)) visit(body, '', 0)
  const sorted = (all: ReadonlySet<string>): string[] => [...all].sort().slice(0, maxFields)
  return { numbers: sorted(pointers.numbers), texts: sorted(pointers.texts) }
}
