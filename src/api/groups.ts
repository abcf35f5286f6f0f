import type { FastifyReply, FastifyRequest } from 'fastify'
import { groupsSql, summedMeasures, type GroupsRequest } from '../query/plan/index.ts'
import { answerJson } from './answer.ts'
import { abortOnDisconnect } from './store-query.ts'
import { ApiError } from './problems.ts'
import { answerFrame, columnOf, groupField, rowQueryOf } from './query-parameters.ts'
import type { FlowsQuery, GroupsQuery } from '../topics/flows/parameters.ts'
import { listOf } from '../topics/comma-list.ts'
import { ringGroups } from './ring/answers.ts'
import { integerCell } from './ring/sums.ts'
import { readSums, measureCells, shifted, sumColumns, sumsOf, type RunStatement, type Totals } from './sums.ts'

export async function answerGroups(
  request: FastifyRequest,
  query: FlowsQuery,
  reply: FastifyReply,
  { context, hub }: Pick<RunStatement, 'context' | 'hub'>,
): Promise<FastifyReply> {
  const foreign = (['columns', 'pos', 'sort', 'cursor'] as const).find((name) => query[name] !== undefined)
  if (foreign !== undefined)
    throw new ApiError('WEIR_API_INVALID', `"${foreign}" applies to single flows, and "group" requests groups.`, {
      hints: [
        'The largest groups are returned first: `by` sets the ranking, `limit` the number; the rest is in `others`.',
      ],
    })
  const run = { context, hub, principal: request.principal, disconnected: abortOnDisconnect(reply) }
  const answer = await groupsAnswer(run, query)
  return answer === undefined ? reply.hijack() : answerJson(request, reply, answer)
}

/** The body of a response. Undefined when the client has disconnected. */
export async function groupsAnswer(run: RunStatement, query: GroupsQuery): Promise<object | undefined> {
  const fields = listOf(query.group).map(groupField)
  if (fields.length === 0)
    throw new ApiError('WEIR_API_INVALID', '"group" is empty.', { hints: ['Write src_namespace,dst_namespace …'] })
  const rowQuery = shifted(rowQueryOf(query, 'flow_time', run.context.host.clock.now(), run.principal), query.offset)
  const groupsRequest: GroupsRequest = { ...rowQuery, group: fields, ...sumsOf(query, 100) }
  const answer = await readSums(run, {
    request: groupsRequest,
    groups: { fields, step: undefined },
    query,
    readers: { sql: groupsSql, ring: (source, signal) => ringGroups(source, groupsRequest, signal) },
  })
  if (answer === undefined) return undefined
  const rows = answer.rows.map((row) => [
    ...fields.map((_, index) => row[`_g${index}`] ?? null),
    ...measureCells(row, groupsRequest),
  ])
  const { total } = answer
  return {
    ...answerFrame([...fields.map(columnOf), ...sumColumns(groupsRequest)], rows, answer.span, answer),
    others: othersOf(answer.rows, total, summedMeasures(groupsRequest)),
    total,
  }
}

function othersOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  total: Totals,
  summed: readonly string[],
): Totals {
  const rest = (name: string, shown: bigint): readonly [string, number | string] => [
    name,
    integerCell(integer(total[name]) - shown),
  ]
  return Object.fromEntries([
    rest('groups', BigInt(rows.length)),
    ...summed.map((name) =>
      rest(
        name,
        rows.reduce((sum, row) => sum + integer(row[`_${name}`]), 0n),
      ),
    ),
  ])
}

function integer(value: unknown) {
  return typeof value === 'number' || typeof value === 'string' ? BigInt(value) : 0n
}
