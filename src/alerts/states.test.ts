import { expect, test } from 'vitest'
import { differs, keyOf, resolveAll, step, type Instances, type Outcome, type Sample } from './states.ts'

const minute = 60_000
const start = Date.UTC(2026, 0, 1)
const sample = (value: number | null, met: boolean | undefined, ns = 'shop'): Sample => ({
  labels: { ns },
  annotations: { summary: `${value}` },
  value,
  met,
})
const samples = (...all: Sample[]): Outcome => ({ is: 'samples', samples: all, others: 'not met' })
type Policy = Readonly<{ for: number; noData: 'keep' | 'alert' | 'ok' }>

/** The transitions at each minute. */
function run(rule: Policy, outcomes: readonly Outcome[], before: Instances = new Map()) {
  let instances = before
  const log: string[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const next = step(rule, instances, outcome, start + index * minute)
    for (const { to, instance, reason } of next.transitions)
      log.push(`${index} ${to} ${instance.labels['ns'] ?? '-'}${reason === undefined ? '' : ` (${reason})`}`)
    instances = next.instances
  }
  return { log, instances }
}

test('an alert fires after `for`, once, and is resolved once', () => {
  const rule: Policy = { for: 2 * minute, noData: 'keep' }
  const [yes, no] = [samples(sample(9, true)), samples(sample(1, false))]
  expect(run(rule, [no, yes, yes, yes, yes, no, no]).log).toEqual(['3 firing shop', '5 resolved shop'])
  expect(run(rule, [yes, yes, no, yes, yes, yes]).log).toEqual(['5 firing shop'])
})

test('without `for` it fires at once; groups are independent; an absent group is resolved', () => {
  const rule: Policy = { for: 0, noData: 'keep' }
  const { log, instances } = run(rule, [
    samples(sample(9, true), sample(9, true, 'web')),
    samples(sample(9, true, 'web')),
    samples(sample(8, true, 'web')),
  ])
  expect(log).toEqual(['0 firing shop', '0 firing web', '1 resolved shop'])
  expect(instances.get(keyOf({ ns: 'web' }))).toMatchObject({ value: 8, active: start, fired: start })
})

test('a recorded pending alert continues its clock, and a recorded firing one does not fire again', () => {
  const rule: Policy = { for: 5 * minute, noData: 'keep' }
  const yes = samples(sample(9, true))
  const { instances } = run(rule, [yes, yes])
  const recorded = JSON.parse(JSON.stringify([...instances])) as [string, never][]
  const later = step(rule, new Map(recorded), yes, start + 5 * minute)
  expect(later.transitions.map(({ to, instance }) => [to, instance.active])).toEqual([['firing', start]])
  expect(step(rule, later.instances, yes, start + 6 * minute).transitions).toEqual([])
})

test('without data the policy decides', () => {
  const none: Outcome = { is: 'no data', sample: { labels: {}, annotations: {}, value: null, met: undefined } }
  const yes = samples(sample(9, true))
  const policy = (noData: Policy['noData']) => run({ for: 0, noData }, [yes, none, none, yes]).log
  expect(policy('keep')).toEqual(['0 firing shop'])
  expect(policy('ok')).toEqual(['0 firing shop', '1 resolved shop (no data)', '3 firing shop'])
  expect(policy('alert')).toEqual(['0 firing shop', '1 firing -', '3 resolved -'])
})

test('a group without a value follows the same policy', () => {
  const outcomes = [samples(sample(9, true)), samples(sample(null, undefined))]
  expect(run({ for: 0, noData: 'keep' }, outcomes).log).toEqual(['0 firing shop'])
  expect(run({ for: 0, noData: 'ok' }, outcomes).log).toEqual(['0 firing shop', '1 resolved shop'])
  const absent: Outcome = { is: 'samples', samples: [], others: 'no value' }
  expect(run({ for: 0, noData: 'keep' }, [outcomes[0]!, absent]).log).toEqual(['0 firing shop'])
})

test('a clock that was set back keeps a pending alert alive', () => {
  const rule: Policy = { for: minute, noData: 'keep' }
  const yes = samples(sample(9, true))
  const first = step(rule, new Map(), yes, start)
  const back = step(rule, first.instances, yes, start - 60 * minute)
  expect(step(rule, back.instances, yes, start - 59 * minute).transitions.map(({ to }) => to)).toEqual(['firing'])
})

test('only what a restart would lose is recorded', () => {
  const rule: Policy = { for: minute, noData: 'keep' }
  const first = step(rule, new Map(), samples(sample(9, true)), start)
  expect(differs(new Map(), first)).toBe(true)
  expect(differs(first.instances, step(rule, first.instances, samples(sample(8, true)), start + 1))).toBe(false)
  expect(differs(first.instances, step(rule, first.instances, samples(), start + 1))).toBe(true)
})

test('the end of a rule resolves what fires and forgets what is pending', () => {
  const { instances } = run({ for: minute, noData: 'keep' }, [
    samples(sample(9, true)),
    samples(sample(9, true), sample(9, true, 'web')),
  ])
  const end = resolveAll(instances, start + 9, 'the rule was removed')
  expect(end.transitions.map(({ to, instance, reason }) => [to, instance.labels, reason])).toEqual([
    ['resolved', { ns: 'shop' }, 'the rule was removed'],
  ])
  expect(end.instances.size).toBe(0)
})
