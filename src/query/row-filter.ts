import type { Batch, EventBatch } from '../model/batches.ts'
import { QueryError, refuse } from './ast.ts'
import { bind } from './bind.ts'
import { testsOf, type Bound } from './bound.ts'
import { bodyColumns, joinedColumns } from './live-bodies.ts'
import type { LiveHeader } from './live-columns.ts'
import { compileLive, type LiveFilter, type RowTest } from './live.ts'
import { auditNames, changeNames, eventNames, flowNames, type NameTable } from './names.ts'
import { parse } from './parse.ts'

export const filterKinds = ['flows', 'changes', 'audit', 'events'] as const
export type FilterKind = (typeof filterKinds)[number]

/** One text for all kinds, or one for each kind; kinds without a filter are not filtered. */
export type WrittenFilter = string | { readonly [Kind in FilterKind]?: string | undefined }

/** Names of the rows of each kind. */
export const rowTables: Readonly<Record<FilterKind, NameTable>> = {
  flows: flowNames,
  changes: changeNames,
  audit: auditNames,
  events: eventNames,
}

/** Throws QueryError. */
export function readRowFilter(text: string, kind: FilterKind): Bound {
  const names = rowTables[kind]
  const bound = bind(parse(text, names), names)
  const joined = kind === 'changes' ? testsOf(bound).find(({ field }) => joinedColumns.has(field)) : undefined
  if (joined !== undefined) {
    const at = text.indexOf(joined.field)
    refuse(
      `${joined.field} of a change is joined from audit logs in the store.`,
      { from: Math.max(0, at), to: Math.max(0, at) + joined.field.length },
      'On delivery, filter by manager.',
    )
  }
  return bound
}

type RowFilter = (batch: Batch, header: LiveHeader) => RowTest

/** A text selects rows of every kind for which it is valid. Throws QueryError if it is valid for none of `kinds`. */
export function compileRowFilter(written: WrittenFilter, kinds: readonly FilterKind[] = filterKinds): RowFilter {
  const bounds = typeof written === 'string' ? boundsOf(written, kinds) : mapped(written)
  const rest: RowTest = typeof written === 'string' ? () => false : () => true
  const flows = bounds.flows === undefined ? undefined : compileLive(bounds.flows)
  const events = bounds.events === undefined ? undefined : compileLive(bounds.events)
  const bodies = {
    changes: bounds.changes === undefined ? events : bodyFilter('changes', bounds.changes),
    audit: bounds.audit === undefined ? events : bodyFilter('audit', bounds.audit),
  }
  return (batch, header) => {
    if (batch.kind === 'flows') return flows?.(batch, header) ?? rest
    const others = events?.(batch, header) ?? rest
    const [change, audit] = [batch.dictionary.indexOf('change'), batch.dictionary.indexOf('audit')]
    const ofChange = has(batch, change) ? (bodies.changes?.(batch, header) ?? rest) : others
    const ofAudit = has(batch, audit) ? (bodies.audit?.(batch, header) ?? rest) : others
    if (ofChange === others && ofAudit === others) return others
    return (row) => {
      const family = batch.family[row]
      return family === change ? ofChange(row) : family === audit ? ofAudit(row) : others(row)
    }
  }
}

function has(batch: EventBatch, family: number) {
  return family > 0 && batch.family.includes(family)
}

type Bounds = { readonly [Kind in FilterKind]?: Bound }

function mapped(written: Exclude<WrittenFilter, string>): Bounds {
  return Object.fromEntries(
    filterKinds.flatMap((kind) => {
      const text = written[kind]
      return text === undefined ? [] : [[kind, readRowFilter(text, kind)]]
    }),
  )
}

/** Of several problems, the one furthest into the text is reported: its kind is the most likely one. */
function boundsOf(text: string, kinds: readonly FilterKind[]): Bounds {
  const bounds: Record<string, Bound> = {}
  let worst: QueryError | undefined
  for (const kind of filterKinds) {
    try {
      bounds[kind] = readRowFilter(text, kind)
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      if (kinds.includes(kind) && (worst === undefined || at(error) > at(worst))) worst = error
    }
  }
  const usable = kinds.some((kind) => bounds[kind] !== undefined || (isBody(kind) && bounds['events'] !== undefined))
  if (!usable && worst !== undefined) throw worst
  return bounds
}

const isBody = (kind: FilterKind) => kind === 'changes' || kind === 'audit'
const at = ({ problems }: QueryError) => problems[0]?.from ?? 0

function bodyFilter(view: 'changes' | 'audit', bound: Bound): LiveFilter {
  const test = compileLive(bound)
  const fields = new Set(testsOf(bound).map(({ field }) => field))
  return (batch, header) => {
    if (batch.kind === 'flows') return () => false
    const family = batch.dictionary.indexOf(view === 'changes' ? 'change' : 'audit')
    return test(
      bodyColumns(view, batch, fields, (row) => batch.family[row] === family),
      header,
    )
  }
}
