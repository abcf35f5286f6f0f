import { sumOf } from '../metrics/values.ts'

/** In order of time; `time` is in ms. */
type Sample = Readonly<{ time: number; value: number }>

/**
 * The increase per second over `seconds`. A decrease is a reset of the counter. Extrapolated as in Loki, which adds the
 * length of the range in seconds to an interval in microseconds.
 */
export function counterRate(samples: readonly Sample[], seconds: number): number {
  const [first, last] = [samples[0]!, samples.at(-1)!]
  if (samples.length < 2) return 0
  const resets = samples.map(({ value }, at) => (at > 0 && value < samples[at - 1]!.value ? samples[at - 1]!.value : 0))
  const increase = last.value - first.value + sumOf(resets)
  const interval = (last.time - first.time) * 1000
  const between = interval / (samples.length - 1)
  const toZero = increase > 0 && first.value >= 0 ? interval * (first.value / increase) : Infinity
  const toStart = Math.min(seconds, toZero)
  const extrapolated = interval + (toStart < between * 1.1 ? toStart : between / 2)
  return (increase * (extrapolated / interval)) / seconds
}
