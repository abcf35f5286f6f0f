import { count, counted, countedWithin, momentAt } from '../../../parts/format.ts'
import { amount, amountOf } from '../overview/names.ts'
import type { Measure } from '../overview/state.ts'
import type { FlowTopology } from '../../../../../src/api/published.ts'
import type { Graph } from '../../../parts/graph/fold.ts'
import { sourceText as storedText } from '../source-text.ts'
import { liveSeconds } from './live-graph.ts'
import type { DiffAnswer } from './use-diff.ts'
import { topologyText } from '../../../parts/graph/text.ts'

export function summaryText(
  { nodes, rest, total, earlier }: Graph,
  measure: Measure,
  answer: FlowTopology | undefined,
  diff: DiffAnswer | undefined,
): string {
  const folded = nodes.filter(({ stands, cells }) => stands > 1 || cells === undefined)
  const drawn = total.edges - rest.edges
  const edges = (all: number) => countedWithin(all, 'edge', answer?.total.edges_error)
  const parts = [
    `${counted(nodes.length - folded.length, 'node')}`,
    ...(folded.length === 0
      ? []
      : [
          topologyText.smallerIn(
            count(folded.reduce((all, { stands }) => all + stands, 0)),
            counted(folded.length, 'box'),
          ),
        ]),
    topologyText.drawnOf(count(drawn), edges(total.edges), rest.edges === 0 ? '' : topologyText.theLargest),
    ...(earlier === undefined
      ? []
      : [topologyText.drawnBefore(count(earlier.total.edges - earlier.rest.edges), count(earlier.total.edges))]),
    earlier === undefined
      ? amountOf(measure, total[measure])
      : topologyText.amountsCompared(amount(measure, earlier.total[measure]), amountOf(measure, total[measure])),
    ...(rest.edges === 0 ? [] : [topologyText.notDrawnOf(amount(measure, rest[measure]), edges(rest.edges))]),
    ...(diff === undefined || diff.unknown === 0 ? [] : [topologyText.notCompared(counted(diff.unknown, 'edge'))]),
    sourceText(answer),
  ]
  return parts.join(' · ').replaceAll(/\bboxs\b/g, 'boxes')
}

function sourceText(answer: FlowTopology | undefined) {
  if (answer === undefined) return topologyText.liveSpan(liveSeconds)
  return answer.exact || answer.source === 'ring' || answer.lost !== undefined || answer.stopped !== undefined
    ? storedText(answer)
    : topologyText.storedApproximate
}

export function spansText({ now, before }: DiffAnswer): string {
  const text = ({ span }: FlowTopology) => `${momentAt(Date.parse(span.from))} – ${momentAt(Date.parse(span.to))}`
  return topologyText.comparedWith(text(now), text(before))
}
