import type { FastifyInstance } from 'fastify'
import {
  auditNames,
  changeNames,
  eventNames,
  inventoryNames,
  resourceNames,
  type NameTable,
  type QueryField,
} from '../../query/index.ts'
import { fieldTime, isoOf, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import { refusePositions } from '../access/opaque.ts'
import { answerJson } from '../answer.ts'
import { withinScope } from '../../topics/scope.ts'
import type { Principal } from '../access/principal.ts'
import { abortOnDisconnect } from '../store-query.ts'
import { fieldsNamed, meaningsInUse, type FindValues } from '../complete/meanings.ts'
import { memberUse } from '../complete/members.ts'
import { fieldUse, suggestNames } from '../complete/names.ts'
import { valuesOfObjects } from '../complete/objects.ts'
import { valuesInUse } from '../complete/values.ts'
import { knownValues, suggestion, type Suggestion } from '../complete/words.ts'
import { filterOf } from '../../topics/filter-text.ts'
import type { Hub } from '../live/hub.ts'
import { moment, span } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { CompletionRequest, type QuestionQuery } from '../../topics/flows/parameters.ts'
import { rowQueryOf, unknownField } from '../../topics/flows/row-query.ts'
import { typed } from '../request/typed.ts'
import type { RunStatement } from '../ring/readers.ts'
import { boolean, list, object, refusals, string } from '../openapi/json-schema.ts'

const item = object(
  {
    value: {},
    text: { type: 'string', description: 'The value as filter text, quoted if necessary, or as a word if one exists.' },
    label: { type: 'string', description: 'Additional information: the number of a word, the flags of a number.' },
    count: { type: 'integer', description: 'Rows with this value; 0 for words without rows.' },
  },
  { required: ['value', 'text', 'count'] },
)

const meaning = object(
  {
    is: { type: 'string', enum: ['address', 'network', 'socket', 'port', 'protocol', 'text', 'value'] },
    filter: { type: 'string', description: 'The condition in the filter language.' },
    value: { type: 'string', description: 'The address, port, word or value.' },
    end: { type: 'string', enum: ['any', 'src', 'dst'] },
    port: { type: 'integer' },
    field: { type: 'string', description: 'With `value`: the field that has it.' },
    count: { type: 'integer', description: 'With `value`: rows with it.' },
  },
  { required: ['is', 'filter', 'value'] },
)

export const completeSchemas = {
  Completion: object({
    fields: list(
      object({
        name: string,
        names: list(string, { description: 'Aliases.' }),
        kind: string,
        unit: string,
        meaning: string,
        used: boolean,
      }),
      { description: 'Without `field`: field names, those with values in the time range first.' },
    ),
    meanings: list(meaning, {
      description: 'Without `field`: meanings of the typed text as a condition, the likeliest first.',
    }),
    values: list(item, { description: 'With `field`: values, most frequent first.' }),
    source: {
      type: 'string',
      description: 'Origin of the counts: a rollup, `ring` (the newest flows, in memory) or `raw`.',
    },
    span: object({ from: string, to: string }, { description: 'Time range that was read.' }),
    exact: { type: 'boolean', description: 'False if rows of the time range were skipped to respond quickly.' },
  }),
} as const

const schema = {
  operationId: 'complete',
  summary: 'Completions: field names, or values of a field',
  description:
    'Names and values are ranked by frequency in the rows that the other filters select. Values match ' +
    'case-insensitively, by prefix first, then by substring.',
  body: CompletionRequest,
  response: { 200: { $ref: 'Completion#' }, ...refusals },
} as const

export function completeRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).post('/api/v1/complete', { schema }, async (request, reply) => {
    const { body } = request
    const { prefix, limit = 20 } = body
    refusePositions(`${body.field ?? ''} ${body.filter ?? ''}`, request.principal)
    const now = context.host.clock.now()
    if (body.names === 'resources' || body.names === 'inventory') {
      const answer = await ofObjects(body, body.names === 'resources' ? resourceNames : inventoryNames, {
        context,
        hub,
        principal: request.principal,
        disconnected: abortOnDisconnect(reply),
      })
      return answer === undefined ? reply.hijack() : answerJson(request, reply, answer)
    }
    const rowQuery =
      body.names === 'changes' || body.names === 'events' || body.names === 'audit'
        ? visibleRows(body, body.names, now, request.principal)
        : rowQueryOf(body, 'flow_time', now, request.principal)
    const { names } = rowQuery
    const run = { context, hub, principal: request.principal, disconnected: abortOnDisconnect(reply) }
    // Events of clouds have no namespace: limited viewers get no values of audit events.
    const none = names === auditNames && request.principal.namespaces !== undefined
    if (body.field === undefined) {
      const find: FindValues = async (fields, typed, most) =>
        none ? [] : (await valuesInUse(run, rowQuery, fields, typed, most))?.values
      const isOfFlows = names.view === 'flows'
      const [use, members, meanings] = await Promise.all([
        isOfFlows ? fieldUse(run, rowQuery) : undefined,
        isOfFlows ? memberUse(run, rowQuery) : undefined,
        meaningsInUse(prefix, names, find),
      ])
      if (meanings === undefined || run.disconnected.aborted) return reply.hijack()
      return answerJson(request, reply, { fields: suggestNames(names, prefix, use, limit, members), meanings })
    }
    if (none) return answerJson(request, reply, { values: [] })
    const fields = fieldsOf(names, body.field)
    const values = await valuesInUse(run, rowQuery, fields, prefix, limit)
    if (values === undefined) return reply.hijack()
    return answerJson(request, reply, {
      values: listed(
        values.values.map(({ field, value, count }) => ({ ...suggestion(names, field, value, prefix), count })),
        names,
        fields,
        prefix,
        limit,
      ),
      ...sourceOf(values),
    })
  })
}

async function ofObjects(
  { field: written, prefix, filter = '', to = 'now', limit = 20 }: CompletionRequest,
  names: NameTable,
  run: RunStatement,
): Promise<object | undefined> {
  const at = moment(to, 'to', run.context.host.clock.now())
  if (written === undefined) {
    const find: FindValues = (fields, typed, most) =>
      valuesOfObjects(run, fields, { names, filter, at, prefix: typed, limit: most })
    const meanings = await meaningsInUse(prefix, names, find)
    return meanings && { fields: suggestNames(names, prefix, undefined, limit), meanings }
  }
  const fields = fieldsOf(names, written)
  const values = await valuesOfObjects(run, fields, { names, filter, at, prefix, limit })
  return values === undefined
    ? undefined
    : {
        values: listed(
          values.map(({ field, value, count }) => ({ ...suggestion(names, field, value, prefix), count })),
          names,
          fields,
          prefix,
          limit,
        ),
        ...sourceOf({ source: 'raw', span: { from: at, to: at }, exact: true }),
      }
}

function visibleRows(
  { filter: written = '', from: begin = 'now-24h', to: end = 'now' }: QuestionQuery,
  view: 'changes' | 'events' | 'audit',
  now: number,
  principal: Principal,
): RowQuery {
  const { expression } = filterOf(written, view)
  return {
    names: { changes: changeNames, events: eventNames, audit: auditNames }[view],
    filter: view === 'audit' ? expression : withinScope(expression, principal, view),
    time: fieldTime(view === 'events' ? 'time_received' : 'time'),
    span: span({ from: begin, to: end }, now),
  }
}

function sourceOf({ source, span, exact }: { source: string; span: TimeSpan; exact: boolean }): object {
  return { source, span: { from: isoOf(span.from), to: isoOf(span.to) }, exact }
}

interface Counted extends Suggestion {
  readonly count: number
}

/** Values that begin with the prefix precede the others. */
function listed(
  used: readonly Counted[],
  names: NameTable,
  fields: readonly QueryField[],
  prefix: string,
  limit: number,
): Counted[] {
  const byText = new Map<string, Counted>()
  for (const value of used)
    byText.set(value.text, { ...value, count: value.count + (byText.get(value.text)?.count ?? 0) })
  for (const field of fields)
    for (const word of knownValues(names, field, prefix))
      if (!byText.has(word.text) && !used.some(({ value }) => value === word.value))
        byText.set(word.text, { ...word, count: 0 })
  const folded = prefix.toLowerCase()
  const begins = ({ value, text }: Counted): number =>
    String(value).toLowerCase().startsWith(folded) || text.toLowerCase().startsWith(folded) ? 0 : 1
  return [...byText.values()].sort((a, b) => begins(a) - begins(b) || b.count - a.count).slice(0, limit)
}

function fieldsOf(names: NameTable, written: string): readonly QueryField[] {
  const fields = fieldsNamed(written, names)
  if (fields.length === 0) throw unknownField(written, 'field', names)
  const odd = fields.find(
    ({ kind, sql, member }) =>
      kind === 'json' || kind === 'time' || (sql !== undefined && member === undefined && !kind.startsWith('list')),
  )
  if (odd !== undefined)
    throw new ApiError('WEIR_API_INVALID', `"field" is ${odd.name}, which has no values to choose from.`)
  return fields
}
