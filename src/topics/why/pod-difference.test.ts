import { expect, test } from 'vitest'
import { LabelSet } from '../../query/metrics/labels.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { differenceOf as differenceIn, type Samples } from './pod-difference.ts'

const labels = LabelSet.of({ reporter: 'destination' })

function samples(pod: string, metric: string, values: readonly number[]): Samples {
  return { pod, metric, labels, times: values.map((_value, index) => index * 15_000), values }
}

const differenceOf = (old: readonly Samples[], fresh: readonly Samples[]) => differenceIn({ before: old, old, fresh })

/** Of a mean with a relative variation. */
function noisy(random: SeededRandom, count: number, mean: number, variation = 0.1): readonly number[] {
  return Array.from({ length: count }, () => mean * (1 + variation * (2 * random.next() - 1)))
}

test('failures of the new pod alone are a clear difference', () => {
  const random = new SeededRandom(1)
  const old = ['a', 'b'].flatMap((pod) => [
    samples(pod, 'request_success_percent', [100, 100, 100, 100, 99, 100]),
    samples(pod, 'request_latency_milliseconds', noisy(random, 6, 12)),
  ])
  const fresh = [
    samples('c', 'request_success_percent', [82, 90, 86, 84]),
    samples('c', 'request_latency_milliseconds', noisy(random, 4, 12)),
  ]
  const difference = differenceOf(old, fresh)
  expect(difference).toMatchObject({
    metric: 'request_success_percent',
    labels: { reporter: 'destination' },
    new: 85.5,
  })
  expect(difference?.old).toBeGreaterThan(99)
  expect(difference?.strength).toBeGreaterThan(0.9)
})

test.each([
  ['a third more processor time, as after a start', 'container_cpu_usage_percent', 5, 6.5],
  ['less memory', 'container_memory_working_set_bytes', 3e8, 1e8],
  ['another time of start', 'process_start_time_seconds', 1.7e9, 1.9e9],
])('%s is no difference', (_case, metric, before, after) => {
  const random = new SeededRandom(2)
  const old = ['a', 'b', 'c'].map((pod) => samples(pod, metric, noisy(random, 20, before)))
  expect(differenceOf(old, [samples('d', metric, noisy(random, 10, after))])?.strength ?? 0).toBeLessThan(0.05)
})

test('pods with equal values differ in no seed of 300', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new SeededRandom(seed)
    const of = (pod: string, count: number) =>
      [40, 3, 700].map((mean, index) => samples(pod, `metric_${index}`, noisy(random, count, mean, 0.4)))
    const old = Array.from({ length: 2 + (seed % 4) }, (_, index) => of(`old-${index}`, 10)).flat()
    expect(differenceOf(old, of('new', 6))?.strength, `seed ${seed}`).toBeLessThan(0.3)
  }
})

test('counters are compared as rates, also over a restart, and observations by their mean', () => {
  const increasing = (step: number, count: number) => Array.from({ length: count }, (_, index) => 1000 + index * step)
  const errors = differenceOf(
    [samples('a', 'errors_total', increasing(15, 6)), samples('b', 'errors_total', [500, 515, 0, 15, 30, 45])],
    [samples('c', 'errors_total', [0, 150, 300, 450, 600])],
  )
  expect(errors).toMatchObject({ metric: 'errors_total', old: 1, new: 10, strength: 1 })
  const latency = differenceOf(
    ['a', 'b'].flatMap((pod) => [
      samples(pod, 'latency_seconds_sum', increasing(3, 6)),
      samples(pod, 'latency_seconds_count', increasing(30, 6)),
    ]),
    [samples('c', 'latency_seconds_sum', increasing(30, 6)), samples('c', 'latency_seconds_count', increasing(30, 6))],
  )
  expect(latency).toMatchObject({ metric: 'latency_seconds', new: 1, strength: 1 })
  expect(latency?.old).toBeCloseTo(0.1)
})

test('new pods without requests are a difference if earlier pods have some all the time', () => {
  const old = [samples('a', 'requests', [10, 11, 9, 10, 10]), samples('a', 'cpu', [5, 5, 5, 5, 5])]
  const absent = { metric: 'requests', old: 10, new: null, strength: 0.5 }
  expect(differenceOf(old, [])).toMatchObject(absent)
  expect(differenceOf(old, [samples('c', 'cpu', [5, 5, 5, 5, 5])])).toMatchObject(absent)
  expect(differenceOf([samples('a', 'requests', [10, 11])], [])).toBeUndefined()
  expect(differenceOf([], [samples('c', 'requests', [10, 11])])).toBeUndefined()
  // No request reaches the earlier pod either.
  const ended = { before: old, old: [samples('a', 'cpu', [5, 5, 5, 5, 5])], fresh: [] }
  expect(differenceIn(ended)).toMatchObject({ metric: 'requests', ended: true, strength: 0 })
})
