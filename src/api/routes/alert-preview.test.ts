import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { previewRule, type AlertRule } from '../../alerts/index.ts'
import { evaluate } from '../../alerts/evaluate.ts'
import { keyOf, step, type Instances } from '../../alerts/states.ts'
import { ruleOf } from '../../alerts/testing/rule.ts'
import type { FlowSpec } from '../../store/testing/frames.ts'
import { startAlertRules } from '../testing/alert-rules.ts'

const [minute, hour] = [60_000, 3_600_000]
const end = Math.floor(Date.now() / hour) * hour

/** Flows of three hosts with bursts and holes. */
function flowsOf(random: SeededRandom): FlowSpec[] {
  const specs: FlowSpec[] = []
  for (let at = end - 3 * hour; at < end; at += random.integer(1, 4 * minute)) {
    if (random.integer(0, 12) === 0) at += random.integer(1, 30 * minute)
    const bytes = random.integer(0, 3) === 0 ? random.integer(1, 100_000) : random.integer(1, 1000)
    specs.push({ src: `10.0.0.${random.integer(1, 3)}`, dst: '10.0.1.1', bytes, received: at, start: at - 1000 })
  }
  return specs
}

const rules: readonly AlertRule[] = [
  ruleOf('total', { on: 'flows', measure: 'bytes/s', window: 5 * minute, every: minute, condition: '> 50' }),
  ruleOf('quiet', {
    on: 'flows',
    measure: 'bytes',
    window: 10 * minute,
    every: 2 * minute,
    condition: '< 900',
    for: 4 * minute,
  }),
  ruleOf('groups', {
    on: 'flows',
    measure: 'bytes',
    window: 7 * minute,
    every: 3 * minute,
    by: ['src_addr'],
    condition: '>= 20k',
  }),
  ruleOf('filter', {
    on: 'flows',
    measure: 'flows',
    filter: 'src_addr = 10.0.0.2',
    window: 90_000,
    every: minute,
    condition: '> 0',
  }),
  ruleOf('largest', {
    on: 'flows',
    measure: 'max(bytes)',
    window: 4 * minute,
    every: minute,
    by: ['src_addr'],
    condition: '> 60k',
    no_data: 'ok',
  }),
  ruleOf('percentile', { on: 'flows', measure: 'p90(bytes)', window: 12 * minute, every: minute, condition: '> 30k' }),
  ruleOf('absent', {
    on: 'flows',
    measure: 'avg(bytes)',
    window: 3 * minute,
    every: minute,
    condition: '> 1G',
    no_data: 'alert',
  }),
]

test.for(seeds(1, 60))('a preview has the firings that evaluations would have made, seed %i', async (seed) => {
  const api = await startAlertRules()
  await api.add(flowsOf(new SeededRandom(seed)), end)
  const { store } = api.control
  const signal = new AbortController().signal
  let fired = 0
  for (const rule of rules) {
    const span = { from: end - 2 * hour, to: end }
    const preview = await previewRule(rule, store, span, signal)
    expect(preview.step, rule.name).toBe(rule.every)
    // The same by the engine, one evaluation after another.
    let instances: Instances = new Map()
    const open = new Map<string, number>()
    const expected: unknown[] = []
    for (let at = span.from; at <= span.to; at += rule.every) {
      const next = step(rule, instances, await evaluate(rule, store, at, signal), at)
      for (const { to, instance } of next.transitions) {
        const key = keyOf(instance.labels)
        if (to === 'firing') open.set(key, at)
        else expected.push([instance.labels, open.get(key), at])
      }
      instances = next.instances
    }
    for (const { labels, fired: from } of instances.values())
      if (from !== undefined) expected.push([labels, from, undefined])
    const sorted = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).toSorted()
    expect(sorted(preview.firings.map(({ labels, from, to }) => [labels, from, to])), rule.name).toEqual(
      sorted(expected),
    )
    fired += expected.length
  }
  expect(fired).toBeGreaterThan(10)
})

test('the API previews a rule, or its values while the condition is not known', async () => {
  const api = await startAlertRules()
  const received = Date.now() - 10 * minute
  const flow = { src: '10.0.0.1', dst: '10.0.0.2', bytes: 5000, received, start: received - 1 }
  await api.add([flow, { ...flow, bytes: 10, received: received + 8 * minute, start: received }], received)
  const settings = { measure: 'bytes', window: '5m', every: '1m', condition: '> 1 kB' }
  const { status, body } = await api.send('POST', 'alerts/preview', { settings, from: 'now-1h' })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    firings: 1,
    first: [{ labels: {}, value: 5000, value_text: '5 kB', to: expect.any(String) }],
    threshold: 1000,
    peak_text: '5 kB',
    unit: 'By',
    step_seconds: 60,
  })
  const { condition: _, ...open } = settings
  const values = await api.send('POST', 'alerts/preview', { settings: open, from: 'now-1h' })
  expect(values.body).toMatchObject({ firings: 0, threshold: null, peak: 5000 })
  const sql = await api.send('POST', 'alerts/preview', { settings: { sql: 'SELECT 1 AS value' } })
  expect(sql).toMatchObject({ status: 422, body: { code: 'WEIR_API_ALERT' } })
  expect((await api.send('POST', 'alerts/preview', { settings: { measure: 'byte' } })).status).toBe(400)
})
