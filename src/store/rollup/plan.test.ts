import { expect, it } from 'vitest'
import { planRollup, type RollupQuery } from './plan.ts'

const hour = 3_600_000
const minute = 60_000
const always = { flows_1m: -Infinity, flows_5m: -Infinity, flows_1h: -Infinity }
const week: RollupQuery = { group: [], tests: [], step: hour, span: { from: 0, to: 168 * hour }, since: always }

it('selects the coarsest rollup with buckets that compose the requested ones', () => {
  expect(planRollup(week)?.view).toBe('flows_1h')
  expect(planRollup({ ...week, step: 90 * minute })?.view).toBe('flows_5m')
  expect(planRollup({ ...week, step: 2 * minute })?.view).toBe('flows_1m')
  expect(planRollup({ ...week, step: 10_000 })).toBeUndefined()
})

it('a total may begin and end within a bucket if that is a small part of the span', () => {
  expect(planRollup({ ...week, step: undefined })?.view).toBe('flows_1h')
  expect(planRollup({ ...week, step: undefined, span: { from: 1, to: 24 * hour + 1 } })).toMatchObject({
    view: 'flows_5m',
    span: { from: 0, to: 24 * hour + 5 * minute },
  })
  expect(planRollup({ ...week, step: undefined, span: { from: 1, to: hour } })).toBeUndefined()
})

it('a field that no rollup has, or a time before the rollup, needs the flows', () => {
  expect(planRollup({ ...week, group: ['vlan'] })).toBeUndefined()
  expect(planRollup({ ...week, tests: [{ field: 'tcp_flags' }] })).toBeUndefined()
  expect(planRollup({ ...week, since: { ...always, flows_1h: 5 } })?.view).toBe('flows_5m')
  expect(planRollup({ ...week, since: { flows_1m: 5, flows_5m: 5, flows_1h: Infinity } })).toBeUndefined()
})

it('rollups that merge no rows have exact groups and filters, of their own fields', () => {
  const dimensions = ['src_zone', 'proto']
  expect(planRollup({ ...week, dimensions, group: ['src_zone'], tests: [{ field: 'proto' }] })).toMatchObject({
    view: 'flows_1h',
    lossy: undefined,
    lossyFilter: undefined,
    servicePortsOnly: false,
    remainder: undefined,
  })
  expect(planRollup({ ...week, dimensions, group: ['dst_port'] })).toBeUndefined()
})

it('reports which rows have lost requested fields', () => {
  expect(planRollup(week)?.lossy).toBeUndefined()
  expect(planRollup({ ...week, group: ['proto'] })?.lossy).toBe(3)
  expect(planRollup({ ...week, group: ['proto'], tests: [{ field: 'in_if', equals: [3] }] })?.lossy).toBe(2)
  expect(planRollup({ ...week, group: ['src_addr', 'proto'] })?.lossy).toBe(1)
  expect(planRollup({ ...week, group: ['src_addr'], tests: [{ field: 'in_if', equals: [3] }] })).toMatchObject({
    lossy: 1,
    lossyFilter: 2,
  })
  expect(planRollup({ ...week, group: ['src_addr'] })?.lossyFilter).toBeUndefined()
})

it('service ports are available, others are not', () => {
  expect(planRollup({ ...week, tests: [{ field: 'dst_port', equals: [443, 8080] }] })).toMatchObject({
    view: 'flows_1h',
    servicePortsOnly: false,
  })
  expect(planRollup({ ...week, tests: [{ field: 'dst_port', equals: [443, 50_000] }] })).toBeUndefined()
  expect(planRollup({ ...week, tests: [{ field: 'dst_port' }] })).toBeUndefined()
  expect(planRollup({ ...week, group: ['dst_port'] })).toMatchObject({ servicePortsOnly: true })
  // A SYN or the listening side may decide otherwise.
  expect(planRollup({ ...week, tests: [{ field: 'service_port', equals: [443] }] })).toMatchObject({
    view: 'flows_1h',
    servicePortsOnly: true,
  })
})
