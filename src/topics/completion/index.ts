import {
  auditNames,
  changeNames,
  eventNames,
  inventoryNames,
  resourceNames,
  type NameTable,
  type QueryField,
} from '../../query/index.ts'
import { fieldTime, isoOf, type RowQuery } from '../../query/plan/index.ts'
import { filterOf } from '../filter-text.ts'
import type { QuestionQuery } from '../flows/parameters.ts'
import { rowQueryOf, unknownField } from '../flows/row-query.ts'
import { Refusal } from '../refusal.ts'
import { withinScope, type Viewer } from '../scope.ts'
import { moment, span } from '../time-span.ts'
import { fieldsNamed, meaningsInUse, type FindValues } from './meanings.ts'
import { bodyUse, memberUse } from './members.ts'
import { fieldUse, suggestNames } from './names.ts'
import { valuesOfObjects } from './objects.ts'
import type { Reading } from './reading.ts'
import type { CompletedValue, Completion, CompletionRequest } from './schema.ts'
import { valuesInUse, type UsedValue, type UsedValues } from './values.ts'
import { knownValues, suggestion } from './words.ts'

/** Names and values by frequency in the rows that the other filters select. */
export function complete(request: CompletionRequest, reading: Reading): Promise<Completion> {
  if (request.names === 'resources') return ofObjects(request, resourceNames, reading)
  return request.names === 'inventory' ? ofObjects(request, inventoryNames, reading) : ofRows(request, reading)
}

async function ofRows(request: CompletionRequest, reading: Reading): Promise<Completion> {
  const { now, viewer } = reading
  const { prefix, limit = 20 } = request
  const rowQuery =
    request.names === 'changes' || request.names === 'events' || request.names === 'audit'
      ? visibleRows(request, request.names, now, viewer)
      : rowQueryOf(request, 'flow_time', now, viewer)
  const { names } = rowQuery
  // Events of clouds have no namespace: limited viewers get no values of audit events.
  const none = names === auditNames && viewer.namespaces !== undefined
  if (request.field === undefined) {
    const find: FindValues = async (fields, typed, most) =>
      none ? [] : (await valuesInUse(reading, rowQuery, fields, typed, most)).values
    const isOfFlows = names.view === 'flows'
    const [use, members, meanings] = await Promise.all([
      isOfFlows ? fieldUse(reading, rowQuery) : undefined,
      isOfFlows ? memberUse(reading, rowQuery) : names === eventNames ? bodyUse(reading, rowQuery) : undefined,
      meaningsInUse(prefix, names, find),
    ])
    return { fields: suggestNames(names, prefix, use, limit, members), meanings }
  }
  if (none) return { values: [] }
  const fields = fieldsOf(names, request.field)
  const used = await valuesInUse(reading, rowQuery, fields, prefix, limit)
  return { values: listed(used.values, names, fields, prefix, limit), ...sourceOf(used) }
}

async function ofObjects(
  { field: written, prefix, filter = '', to = 'now', limit = 20 }: CompletionRequest,
  names: NameTable,
  reading: Reading,
): Promise<Completion> {
  const at = moment(to, 'to', reading.now)
  if (written === undefined) {
    const find: FindValues = (fields, typed, most) =>
      valuesOfObjects(reading, fields, { names, filter, at, prefix: typed, limit: most })
    const meanings = await meaningsInUse(prefix, names, find)
    return { fields: suggestNames(names, prefix, undefined, limit), meanings }
  }
  const fields = fieldsOf(names, written)
  const used = await valuesOfObjects(reading, fields, { names, filter, at, prefix, limit })
  return {
    values: listed(used, names, fields, prefix, limit),
    ...sourceOf({ source: 'raw', span: { from: at, to: at }, exact: true }),
  }
}

function visibleRows(
  { filter: written = '', from: begin = 'now-24h', to: end = 'now' }: QuestionQuery,
  view: 'changes' | 'events' | 'audit',
  now: number,
  viewer: Viewer,
): RowQuery {
  const { expression } = filterOf(written, view)
  return {
    names: { changes: changeNames, events: eventNames, audit: auditNames }[view],
    filter: view === 'audit' ? expression : withinScope(expression, viewer, view),
    time: fieldTime(view === 'events' ? 'time_received' : 'time'),
    span: span({ from: begin, to: end }, now),
  }
}

function sourceOf({ source, span: { from, to }, exact }: Omit<UsedValues, 'values'>) {
  return { source, span: { from: isoOf(from), to: isoOf(to) }, exact }
}

/** Values that begin with the prefix precede the others. */
function listed(
  used: readonly UsedValue[],
  names: NameTable,
  fields: readonly QueryField[],
  prefix: string,
  limit: number,
): CompletedValue[] {
  const suggested = used.map(({ field, value, count }) => ({ ...suggestion(names, field, value, prefix), count }))
  const byText = new Map<string, CompletedValue>()
  for (const value of suggested)
    byText.set(value.text, { ...value, count: value.count + (byText.get(value.text)?.count ?? 0) })
  for (const field of fields)
    for (const word of knownValues(names, field, prefix))
      if (!byText.has(word.text) && !suggested.some(({ value }) => value === word.value))
        byText.set(word.text, { ...word, count: 0 })
  const folded = prefix.toLowerCase()
  const begins = ({ value, text }: CompletedValue): number =>
    String(value).toLowerCase().startsWith(folded) || text.toLowerCase().startsWith(folded) ? 0 : 1
  return [...byText.values()].sort((a, b) => begins(a) - begins(b) || b.count - a.count).slice(0, limit)
}

function fieldsOf(names: NameTable, written: string): readonly QueryField[] {
  const fields = fieldsNamed(written, names)
  if (fields.length === 0) throw unknownField(written, 'field', names)
  const odd = fields.find(
    ({ kind, sql, member }) =>
      kind === 'json' ||
      kind === 'time' ||
      (sql !== undefined && member === undefined && names !== eventNames && !kind.startsWith('list')),
  )
  if (odd !== undefined)
    throw new Refusal('WEIR_API_INVALID', `"field" is ${odd.name}, which has no values to choose from.`)
  return fields
}
