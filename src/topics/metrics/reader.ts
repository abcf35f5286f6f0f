import type { Dialect } from '../../query/index.ts'
import type { ManyRows } from '../many-rows.ts'
import type { Surroundings } from '../operation.ts'

export type MetricReader = Surroundings & ManyRows

/** Ms, both inclusive. */
export type MetricSpan = Readonly<{ from: number; to: number }>

export function timeCondition(dialect: Dialect, { from, to }: MetricSpan): string {
  const us = (ms: number): string => dialect.time(BigInt(Math.trunc(ms)) * 1000n)
  return `time >= ${us(from)} AND time < ${us(to + 1)}`
}
