import { expect, test } from 'vitest'
import { expressionOf, functionOf, kindOf, unitOf, typeInName, unitInName } from './expression.ts'

test.each([
  ['http_requests_total', '', 'counter'],
  ['temperature_celsius', '', 'gauge'],
  ['temperature_celsius', 'counter', 'counter'],
  ['latency_seconds_bucket', '', 'histogram'],
  ['latency_seconds', 'histogram', 'histogram'],
] as const)('%s of the type "%s" is a %s', (name, type, kind) => {
  expect(kindOf(name, type)).toBe(kind)
})

const selected = { by: [], where: '', window: 60, fn: 'auto' } as const

test('counters are rates, gauges means, and histograms quantiles, unless another function is selected', () => {
  expect(expressionOf({ ...selected, metric: 'errors_total', kind: 'counter' })).toBe('sum (rate(errors_total[60s]))')
  expect(expressionOf({ ...selected, metric: 'errors_total', kind: 'counter', fn: 'increase', by: ['pod'] })).toBe(
    'sum by (pod) (increase(errors_total[60s]))',
  )
  const where = ' namespace="shop" '
  expect(expressionOf({ ...selected, metric: 'heat', kind: 'gauge', by: ['a', 'b'], where })).toBe(
    'avg by (a, b) (heat{namespace="shop"})',
  )
  expect(expressionOf({ ...selected, metric: 'heat', kind: 'gauge', fn: 'each' })).toBe('heat')
  for (const metric of ['latency', 'latency_bucket'])
    expect(expressionOf({ ...selected, metric, kind: 'histogram', by: ['pod'] })).toBe(
      'histogram_quantile(0.99, sum by (le, pod) (rate(latency_bucket[60s])))',
    )
  expect(expressionOf({ ...selected, metric: 'latency_bucket', kind: 'histogram', fn: 'rate' })).toBe(
    'sum (rate(latency_count[60s]))',
  )
})

test('a function of another kind is replaced by the usual one', () => {
  expect(functionOf('p99', 'gauge')).toBe('avg')
  expect(functionOf('rate', 'histogram')).toBe('rate')
})

test.each([
  ['flow_bytes_total', 'counter', 'auto', 'bytes_per_second'],
  ['flow_bytes_total', 'counter', 'increase', 'bytes'],
  ['errors_total', 'counter', 'rate', 'per_second'],
  ['heap_bytes', 'gauge', 'auto', 'bytes'],
  ['lag_seconds', 'gauge', 'max', 'seconds'],
  ['wait_seconds_bucket', 'histogram', 'p99', 'seconds'],
  ['wait_seconds_bucket', 'histogram', 'rate', 'per_second'],
  ['wait_seconds_count', 'counter', 'increase', ''],
  ['pods', 'gauge', 'avg', ''],
] as const)('%s, a %s, with the function %s has the unit "%s"', (metric, kind, fn, unit) => {
  expect(unitOf({ metric, kind, fn })).toBe(unit)
})

test.each([
  ['cloud_changes_total', 'counter', ''],
  ['flow_bytes_total', 'counter', 'bytes'],
  ['gc_duration_seconds_bucket', 'histogram', 'seconds'],
  ['gc_duration_seconds_count', '', ''],
  ['cloud_resource_memory_bytes', '', 'bytes'],
  ['cloud_resources', '', ''],
])('the name %s states the type "%s" and the unit "%s"', (name, type, unit) => {
  expect([typeInName(name), unitInName(name)]).toEqual([type, unit])
})
