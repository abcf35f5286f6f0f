/** Sums of groups, wherever they are read from: what series, topology and the aggregated table share. */
import { flowNames, type QueryField } from '../query/index.ts'
import {
  furtherMeasures,
  hasStats,
  isFurther,
  measures,
  percentiles,
  stats,
  stepOf,
  type FurtherMeasure,
  type Question,
  type Rank,
  type SumsQuestion,
  type TimeSpan,
} from '../query/plan/index.ts'
import type { Principal } from './access/principal.ts'
import { rowsOf } from './ask.ts'
import type { Hub } from './live/hub.ts'
import { manyGroups } from './many-groups.ts'
import type { ApiContext } from './options.ts'
import { ApiError } from './problems.ts'
import { columnOf, listOf, measureColumns, unknownField, type AnswerColumn, type QuestionQuery } from './question.ts'
import type { AnswerRecord, RingAnswer } from './ring/answers.ts'
import type { RingSource } from './ring/scan.ts'
import { storedSince, storedTo } from './stored-to.ts'
import { sumSource } from './sum-source.ts'

export interface SumsQuery extends QuestionQuery {
  readonly limit?: number
  readonly by?: string
  readonly measure?: string
  readonly of?: string
  readonly offset?: string
  readonly source?: string
}

export const rankParameter = {
  type: 'string',
  enum: [...measures, ...furtherMeasures, ...stats],
  default: 'bytes',
  description: `Ranking measure: ${[...measures, ...furtherMeasures].join(', ')}, or ${stats.join(', ')} of the field \`of\`.`,
} as const

export const measureParameter = {
  type: 'string',
  description: `Additional sums besides bytes, packets and flows, comma-separated: ${furtherMeasures.join(', ')}, as reported. They require reading the flows instead of rollups.`,
  examples: ['drop_packets'],
} as const

export const ofParameter = {
  type: 'string',
  description:
    'A numeric field to add statistics of to each row: number of flows with the field, minimum, mean, maximum, and percentiles 50, 90 and 99. Percentiles use nearest rank: the result is always a value that occurred.',
  examples: ['rtt'],
} as const

export const offsetParameter = {
  type: 'string',
  description:
    'Shift the time range back by this duration: `1h`, `1d`, `4w`. Times in the response are those of the shifted data.',
  examples: ['1d'],
} as const

/** The same question about an earlier time. */
export function shifted<Asked extends Question>(question: Asked, offset: string | undefined): Asked {
  if (offset === undefined) return question
  const seconds = stepOf(offset)
  if (seconds === undefined)
    throw new ApiError('WEIR_API_INVALID', `"offset" is not a duration: ${offset}.`, {
      hints: ['Write 15m, 1h, 1d or 4w.'],
    })
  const by = BigInt(seconds) * 1_000_000n
  return { ...question, span: { from: question.span.from - by, to: question.span.to - by } }
}

/** What a query says beside the question and the groups. */
export function sumsOf(
  { by = 'bytes', measure, of: written, limit }: SumsQuery,
  usual: number,
): Pick<SumsQuestion, 'by' | 'limit' | 'of' | 'further'> {
  const of = written === undefined ? undefined : statField(written)
  const rank = by as Rank
  if (of === undefined && (stats as readonly string[]).includes(rank))
    throw new ApiError('WEIR_API_INVALID', `"by" is ${rank}, which needs a field.`, {
      hints: ['Set the field: of=rtt.'],
    })
  const further = furtherOf(measure, by)
  return {
    by: rank,
    limit: limit ?? usual,
    ...(of === undefined ? {} : { of }),
    ...(further.length === 0 ? {} : { further }),
  }
}

/** What the largest are the largest by is told in any case. */
function furtherOf(written: string | undefined, by: string): readonly FurtherMeasure[] {
  const asked = listOf(written)
  const unknown = asked.find((each) => !isFurther(each) && !(measures as readonly string[]).includes(each))
  if (unknown !== undefined)
    throw new ApiError('WEIR_API_INVALID', `"measure" contains ${unknown}, which is not summed.`, {
      hints: [`Possible values: ${furtherMeasures.join(', ')}; ${measures.join(', ')} are always included.`],
    })
  return furtherMeasures.filter((each) => each === by || asked.includes(each))
}

function statField(written: string): QueryField {
  const field = flowNames.field(flowNames.resolve(written) ?? '')
  if (field === undefined) throw unknownField(written, 'of')
  if (!hasStats(field))
    throw new ApiError('WEIR_API_INVALID', `"of" does not support ${field.name}: it has no numbers.`)
  return field
}

/** Columns of sums and statistics, behind those of the groups. */
export function sumColumns({ of, further = [] }: Pick<SumsQuestion, 'of' | 'further'>): readonly AnswerColumn[] {
  const sums = [
    ...measureColumns,
    ...further.map((name) => ({ name, type: 'HUGEINT', unit: name === 'drop_bytes' ? 'By' : '{packet}' })),
  ]
  if (of === undefined) return sums
  const { name, type, ...unit } = columnOf(of)
  return [
    ...sums,
    { name: `${name}_flows`, type: 'BIGINT', unit: '{flow}' },
    { name: `${name}_min`, type, ...unit },
    { name: `${name}_avg`, type: 'DOUBLE', ...unit },
    ...percentiles.map((percent) => ({ name: `${name}_p${percent}`, type, ...unit })),
    { name: `${name}_max`, type, ...unit },
  ]
}

/** The cells of {@link sumColumns}. */
export function measureCells(
  row: AnswerRecord,
  { of, further = [] }: Pick<SumsQuestion, 'of' | 'further'>,
): readonly unknown[] {
  const sums = [
    row['_bytes'] ?? null,
    row['_packets'] ?? null,
    row['_flows'] ?? null,
    ...further.map((name) => row[`_${name}`] ?? null),
  ]
  if (of === undefined) return sums
  const at = row['_p'] as readonly unknown[] | null | undefined
  return [
    ...sums,
    row['_n'] ?? 0,
    row['_min'] ?? null,
    row['_avg'] ?? null,
    ...percentiles.map((_, index) => at?.[index] ?? null),
    row['_max'] ?? null,
  ]
}

/** `groups`, `bytes`, `packets`, `flows` and the further sums that were requested. */
export type Totals = Readonly<Record<string, unknown>>

function totalOf([first = {}]: readonly AnswerRecord[], { further = [] }: Pick<SumsQuestion, 'further'>): Totals {
  return Object.fromEntries(['groups', ...measures, ...further].map((name) => [name, first[`_all_${name}`] ?? 0]))
}

/** Share of the smallest shown group that its sum may be short of. */
const smallShare = 0.01

/** Could the sums of rows whose group is not known change which groups are shown, or one of their sums by more than a hundredth? */
function remainderMatters([first]: readonly AnswerRecord[]): boolean {
  if (first === undefined) return false
  const [rest, least, next] = ['_rest', '_least', '_next'].map((name) => Number(first[name] ?? 0)) as [
    number,
    number,
    number,
  ]
  return rest > 0 && (rest > least * smallShare || next + rest > least)
}

export interface SumsAnswer {
  readonly rows: readonly AnswerRecord[]
  /** Of groups: the sums of all. */
  readonly total: Totals
  /** Most that any group's sum may be short of, by what groups are ranked by. */
  readonly error?: unknown
  readonly span: TimeSpan
  readonly source: string
  readonly exact: boolean
  readonly storedTo?: bigint
  readonly since?: bigint
}

export interface Asker {
  readonly context: ApiContext
  readonly hub: Hub
  readonly principal: Principal
  readonly gone: AbortSignal
}

export interface WaysToAsk<Asked> {
  readonly sql: (asked: Asked) => string
  readonly ring: (source: RingSource, signal: AbortSignal) => Promise<RingAnswer | undefined>
}

/** Fewer flows have too few groups for a statement that counts them. */
const manyFlows = 1_000_000

/** From a rollup, from the flows, or without a store from the ring. Undefined when the client has gone. */
export async function askSums<Asked extends SumsQuestion>(
  asker: Asker,
  asked: Asked,
  groups: { readonly fields: readonly QueryField[]; readonly step: number | undefined },
  query: SumsQuery,
  ways: WaysToAsk<Asked>,
): Promise<SumsAnswer | undefined> {
  const { context, hub, gone } = asker
  const { store } = context.control
  if (store === undefined) {
    const answer = await ways.ring(hub.ringSource(), gone)
    return answer === undefined
      ? undefined
      : { ...answer, total: totalOf(answer.rows, asked), source: 'ring', exact: true }
  }
  const {
    rollup,
    exact,
    flowsStored = false,
  } = await sumSource(
    store,
    asked,
    groups,
    asked.of === undefined && asked.further === undefined ? query.source : 'raw',
    asker,
  )
  const fromFlows = async (): Promise<SumsAnswer | undefined> => {
    const stored = groups.step === undefined ? ((await store.sums?.())?.flows.rows ?? 0) : 0
    const many =
      stored > manyFlows && groups.fields.length > 0
        ? await manyGroups(store, { ...asked, group: groups.fields }, stored, gone)
        : 'few'
    const rows = many === 'few' ? await rowsOf(store, ways.sql(asked), gone) : many
    return rows === undefined
      ? undefined
      : {
          ...shown(rows, asked),
          span: asked.span,
          source: 'raw',
          exact: true,
          ...(await storedSince(store, asked.span)),
          ...(await storedTo(context, asked.span)),
        }
  }
  if (rollup === undefined) return fromFlows()
  const rows = await rowsOf(store, ways.sql({ ...asked, rollup }), gone)
  if (rows === undefined) return undefined
  if (!exact && flowsStored && remainderMatters(rows)) return fromFlows()
  const rest = rows[0]?.['_rest']
  return {
    ...shown(rows, asked),
    span: rollup.span,
    source: rollup.view,
    exact,
    ...(exact || rest === undefined ? {} : { error: rest }),
    ...(await storedTo(context, asked.span)),
  }
}

/** Without the row that only carries the sums of all. */
function shown(rows: readonly AnswerRecord[], asked: SumsQuestion): Pick<SumsAnswer, 'rows' | 'total'> {
  return { rows: rows.filter((row) => row['_place'] !== null), total: totalOf(rows, asked) }
}
