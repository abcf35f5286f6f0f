import { expect, test } from 'vitest'
import { storedSums, type SumFacts } from './rollups.ts'

const [hour, day] = [3_600_000, 86_400_000]
const now = 100 * day
const ages = { flows_1m: 7 * day, flows_5m: 60 * day, flows_1h: 400 * day }
const facts = (first: number, oldest: number): SumFacts => ({
  rows: 10,
  first,
  flows_1m: oldest,
  flows_5m: oldest,
  flows_1h: oldest,
})

test('sums are complete while no flow has expired, although a flow ends before its receipt', () => {
  const first = now - 3 * day
  const { since, flows } = storedSums(facts(first, first - hour), ages, now)
  expect(since).toEqual({ flows_1m: -Infinity, flows_5m: -Infinity, flows_1h: -Infinity })
  expect(flows).toEqual({ rows: 10, first, hours: [] })
})

test('sums of which rows may have expired are complete from then on', () => {
  const first = now - 30 * day
  expect(storedSums(facts(first, first), ages, now).since).toEqual({
    flows_1m: now - 7 * day + 60_000,
    flows_5m: -Infinity,
    flows_1h: -Infinity,
  })
})

test('sums that began after the flows are complete after their first bucket, and empty ones never', () => {
  const first = now - 3 * day
  const { since } = storedSums({ ...facts(first, now - day), flows_1h: 0 }, ages, now)
  expect(since).toEqual({ flows_1m: now - day + 60_000, flows_5m: now - day + 300_000, flows_1h: Infinity })
  expect(storedSums({ ...facts(0, 0), rows: 0 }, ages, now)).toMatchObject({
    since: { flows_1m: Infinity },
    oldest: Infinity,
    flows: { rows: 0, first: Infinity },
  })
})

test('hours of flows bound how much a page reads', () => {
  const { flows } = storedSums(facts(now - hour, now - hour), ages, now, [{ from: now - hour, rows: 10 }])
  expect(flows.hours).toEqual([{ from: now - hour, to: now, rows: 10 }])
})
