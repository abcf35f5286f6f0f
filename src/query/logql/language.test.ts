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
    // 2 to 4, then 0 to 3.
    expect(series!.points[0]![1]).toBeCloseTo(0.5, 5)
    const [single] = await queryMetric(node, steps, environment(counted([2])))
    expect(single!.points).toEqual([[10_000, 0]])
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
