import { count, counted, momentAt, time } from '../../../parts/format.ts'
import { amount, amountOf } from '../overview/names.ts'
import type { Measure } from '../overview/state.ts'
import type { GroupsAnswer } from '../overview/sums.ts'
import type { Graph } from './fold.ts'
import { liveSeconds } from './live-graph.ts'
import type { DiffAnswer } from './use-diff.ts'

/** What is drawn and what is not: the whole truth in a line. */
export function said(
  { nodes, rest, total, earlier }: Graph,
  measure: Measure,
  answer: GroupsAnswer | undefined,
  diff: DiffAnswer | undefined,
): string {
  const folded = nodes.filter(({ stands, cells }) => stands > 1 || cells === undefined)
  const drawn = total.edges - rest.edges
  const parts = [
    `${counted(nodes.length - folded.length, 'node')}`,
    ...(folded.length === 0
      ? []
      : [
          `${count(folded.reduce((all, { stands }) => all + stands, 0))} smaller ones in ${counted(folded.length, 'box')}`,
        ]),
    `${count(drawn)} of ${counted(total.edges, 'edge')}${rest.edges === 0 ? '' : ', the largest'}`,
    ...(earlier === undefined
      ? []
      : [`before ${count(earlier.total.edges - earlier.rest.edges)} of ${count(earlier.total.edges)}`]),
    earlier === undefined
      ? amountOf(measure, total[measure])
      : `${amount(measure, earlier.total[measure])} before, ${amountOf(measure, total[measure])} now`,
    ...(rest.edges === 0 ? [] : [`not drawn ${amount(measure, rest[measure])} of ${counted(rest.edges, 'edge')}`]),
    ...(diff === undefined || diff.unknown === 0
      ? []
      : [`of ${counted(diff.unknown, 'edge')} one time is not known: too many to ask for`]),
    sourceText(answer),
  ]
  return parts.join(' · ').replaceAll(/\bboxs\b/g, 'boxes')
}

function sourceText(answer: GroupsAnswer | undefined): string {
  if (answer === undefined) return `live, the last ${liveSeconds} s`
  const { source, span, exact } = answer
  if (source === 'ring') return `there is no store: of the live memory, ${time(span.from)} – ${time(span.to)}`
  return exact ? 'stored' : 'stored; ends may be short of what a rollup has put together'
}

/** Which times are compared. */
export function spansText({ now, before }: DiffAnswer): string {
  const text = ({ span }: GroupsAnswer): string =>
    `${momentAt(Date.parse(span.from))} – ${momentAt(Date.parse(span.to))}`
  return `${text(now)} compared with ${text(before)}`
}
