import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { request, type Query } from '../../../api/client.ts'
import { allOf } from '../../../parts/filter-text.ts'
import { questionQuery } from '../flow-filter.ts'
import type { FlowQuery } from '../overview/flow-query.ts'
import { momentSeconds } from '../overview/queries.ts'
import { conditionOf } from '../../../parts/endpoint-condition.ts'
import type { Measure } from '../overview/state.ts'
import type { FlowTopology } from '../../../../../src/api/published.ts'
import { compared, fill, missing, pairsOf, type Pair, type Side } from '../../../parts/graph/diff.ts'
import { edgesOf, type Edges } from '../../../parts/graph/fold.ts'
import { scopeParts } from '../../../parts/graph/scope.ts'
import type { Scope } from './state.ts'

export type DiffAnswer = Readonly<{
  edges: Edges
  scope: Scope
  now: FlowTopology
  before: FlowTopology
  lookedUp: number
  unknown: number
}>

type DiffQuestion = Readonly<{
  flowQuery: FlowQuery
  scope: Scope
  by: Measure
  limit: number
  most: number
}>

/** Lookups of single edges: total, concurrent, and characters of a filter in a URL. */
const [maxLookups, atOnce, maxText] = [60, 4, 7000]
const lengths: Readonly<Record<string, number>> = { '1h': 3600, '1d': 86_400, '1w': 604_800 }

export function spansOf(
  { from, to }: FlowQuery['t'],
  diff: string,
): Readonly<{ now: readonly [number, number]; before: readonly [number, number] }> {
  const [begin, end] = [Math.round(momentSeconds(from) * 1000), Math.round(momentSeconds(to) * 1000)]
  const earlier =
    diff === 'span'
      ? begin - (end - begin)
      : lengths[diff] === undefined
        ? Date.parse(diff)
        : begin - lengths[diff] * 1000
  return { now: [begin, end], before: [earlier, earlier + end - begin] }
}

export function useDiff(
  question: DiffQuestion,
  diff: string,
  { enabled }: Readonly<{ enabled: boolean }>,
): UseQueryResult<DiffAnswer> {
  return useQuery({
    queryKey: ['topology diff', question, diff],
    enabled,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => compare(question, spansOf(question.flowQuery.t, diff), signal),
  })
}

async function compare(
  { flowQuery, scope, by, limit, most }: DiffQuestion,
  spans: ReturnType<typeof spansOf>,
  signal: AbortSignal,
): Promise<DiffAnswer> {
  const answerOf = (span: readonly [number, number], filter: string, edges: number) => {
    const query: Query = {
      ...questionQuery({ ...flowQuery, filter }),
      from: span[0],
      to: span[1],
      source: 'raw',
      scope: scopeParts[scope].parts.join(','),
      by,
      limit: edges,
    }
    return request<FlowTopology>('/api/v1/topology', { signal, query })
  }
  const [now, before] = await Promise.all([
    answerOf(spans.now, flowQuery.filter, limit),
    answerOf(spans.before, flowQuery.filter, limit),
  ])
  const sideOf = (answer: FlowTopology): Side => ({
    ...edgesOf(answer, scope),
    complete: answer.rows.length >= (answer.total.edges ?? 0),
  })
  const sides = { now: sideOf(now), before: sideOf(before) }
  const pairs = pairsOf(sides.now, sides.before, most)
  const questions = (['now', 'before'] as const)
    .flatMap((time) => chunksOf(missing(pairs, time), scope, flowQuery).map((chunk) => ({ time, ...chunk })))
    .slice(0, maxLookups)
  let lookedUp = 0
  for (let at = 0; at < questions.length; at += atOnce) {
    await Promise.all(
      questions.slice(at, at + atOnce).map(async ({ time, edges, filter }) => {
        // With both directions, the reverse edge is part of the query.
        fill(
          pairs,
          time,
          edges,
          edgesOf(await answerOf(spans[time], allOf([flowQuery.filter, filter]), 2 * edges.length), scope),
        )
        lookedUp += edges.length
      }),
    )
  }
  return {
    edges: compared(pairs, sides.now, sides.before),
    scope,
    now,
    before,
    lookedUp,
    unknown: missing(pairs, 'now').length + missing(pairs, 'before').length,
  }
}

function chunksOf(
  edges: readonly Pair[],
  scope: Scope,
  { both }: Readonly<{ both: boolean }>,
): readonly Readonly<{ edges: readonly Pair[]; filter: string }>[] {
  const { parts } = scopeParts[scope]
  const fields = [...parts.map((part) => `src_${part}`), ...parts.map((part) => `dst_${part}`)]
  const chunks: { edges: Pair[]; tests: string[]; length: number }[] = []
  for (const edge of edges) {
    const tests = [
      conditionOf(fields, [...edge.from, ...edge.to]),
      ...(both ? [conditionOf(fields, [...edge.to, ...edge.from])] : []),
    ].map((test) => `(${test})`)
    const length = encodeURIComponent(tests.join(' or ')).length + 8
    const last = chunks.at(-1)
    if (last !== undefined && last.length + length <= maxText) {
      last.edges.push(edge)
      last.tests.push(...tests)
      last.length += length
    } else chunks.push({ edges: [edge], tests, length })
  }
  return chunks.map(({ edges: flowQuery, tests }) => ({ edges: flowQuery, filter: `(${tests.join(' or ')})` }))
}
