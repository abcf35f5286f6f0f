import { expect, test } from 'vitest'
import { alertTypes } from '../model/alerts.ts'
import { compileRoute } from '../engine/delivery/route.ts'
import { toEventBatch } from '../model/events.ts'
import { eventOf, factsOf } from './event.ts'
import { silenceOf, withSilences, type Silence } from './silences.ts'
import { step, type Instances, type Outcome } from './states.ts'
import { ruleOf } from './testing/rule.ts'

const [minute, until] = [60_000, 10 * 60_000]
const silence: Silence = {
  id: '1',
  rule: 'a',
  labels: { host: 'one' },
  from: 0,
  until,
  reason: 'maintenance',
  by: 'ann',
}

/** The rule is evaluated each minute; `met` are the hosts of each evaluation. */
function run(met: readonly (readonly string[])[], silences: readonly Silence[], resend = 0): readonly string[] {
  let instances: Instances = new Map()
  return met.map((hosts, index) => {
    const at = index * minute
    const samples = hosts.map((host) => ({ labels: { host }, annotations: {}, value: 1, met: true }))
    const outcome: Outcome = { is: 'samples', samples, others: 'not met' }
    const stepped = step({ for: 0, noData: 'keep', resend }, instances, outcome, at)
    const next = withSilences(stepped, (labels) => silenceOf(silences, 'a', labels, at), at)
    ;({ instances } = next)
    return next.transitions
      .map(({ to, repeated, withheld, instance }) =>
        [
          instance.labels['host'],
          to,
          ...(repeated === true ? ['again'] : []),
          ...(withheld === undefined ? [] : ['withheld']),
        ].join(' '),
      )
      .join(', ')
  })
}

test('only the alerts with the labels of the silence are withheld, from their beginning to their end', () => {
  expect(run([['one', 'two'], ['one', 'two'], []], [silence])).toEqual([
    'one firing withheld, two firing',
    '',
    'one resolved withheld, two resolved',
  ])
  expect(run([['one', 'two'], []], [{ ...silence, labels: {} }])).toEqual([
    'one firing withheld, two firing withheld',
    'one resolved withheld, two resolved withheld',
  ])
  expect(run([['one'], []], [{ ...silence, rule: 'b' }])).toEqual(['one firing', 'one resolved'])
})

test('an alert that still fires when its silence ends is sent then, once, and its resolution as well', () => {
  const met = Array.from({ length: 13 }, () => ['one'])
  const sent = run([...met, []], [silence])
  expect(sent.flatMap((text, index) => (text === '' ? [] : [`${index}: ${text}`]))).toEqual([
    '0: one firing withheld',
    '10: one firing',
    '13: one resolved',
  ])
})

test('a silence of an alert that was sent stops its repetitions, and not its resolution', () => {
  const late = { ...silence, from: 2 * minute, until: 5 * minute }
  expect(run([...Array.from({ length: 7 }, () => ['one']), []], [late], minute)).toEqual([
    'one firing',
    'one firing again',
    '',
    '',
    '',
    'one firing again',
    'one firing again',
    'one resolved',
  ])
})

test('sinks receive no event of a silenced alert unless they name its type', () => {
  const facts = factsOf(ruleOf('a'))
  const labels = { alertname: 'a', severity: 'warning' }
  const instance = { labels, annotations: {}, state: 'firing', active: 1, fired: 1, value: 1 } as const
  const [sent, withheld] = [
    eventOf(facts, { to: 'firing', at: 1, instance }, 'http://weir/'),
    eventOf(facts, { to: 'firing', at: 1, instance, withheld: { silence } }, 'http://weir/'),
  ]
  expect([sent.id === withheld.id, withheld.type]).toEqual([false, alertTypes.silenced])
  expect(new TextDecoder().decode(withheld.data)).toContain('"silence":{"until":"1970-01-01T00:10:00.000Z"')
  const batch = toEventBatch([withheld, sent])
  const taken = (...settings: Parameters<typeof compileRoute>[1][]) =>
    settings.map((setting) => {
      const { rows, filtered } = compileRoute(['events'], setting)(batch)
      return [[...rows], filtered]
    })
  expect(
    taken({}, { only: { type: ['weir.alert.*'] } }, { only: { type: [alertTypes.silenced] } }, { silenced: true }),
  ).toEqual([
    [[1], { silenced: 1 }],
    [[1], { silenced: 1 }],
    [[0], { only: 1 }],
    [[0, 1], {}],
  ])
})
