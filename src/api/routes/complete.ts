import type { FastifyInstance } from 'fastify'
import { changeNames, resourceNames, type NameTable, type QueryField } from '../../query/index.ts'
import { fieldTime, isoOf, type Question, type TimeSpan } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { withinScope } from '../access/scope.ts'
import type { Principal } from '../access/principal.ts'
import { goneWith } from '../ask.ts'
import { fieldUse, suggestNames } from '../complete/names.ts'
import { valuesOfObjects } from '../complete/objects.ts'
import { valuesInUse } from '../complete/values.ts'
import { knownValues, suggestion, type Suggestion } from '../complete/words.ts'
import { filterOf } from '../filter-text.ts'
import type { Hub } from '../live/hub.ts'
import { moment, span } from '../objects.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { questionOf, questionParameters, unknownField, type QuestionQuery } from '../question.ts'
import type { Asker } from '../sums.ts'

interface CompleteRequest extends QuestionQuery {
  readonly names?: 'flows' | 'changes' | 'resources'
  readonly field?: string
  readonly prefix?: string
  readonly limit?: number
}

const item = {
  type: 'object',
  required: ['value', 'text', 'count'],
  properties: {
    value: {},
    text: { type: 'string', description: 'As a filter has it: in quotes where need be, as a word where there is one.' },
    label: { type: 'string', description: 'What the text does not say: the number of a word, the flags of a number.' },
    count: { type: 'integer', description: 'Rows that have it; 0 of words that no row needs to have.' },
  },
} as const

export const completeSchemas = {
  Completion: {
    type: 'object',
    properties: {
      fields: {
        type: 'array',
        description: 'Without `field`: names, those that rows of the span have values in first.',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            names: { type: 'array', items: { type: 'string' }, description: 'Other names that mean the same.' },
            kind: { type: 'string' },
            unit: { type: 'string' },
            meaning: { type: 'string' },
            used: { type: 'boolean' },
          },
        },
      },
      values: { type: 'array', items: item, description: 'With `field`: values, the commonest first.' },
      source: {
        type: 'string',
        description: 'Where the counts come from: a rollup, `ring` (the newest flows, in memory) or `raw`.',
      },
      span: {
        type: 'object',
        properties: { from: { type: 'string' }, to: { type: 'string' } },
        description: 'What was looked at.',
      },
      exact: { type: 'boolean', description: 'False when rows of the span were passed over to answer at once.' },
    },
  },
} as const

const { filter, both_ways, reporters, from, to } = questionParameters

const schema = {
  operationId: 'complete',
  summary: 'What may be meant: names of fields, or values of one',
  description:
    'Names and values rank by use among the rows that the other filters leave. Values are those that begin with what was typed or have it in them; letters of any case.',
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['prefix'],
    properties: {
      names: {
        type: 'string',
        enum: ['flows', 'changes', 'resources'],
        default: 'flows',
        description: 'Whose fields, and values; of resources those that there are at the end of the span.',
      },
      field: {
        type: 'string',
        maxLength: 200,
        description: 'Whose values; by any of its names, `any.port` too. Without it, names of fields.',
      },
      prefix: { type: 'string', maxLength: 1000, description: 'What was typed; may be empty.' },
      filter,
      both_ways,
      reporters,
      from,
      to,
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 20 },
    },
  },
  response: { 200: { $ref: 'Completion#' }, 400: { $ref: 'Problem#' }, 503: { $ref: 'Problem#' } },
} as const

export function completeRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  app.post('/api/v1/complete', { schema }, async (request, reply) => {
    const wanted = request.body as CompleteRequest
    const { prefix = '', limit = 20 } = wanted
    const now = context.host.clock.now()
    if (wanted.names === 'resources') {
      const answer = await ofResources(wanted, { context, hub, principal: request.principal, gone: goneWith(reply) })
      return answer === undefined ? reply.hijack() : answerJson(request, reply, answer)
    }
    const question =
      wanted.names === 'changes'
        ? changesAsked(wanted, now, request.principal)
        : questionOf(wanted, 'flow_time', now, request.principal)
    const { names } = question
    const asker = { context, hub, principal: request.principal, gone: goneWith(reply) }
    if (wanted.field === undefined) {
      if (names === changeNames)
        return answerJson(request, reply, { fields: suggestNames(names, prefix, undefined, limit) })
      const use = await fieldUse(asker, question)
      return use === undefined
        ? reply.hijack()
        : answerJson(request, reply, { fields: suggestNames(names, prefix, use, limit) })
    }
    const fields = fieldsOf(names, wanted.field)
    const found = await valuesInUse(asker, question, fields, prefix, limit)
    if (found === undefined) return reply.hijack()
    return answerJson(request, reply, {
      values: listed(
        found.values.map(({ field, value, count }) => ({ ...suggestion(names, field, value, prefix), count })),
        names,
        fields,
        prefix,
        limit,
      ),
      ...told(found),
    })
  })
}

/** Objects as they are at the end of the span. Undefined when the client has gone. */
async function ofResources(
  { field: written, prefix = '', filter = '', to = 'now', limit = 20 }: CompleteRequest,
  asker: Asker,
): Promise<object | undefined> {
  if (written === undefined) return { fields: suggestNames(resourceNames, prefix, undefined, limit) }
  const fields = fieldsOf(resourceNames, written)
  const at = moment(to, 'to', asker.context.host.clock.now())
  const found = await valuesOfObjects(asker, fields, { filter, at, prefix, limit })
  return found === undefined
    ? undefined
    : {
        values: listed(
          found.map(({ field, value, count }) => ({ ...suggestion(resourceNames, field, value, prefix), count })),
          resourceNames,
          fields,
          prefix,
          limit,
        ),
        ...told({ source: 'raw', span: { from: at, to: at }, exact: true }),
      }
}

/** The changes that are asked about, of those that may be seen. */
function changesAsked(
  { filter: written = '', from: begin = 'now-24h', to: end = 'now' }: QuestionQuery,
  now: number,
  principal: Principal,
): Question {
  return {
    names: changeNames,
    filter: withinScope(filterOf(written, 'changes').expression, principal, 'changes'),
    time: fieldTime('time'),
    span: span({ from: begin, to: end }, now),
  }
}

function told({ source, span, exact }: { source: string; span: TimeSpan; exact: boolean }): object {
  return { source, span: { from: isoOf(span.from), to: isoOf(span.to) }, exact }
}

interface Counted extends Suggestion {
  readonly count: number
}

/** One for each value, those that begin with what was typed first, then words that fit. */
function listed(
  used: readonly Counted[],
  names: NameTable,
  fields: readonly QueryField[],
  prefix: string,
  limit: number,
): Counted[] {
  const byText = new Map<string, Counted>()
  for (const each of used) byText.set(each.text, { ...each, count: each.count + (byText.get(each.text)?.count ?? 0) })
  for (const field of fields)
    for (const each of knownValues(names, field, prefix))
      if (!byText.has(each.text) && !used.some(({ value }) => value === each.value))
        byText.set(each.text, { ...each, count: 0 })
  const folded = prefix.toLowerCase()
  const begins = ({ value, text }: Counted): number =>
    String(value).toLowerCase().startsWith(folded) || text.toLowerCase().startsWith(folded) ? 0 : 1
  return [...byText.values()].sort((a, b) => begins(a) - begins(b) || b.count - a.count).slice(0, limit)
}

function fieldsOf(names: NameTable, written: string): readonly QueryField[] {
  const part = /^any[._](.+)$/i.exec(written)?.[1]
  const shared = part === undefined ? undefined : names.endPart(part)
  const fields =
    shared === undefined
      ? [names.field(names.resolve(written) ?? '')]
      : [names.ofEnd('src', shared), names.ofEnd('dst', shared)]
  const known = fields.filter((field) => field !== undefined)
  if (known.length === 0) throw unknownField(written, 'field', names)
  const odd = known.find(
    ({ kind, sql }) => kind === 'json' || kind === 'time' || (sql !== undefined && !kind.startsWith('list')),
  )
  if (odd !== undefined)
    throw new ApiError('WEIR_API_INVALID', `"field" is ${odd.name}, of which there are no values to choose from.`)
  return known
}
