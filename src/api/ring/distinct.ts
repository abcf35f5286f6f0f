import type { DistinctRequest } from '../../query/plan/index.ts'
import type { DistinctCounts } from '../../topics/flows/distinct/index.ts'
import { coveredSpan, scanRing, type RingSource } from './scan.ts'
import { FieldValues } from './values.ts'

export async function ringDistinct(
  source: RingSource,
  request: DistinctRequest,
  signal: AbortSignal,
): Promise<Pick<DistinctCounts, 'counts' | 'span'>> {
  const values = request.fields.map((field) => new FieldValues(field, source.resolver))
  const scan = scanRing(source, request, signal, { order: 'oldest' })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) {
    const { rows } = next.value
    for (const fieldValues of values) {
      const idOf = fieldValues.of(next.value)
      for (const row of rows) idOf(row)
    }
  }
  signal.throwIfAborted()
  // The first cell is that of absent values.
  const counts = values.map(({ cells }) => cells.length - 1)
  return { counts, span: coveredSpan(request.span, next.value.since) }
}
