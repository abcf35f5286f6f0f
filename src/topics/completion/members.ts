import { dialectOf, levelField, memberName } from '../../query/index.ts'
import { memberUseSql, type RowQuery } from '../../query/plan/index.ts'
import { fieldsIn, sampleBodies } from '../events/fields.ts'
import { readRows } from '../rows.ts'
import { cachedUse } from './names.ts'
import type { Reading } from './reading.ts'

/** `key`: a further name by which it is found. */
export type UsedMember = Readonly<{ name: string; key: string; meaning: string; used: number }>

/** Rows with `extra` that are read, and names that are offered. */
const [sampledRows, maxNames] = [2000, 200]

/** Rows that have each member of `extra`, in a sample of the newest flows. */
export async function memberUse(reading: Reading, rowQuery: RowQuery): Promise<readonly UsedMember[]> {
  const { store } = await reading.flows()
  const counts = await cachedUse(reading, store, rowQuery, { of: 'members' }, async (signal) => {
    const sql = memberUseSql(rowQuery, { rows: sampledRows, limit: maxNames }, dialectOf(store))
    const rows = await readRows<Readonly<{ name: string; n: number | string }>>({ store, signal }, sql)
    return new Map(rows.map(({ name, n }) => [name, Number(n)]))
  })
  return [...counts]
    .toSorted(([name, a], [next, b]) => b - a || (name < next ? -1 : 1))
    .slice(0, maxNames)
    .map(([key, used]) => ({ name: memberName(key), key, meaning: `Member ${key} of extra`, used }))
}

const level: UsedMember = {
  name: levelField.name,
  key: 'severity',
  meaning: 'Severity of a line of logs, else the first word of the line that is a level',
  used: 1,
}

/** Two statements, and the parsing of the bodies. */
const bodiesWaitMs = 500

/** Members of the bodies of the newest events, and the level. */
export async function bodyUse(reading: Reading, rowQuery: RowQuery): Promise<readonly UsedMember[]> {
  const { store } = reading
  if (store === undefined) return [level]
  const sample = async (signal: AbortSignal) => {
    const { members } = fieldsIn(await sampleBodies(rowQuery, { store, signal }))
    return new Map(members.map(({ name, events }) => [name, events]))
  }
  const use = await cachedUse(reading, store, rowQuery, { of: 'bodies', waitMs: bodiesWaitMs }, sample)
  const members = [...use].map(([name, used]) => {
    const key = name.slice(name.lastIndexOf('.') + 1)
    return { name, key, meaning: `Member ${name.slice('data.'.length)} of the body`, used }
  })
  return [level, ...members]
}
