import { describe, expect, it } from 'vitest'
import { LabelSet } from '../metrics/labels.ts'
import { parseLogql, parseLogs, processed, queryLogs, queryMetric, type LogEntry } from './index.ts'

const labelsAfter = (stages: string, line: string): Record<string, string> => {
  const entry = { time: 1n, line, stream: LabelSet.empty, metadata: {} }
  const state = processed(entry, parseLogs(`{app="shop"} ${stages}`).stages, 1n)
  return Object.fromEntries(state?.labels ?? [])
}

const second = 1_000_000_000n
const environment = (entries: readonly LogEntry[]) => ({
  source: ({ from, to }: { from: bigint; to: bigint }) =>
    Promise.resolve(entries.filter(({ time }) => time >= from && time < to)),
  tick: () => {},
  pause: () => Promise.resolve(),
  now: 0n,
})
const counted = (values: readonly number[]): LogEntry[] =>
  values.map((value, at) => ({
    time: BigInt(at + 1) * second,
    line: `total=${value}`,
    stream: LabelSet.of({ app: 'shop' }),
    metadata: {},
  }))

describe('LogQL', () => {
  it('takes the value at a path of JSON as the line writes it', () => {
    const line = '{"item": {"sku": "a\\"1",  "sizes": [1, 2]}, "none": null, "item": "second"}'
    expect(labelsAfter('| json item="item", size="item.sizes[1]", none="none", missing="x.y"', line)).toEqual({
      item: '{"sku": "a\\"1",  "sizes": [1, 2]}',
      size: '2',
      none: '',
      missing: '',
    })
  })

  it('finds members before the damage of a line of JSON', () => {
    expect(labelsAfter('| json sku="item.sku"', '{"item":{"sku":"a1"},"broken":')).toEqual({ sku: 'a1' })
  })

  it('takes several flags of logfmt', () => {
    expect(labelsAfter('| logfmt --strict --keep-empty', 'a= b=1')).toEqual({ a: '', b: '1' })
  })

  it('gives an empty label for a key that a line of logfmt lacks, and none for an empty line of JSON', () => {
    expect(labelsAfter('| logfmt x="gone", y="b"', 'b=1')).toEqual({ x: '', y: '1' })
    expect(labelsAfter('| json x="gone"', '')).toEqual({})
    expect(labelsAfter('| json x="gone"', '{}')).toEqual({ x: '' })
    expect(labelsAfter('| pattern "<x> <y>"', '')).toEqual({})
  })

  it('rejects a key of logfmt with spaces', () => {
    expect(() => parseLogs('{app="shop"} | logfmt x="a key"')).toThrow('cannot parse expression [a key]')
    expect(labelsAfter('| logfmt x="trace.id"', 'trace.id=7')).toEqual({ x: '7' })
  })

  it('filters by addresses that a parser found before its error', () => {
    expect(labelsAfter('| logfmt --strict | x = ip("10.0.0.1")', 'x=1 =y')).toEqual({})
    expect(labelsAfter('| logfmt --strict | z = ip("10.0.0.1")', 'x=1 =y')).toEqual({
      x: '1',
      __error__: 'LogfmtParserErr',
    })
  })

  it('compares durations below zero and to the nanosecond', () => {
    expect(labelsAfter('| logfmt | took > -1s', 'took=-500ms')).toEqual({ took: '-500ms' })
    expect(labelsAfter('| logfmt | took = 1h15m30.918273645s', 'took=75m30.918273645s')).not.toEqual({})
  })

  it('rejects literals of set operators', () => {
    const vector = 'count_over_time({app="shop"}[1m])'
    expect(() => parseLogql(`${vector} or 1`)).toThrow('unexpected literal for right leg')
    expect(() => parseLogql(`1 + 1 unless ${vector}`)).toThrow('unexpected literal for left leg')
    expect(parseLogql(`${vector} or vector(1)`).is).toBe('binary')
  })

  it('rejects text that is no UTF-8', () => {
    expect(() => parseLogql('{app="\uDCFF"}')).toThrow('invalid UTF-8')
  })

  it('calculates the rate of a counter across its reset', async () => {
    const node = parseLogql('rate_counter({app="shop"} | logfmt | unwrap total [10s])')
    const steps = { start: 10_000, end: 10_000, step: 1 }
    const [series] = await queryMetric(node, steps, environment(counted([2, 4, 1, 3])))
    // 2 to 4, then 0 to 3 in 3 s; a second to the zero before, and half a second to the end.
    expect(series!.points[0]![1]).toBeCloseTo(((5 / 3) * (3 + 1 + 0.5)) / 10, 9)
    const [single] = await queryMetric(node, steps, environment(counted([2])))
    expect(single!.points).toEqual([[10_000, 0]])
  })

  it('extrapolates the rate of a counter to both ends that are near', async () => {
    const node = parseLogql('rate_counter({app="shop"} | logfmt | unwrap total [4s])')
    const [series] = await queryMetric(
      node,
      { start: 4000, end: 4000, step: 1 },
      environment(counted([10, 20, 30, 40])),
    )
    expect(series!.points).toEqual([[4000, 10]])
    expect(() => parseLogql('rate_counter({app="shop"} | unwrap total [4s]) by (app)')).toThrow('grouping not allowed')
  })

  const instant = async (query: string, entries: readonly LogEntry[]) =>
    (await queryMetric(parseLogql(query), { start: 60_000, end: 60_000, step: 1 }, environment(entries))).map(
      ({ labels, points }) => [labels.toJSON(), points[0]![1]],
    )
  const named = (stream: string, metadata: Record<string, string>, time: number): LogEntry => ({
    time: BigInt(time) * second,
    line: 'x',
    stream: LabelSet.of({ app: stream }),
    metadata,
  })

  it('keeps an empty label of metadata apart from an absent one', async () => {
    const entries = [named('shop', { name: '' }, 1), named('shop', {}, 2), named('shop', {}, 3)]
    expect(await instant('count_over_time({app="shop"} | name="" [1m])', entries)).toEqual([
      [{ app: 'shop' }, 2],
      [{ app: 'shop', name: '' }, 1],
    ])
  })

  it('keeps the order of sort under an operator', async () => {
    const entries = [named('a', {}, 1), named('a', {}, 2), named('b', {}, 3)]
    const query = 'sort(count_over_time({app=~".+"}[1m])) + 1'
    expect(await instant(query, entries)).toEqual([
      [{ app: 'b' }, 2],
      [{ app: 'a' }, 3],
    ])
  })

  it('calculates approx_topk exactly, for one time and without groups', async () => {
    const entries = [named('a', {}, 1), named('a', {}, 2), named('b', {}, 3)]
    const query = 'approx_topk(1, count_over_time({app=~".+"}[1m]))'
    expect(await instant(query, entries)).toEqual([[{ app: 'a' }, 2]])
    expect(() => parseLogql(`${query} by (app)`)).toThrow('grouping not allowed')
    const range = queryMetric(parseLogql(query), { start: 0, end: 1000, step: 1000 }, environment(entries))
    await expect(range).rejects.toThrow('only supported on instant queries')
  })

  it('drops a line by a number of __error__, as an error is no number', async () => {
    expect(
      await instant('count_over_time({app="shop"} | logfmt | total > 1s | __error__ > 0 [1m])', counted([1])),
    ).toEqual([])
  })

  it('reads hexadecimal floats and sizes as Loki', async () => {
    expect(parseLogql('0x1.8p3')).toEqual({ is: 'number', value: 12 })
    expect(() => parseLogql('0x1A')).toThrow('bad number')
    const sizes = ['2,048', '1.5B', '2Kb', '1MiB']
    for (const [at, bytes] of [2048, 1, 2000, 1_048_576].entries()) {
      const [entry] = counted([0])
      const query = 'max_over_time({app="shop"} | logfmt | unwrap bytes(b) [1m])'
      expect(await instant(query, [{ ...entry!, line: `b=${sizes[at]}` }])).toEqual([[{ app: 'shop' }, bytes]])
    }
  })

  it('gives the labels of absent lines only for names with one equality', async () => {
    const node = parseLogql('absent_over_time({app="shop", app=~"s.*", env="x"}[1m])')
    const [series] = await queryMetric(node, { start: 0, end: 0, step: 1 }, environment([]))
    expect(series!.labels.toJSON()).toEqual({ env: 'x' })
  })

  it('returns lines that are at least an interval apart, in both directions', async () => {
    const request = { from: 0n, to: 60n * second, limit: 10, interval: 2n * second }
    const seconds = async (direction: 'forward' | 'backward') =>
      (
        await queryLogs(parseLogs('{app="shop"}'), { ...request, direction }, environment(counted([1, 2, 3, 4, 5])))
      ).map(({ entry }) => Number(entry.time / second))
    expect(await seconds('forward')).toEqual([1, 3, 5])
    expect(await seconds('backward')).toEqual([5, 3, 1])
  })
})
