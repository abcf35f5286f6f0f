/** Schemas of sums of flows. */
import { furtherMeasures, measures } from '../query/plan/index.ts'

/** Of the sums in a row. A sum beyond 2^53 is text. */
export const sumProperties = Object.fromEntries(
  [...measures, ...furtherMeasures].map((name) => [name, { type: ['number', 'string', 'null'] } as const]),
)
