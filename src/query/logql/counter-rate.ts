import { sumOf } from '../metrics/values.ts'

/** In order of time; `time` is in ms. */
type Sample = Readonly<{ time: number; value: number }>

/** In ms. */
type Span = Readonly<{ from: number; to: number }>

/**
 * The increase per second over the span. A decrease is a reset of the counter. Extrapolated to an end of the span that
 * is near the samples, else by half of the time between samples; never to below zero.
 */
export function counterRate(samples: readonly Sample[], { from, to }: Span): number {
  const [first, last] = [samples[0]!, samples.at(-1)!]
  if (samples.length < 2) return 0
  const resets = samples.map(({ value }, at) => (at > 0 && value < samples[at - 1]!.value ? samples[at - 1]!.value : 0))
  const increase = last.value - first.value + sumOf(resets)
  const interval = last.time - first.time
  const between = interval / (samples.length - 1)
  const reach = (distance: number): number => (distance < between * 1.1 ? distance : between / 2)
  const toZero = increase > 0 && first.value >= 0 ? interval * (first.value / increase) : Infinity
  const extrapolated = interval + Math.min(reach(first.time - from), toZero) + reach(to - last.time)
  return (increase * (extrapolated / interval)) / ((to - from) / 1000)
}
