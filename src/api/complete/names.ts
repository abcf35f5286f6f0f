import { flowFields, namesOf, type Field } from '../../model/fields.ts'
import { flowNames } from '../../query/index.ts'
import { fieldUseSql, type Question } from '../../query/plan/index.ts'
import { rowsOf } from '../ask.ts'
import { ringFieldUse } from '../ring/values-in-use.ts'
import type { Asker } from '../sums.ts'
import { views } from '../views.ts'

/** Flows that are looked at for which fields they have. */
const mostRows = 1000

/** How many of some flows have a value in each field. Undefined when the client has gone. */
export async function fieldUse(asker: Asker, question: Question): Promise<ReadonlyMap<string, number> | undefined> {
  const { context: { control: { store } }, hub, gone } = asker
  const newest = await ringFieldUse(hub.ringSource(), question, mostRows, gone)
  if (gone.aborted) return undefined
  if (newest !== undefined || store === undefined) return newest ?? new Map()
  const rows = await rowsOf(store, fieldUseSql(question, mostRows), gone)
  return rows === undefined ? undefined : new Map(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]))
}

export interface FieldSuggestion {
  readonly name: string
  /** Other names that mean the same. */
  readonly names: readonly string[]
  readonly kind: string
  readonly unit?: string
  readonly meaning: string
  /** Some flow of the span has a value. */
  readonly used: boolean
}

interface Candidate {
  readonly field: FieldSuggestion
  /** 0: the name begins with what was typed; 1: another of its names does; 2: one has it in it. */
  readonly fit: number
  readonly use: number
}

/** Names of fields: those that flows have values in first, then those that fit better, then as the registry has them. */
export function suggestNames(prefix: string, use: ReadonlyMap<string, number>, limit: number): FieldSuggestion[] {
  const typed = prefix.toLowerCase()
  const registry = new Map((flowFields as readonly Field[]).map((field) => [field.name, field]))
  const single = flowNames.fields.map(({ name, kind, unit }): Candidate | undefined => {
    const field = registry.get(name)
    const names = field === undefined ? [] : namesOf(field).filter((other) => other !== name)
    const meaning = views.flows.find((column) => column.name === name)?.meaning ?? ''
    const used = use.get(/^(bytes|packets)_est$/.exec(name)?.[1] ?? name) ?? 0
    return candidate({ name, names, kind, ...(unit === undefined ? {} : { unit }), meaning, used: used > 0 }, typed, used)
  })
  const parts = new Set(flowNames.fields.flatMap(({ name }) => (name.startsWith('src_') ? [name.slice(4)] : [])).filter((part) => flowNames.endPart(part) !== undefined))
  const either = [...parts].map((part): Candidate | undefined => {
    const used = (use.get(`src_${part}`) ?? 0) + (use.get(`dst_${part}`) ?? 0)
    const field = flowNames.ofEnd('src', part)
    // Only for who asks for it: each would stand beside its two ends.
    if (field === undefined || !'any.'.startsWith(typed.slice(0, 4)) || typed === '') return undefined
    return candidate({ name: `any.${part}`, names: [], kind: field.kind, meaning: `Of the source or of the destination: ${part.replaceAll('_', ' ')}`, used: used > 0 }, typed, used)
  })
  return [...single, ...either].filter((each) => each !== undefined)
    .sort((a, b) => Number(b.use > 0) - Number(a.use > 0) || a.fit - b.fit || b.use - a.use).slice(0, limit).map(({ field }) => field)
}

function candidate(field: FieldSuggestion, typed: string, use: number): Candidate | undefined {
  const fold = (name: string): string => name.toLowerCase().replaceAll('.', '_')
  const wanted = fold(typed)
  if (fold(field.name).startsWith(wanted)) return { field, fit: 0, use }
  const others = field.names.map(fold)
  if (others.some((name) => name.startsWith(wanted))) return { field, fit: 1, use }
  return [fold(field.name), ...others].some((name) => name.includes(wanted)) ? { field, fit: 2, use } : undefined
}
