/** The time ranges that each selector of an expression reads. */
import { executionError } from '../metrics/failure.ts'
import type { Node, Selector, Shift, Subquery } from './ast.ts'

export const usualLookback = 300_000
/** Step of subqueries without one. */
export const usualStep = 60_000

/** Evaluation times of the query, in ms. */
export type QueryTimes = Readonly<{ start: number; end: number; step: number }>

type ReadTimes = QueryTimes & Readonly<{ lookback: number }>

/** `after` is exclusive. `range` is undefined for an instant selector. */
export type SelectorRead = Readonly<{ selector: Selector; after: number; to: number; range: number | undefined }>

export function shiftedTime({ offset, at }: Shift, time: number, { start, end }: QueryTimes): number {
  const base = at === undefined ? time : at === 'start' ? start : at === 'end' ? end : at
  return base - offset
}

export function subqueryTimes({ range, step = usualStep }: Subquery, time: number): { first: number; step: number } {
  let first = Math.floor((time - range) / step) * step
  if (first <= time - range) first += step
  return { first, step }
}

export function readsOf(root: Node, times: QueryTimes, lookback: number): SelectorRead[] {
  const reads: SelectorRead[] = []
  walk(root, times.start, times.end, { ...times, lookback }, reads)
  return reads
}

function walk(node: Node, from: number, to: number, times: ReadTimes, reads: SelectorRead[]) {
  const add = (selector: Selector, range: number | undefined): void => {
    const after = shiftedTime(selector, from, times) - (range ?? times.lookback)
    reads.push({ selector, after, to: shiftedTime(selector, to, times), range })
  }
  switch (node.is) {
    case 'selector':
      return add(node, undefined)
    case 'range':
      return add(node.selector, node.range)
    case 'subquery': {
      const first = shiftedTime(node, from, times)
      return walk(node.of, first - node.range, shiftedTime(node, to, times), times, reads)
    }
    case 'negative':
    case 'group':
      return walk(node.of, from, to, times, reads)
    case 'aggregate':
      if (node.parameter !== undefined) walk(node.parameter, from, to, times, reads)
      return walk(node.of, from, to, times, reads)
    case 'binary':
      walk(node.left, from, to, times, reads)
      return walk(node.right, from, to, times, reads)
    case 'call':
      return node.parameters.forEach((parameter) => walk(parameter, from, to, times, reads))
    default:
      return undefined
  }
}

const maxPoints = 11_000

export function checkPoints({ start, end, step }: QueryTimes): void {
  if ((end - start) / step > maxPoints)
    throw executionError(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
}
