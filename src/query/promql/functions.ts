/** Functions of numbers, and of the labels of instant vectors. */
import { unique } from '../metrics/binary.ts'
import { executionError } from '../metrics/failure.ts'
import { isLabelName, withTarget } from '../metrics/label-replace.ts'
import type { Vector } from '../metrics/values.ts'

const dateOf =
  (read: (date: Date) => number) =>
  (seconds: number): number =>
    read(new Date(Math.floor(seconds) * 1000))

/** Functions of each value, with parameters that are numbers. */
export const numberFunctions: Readonly<Record<string, (value: number, ...parameters: number[]) => number>> = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (value) => value * (180 / Math.PI),
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (value) => value * (Math.PI / 180),
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
  clamp: (value, least = NaN, most = NaN) => Math.max(least, Math.min(most, value)),
  clamp_max: (value, most = NaN) => Math.min(most, value),
  clamp_min: (value, least = NaN) => Math.max(least, value),
  round(value, to = 1) {
    const inverse = 1 / to
    return Math.floor(value * inverse + 0.5) / inverse
  },
  day_of_month: dateOf((date) => date.getUTCDate()),
  day_of_week: dateOf((date) => date.getUTCDay()),
  day_of_year: dateOf((date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1),
  days_in_month: dateOf((date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()),
  hour: dateOf((date) => date.getUTCHours()),
  minute: dateOf((date) => date.getUTCMinutes()),
  month: dateOf((date) => date.getUTCMonth() + 1),
  year: dateOf((date) => date.getUTCFullYear()),
}

export const dateFunctions: ReadonlySet<string> = new Set(
  'day_of_month day_of_week day_of_year days_in_month hour minute month year'.split(' '),
)

export function labelJoin(vector: Vector, target: string, separator: string, sources: readonly string[]): Vector {
  if (!isLabelName(target))
    throw executionError(`invalid destination label name in label_join(): ${JSON.stringify(target)}`)
  return unique(
    vector.map((sample) => ({
      ...withTarget(sample, target),
      labels: sample.labels.with(target, sources.map((source) => sample.labels.get(source)).join(separator)),
    })),
  )
}
