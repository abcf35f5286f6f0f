import { expect, test } from 'vitest'
import { LabelSet } from '../metrics/labels.ts'
import { matchesAll } from '../metrics/matchers.ts'
import { parsePromql, queryInstant, queryRange, type QueryEnvironment } from './index.ts'

/** Series with one sample at 0. */
function environment(...series: readonly (readonly [Record<string, string>, number])[]) {
  const warnings: string[] = []
  const given: QueryEnvironment = {
    source: ({ matchers }) =>
      Promise.resolve(
        series
          .map(([labels, value]) => ({
            labels: LabelSet.of(labels),
            times: [0],
            values: [value],
            stale: new Set<number>(),
          }))
          .filter(({ labels }) => matchesAll(labels, matchers)),
      ),
    maxSamples: 1000,
    tick() {},
    pause: () => Promise.resolve(),
    note: (_, text) => void warnings.push(text),
  }
  return { given, warnings }
}

async function vector(query: string, { given }: ReturnType<typeof environment>) {
  const result = await queryInstant(query, 0, given)
  return result.type === 'vector' ? result.vector.map(({ labels, value }) => [labels.toJSON(), value]) : result
}

test('a quantile at the rank of a value is that value, also beside infinity', async () => {
  const data = environment(...[1, 2, Infinity].map((value, at) => [{ __name__: 'm', at: `${at}` }, value] as const))
  expect(await vector('quantile(0.5, m)', data)).toEqual([[{}, 2]])
})

test('names of rules may begin with a colon, also beside a subquery', async () => {
  const data = environment([{ __name__: ':node_memory:sum' }, 3])
  expect(await vector('sum(:node_memory:sum)', data)).toEqual([[{}, 3]])
  expect(await vector('max_over_time(:node_memory:sum[5m:1m])', data)).toEqual([[{}, 3]])
})

test('degrees of a large angle are finite', async () => {
  expect(await vector('deg(vector(1e306))', environment())).toEqual([[{}, 5.729577951308232e307]])
})

test('sorting warns in a query of a range, at its place', async () => {
  const data = environment([{ __name__: 'm' }, 1])
  await queryInstant('sum(sort(m))', 0, data.given)
  expect(data.warnings).toEqual([])
  await queryRange('sum(sort(m))', { start: 0, end: 1000, step: 1000 }, data.given)
  expect(new Set(data.warnings)).toEqual(
    new Set(['PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:5)']),
  )
})

test('labels of type and unit are no part of a match or of a group, as the name', async () => {
  const data = environment([{ __name__: 'a', __type__: 'gauge', job: 'x' }, 6], [{ __name__: 'b', job: 'x' }, 2])
  expect(await vector('a / b', data)).toEqual([[{ job: 'x' }, 3]])
  expect(await vector('sum without (other) (a)', data)).toEqual([[{ job: 'x' }, 6]])
  expect(await vector('absent(a{__type__="counter", job="y"})', data)).toEqual([[{ job: 'y' }, 1]])
})

test.each([
  ['m offset min_of(step(), 1s)', 'A calculated duration'],
  ['m[max_of(step(), 1s)]', 'A calculated duration'],
  ['start_timestamp(m)', 'The function start_timestamp'],
  ['integral(m[1m])', 'The function integral'],
  ['http.requests', 'The name http.requests without quotes'],
  ['sum by (équipe) (m)', 'The name équipe without quotes'],
])('%s is refused by name', (query, name) => {
  expect(() => parsePromql(query)).toThrow(
    expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining(name) as string }),
  )
})
