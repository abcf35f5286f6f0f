/** Cases of Loki's tests, run by the language of Weir. */
import { messageOf } from '../../../src/model/errors.ts'
import { parseLogql, parseLogs, processed } from '../../../src/query/logql/index.ts'
import { QueryFailure } from '../../../src/query/metrics/failure.ts'
import { LabelSet } from '../../../src/query/metrics/labels.ts'
import type { Stage } from '../../../src/query/logql/ast.ts'
import type { Outcome } from '../suite.ts'

export type LineCase = Readonly<{
  is: 'line'
  name: string
  stages: string
  line: string
  labels: Record<string, string>
  metadata?: Record<string, string>
  /** Ns. */
  time?: bigint
  /** What the test compares. */
  want: Readonly<{ labels?: Record<string, string>; line?: string; kept?: boolean; value?: number }>
}>

/** Whether a text is a query. */
export type SyntaxCase = Readonly<{ is: 'syntax'; name: string; query: string; valid: boolean }>

export type Verdicts = Omit<Outcome, 'name'>
/** Calculated by the table itself. */
export type OtherCase = Readonly<{ is: 'other'; name: string; verdict: () => Verdicts | Promise<Verdicts> }>

export type Case = LineCase | SyntaxCase | OtherCase

const now = 1_795_800_000_000_000_000n

/** Texts of errors are not part of the language. */
const ignored: ReadonlySet<string> = new Set(['__error_details__', '__preserve_error__'])

export function shownLabels(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(LabelSet.of(Object.entries(labels).filter(([label]) => !ignored.has(label))))
}

export const right: Verdicts = { verdict: 'right' }

export function compared(given: string, wanted: string, found: string): Verdicts {
  return wanted === found ? right : { verdict: 'wrong', detail: `${given}\nexpected ${wanted}\nactual   ${found}` }
}

export async function verdictOf(given: Case): Promise<Verdicts> {
  try {
    if (given.is === 'line') return ofLine(given)
    return given.is === 'syntax' ? ofSyntax(given) : await given.verdict()
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    const input = given.is === 'line' ? given.stages : given.is === 'syntax' ? given.query : given.name
    return { verdict: error.kind === 'unsupported' ? 'refused' : 'wrong', detail: `${input}\n${messageOf(error)}` }
  }
}

function ofLine({ stages, line, labels, metadata = {}, time = 1n, want }: LineCase): Verdicts {
  const parsed = stagesOf(stages)
  const state = processed({ time, line, stream: LabelSet.of(labels), metadata }, parsed, now)
  const found = { ...want, kept: state !== undefined }
  const wanted = { ...want, kept: want.kept ?? true }
  const shown = ({ labels: each, ...rest }: LineCase['want']): string =>
    JSON.stringify({ ...rest, labels: each === undefined ? undefined : shownLabels(each) })
  if (state !== undefined) {
    if (want.labels !== undefined) Object.assign(found, { labels: Object.fromEntries(state.labels) })
    if (want.line !== undefined) Object.assign(found, { line: state.line })
    if (want.value !== undefined) Object.assign(found, { value: state.value })
  }
  return compared(`${stages}\n${line}\n${shownLabels(labels)}`, shown(wanted), shown(found))
}

/** Stages of a query; only a metric query has unwrap. */
function stagesOf(text: string): readonly Stage[] {
  if (!text.includes('| unwrap ')) return parseLogs(`{a="b"} ${text}`).stages
  const node = parseLogql(`max_over_time({a="b"} ${text} [1m])`)
  return node.is === 'range' ? node.logs.stages : []
}

function ofSyntax({ query, valid }: SyntaxCase): Verdicts {
  try {
    parseLogql(query)
    return valid ? right : { verdict: 'wrong', detail: `${query}\nis no query` }
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    if (!valid) return right
    throw error
  }
}
