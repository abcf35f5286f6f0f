import { expect, test } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import type { StoreReader } from '../engine/control.ts'
import type { Unit } from '../journal/types.ts'
import type { AlertCause } from '../model/alerts.ts'
import { WeirError } from '../model/errors.ts'
import { MetricStore } from '../telemetry/metrics.ts'
import { Alerts, type AlertParts } from './alerts.ts'
import type { AlertRule } from './rule.ts'
import { ruleOf } from './testing/rule.ts'
import { duckdb } from '../query/index.ts'
import { samplesSql } from './sample-sql.ts'

/** The journal outlives the process: `open` starts another one on it. */
class Scene {
  readonly units: Omit<Unit, 'source'>[] = []
  readonly warnings: string[] = []
  host: FakeHost = fakeHost(1)
  /** The value of every rule, or the error of its query. `wait` never answers. */
  answer: (sql: string) => number | Error | 'wait' = () => 0
  full = false
  /** Ms by which the store is behind the journal; undefined: it has everything. */
  lag: number | undefined
  lastSql = ''
  causeOf: AlertParts['causeOf']
  alerts!: Alerts

  async open(rules: readonly AlertRule[]): Promise<void> {
    const warn = (message: string) => void this.warnings.push(message)
    const store = {
      query: async (sql: string) => this.#rows(sql),
      edges: () => Promise.resolve([]),
      fresh: () => Promise.resolve(this.lag === undefined),
    } satisfies StoreReader
    this.alerts = new Alerts({
      host: this.host,
      log: { debug: () => {}, info: () => {}, warn, error: warn },
      metrics: new MetricStore({ strict: true }),
      journal: {
        cursor: () => Promise.resolve(this.units.findLast(({ cursor }) => cursor !== undefined)?.cursor),
        append: (unit) => {
          if (this.full) return Promise.reject(new WeirError('WEIR_JOURNAL_FULL', 'the journal is full'))
          this.units.push(unit)
          return Promise.resolve()
        },
      },
      store: () => store,
      lagMs: () => Promise.resolve(this.lag ?? 0),
      url: () => 'http://weir',
      ...(this.causeOf === undefined ? {} : { causeOf: this.causeOf }),
    })
    await this.alerts.open(rules)
  }

  async *#rows(sql: string): AsyncGenerator<Uint8Array> {
    this.lastSql = sql
    const value = this.answer(sql)
    if (value === 'wait') await new Promise(() => {})
    if (value instanceof Error) throw value
    yield Buffer.from(`${JSON.stringify({ value, n: value })}\n`)
  }

  /** Events so far, by the number of each unit. */
  get events(): number {
    return this.units.reduce((sum, { count }) => sum + count, 0)
  }
  state(name: string): string {
    const found = this.alerts.list().find(({ rule }) => rule.name === name)
    return found?.failing !== undefined ? 'failing' : ([...(found?.instances.values() ?? [])][0]?.state ?? 'inactive')
  }
}

test('a killed process continues the clock of `for`, and repeats no event', async () => {
  const scene = new Scene()
  const rules = [ruleOf('a', { for: 60_000 })]
  scene.answer = () => 1
  await scene.open(rules)
  await scene.host.advance(30_000)
  expect([scene.state('a'), scene.events]).toEqual(['pending', 0])
  scene.host = scene.host.kill()
  await scene.open(rules)
  await scene.host.advance(30_000)
  expect([scene.state('a'), scene.events]).toEqual(['firing', 1])
  scene.host = scene.host.kill()
  await scene.open(rules)
  await scene.host.advance(60_000)
  expect([scene.state('a'), scene.events]).toEqual(['firing', 1])
  scene.answer = () => 0
  await scene.host.advance(10_000)
  expect([scene.state('a'), scene.events]).toEqual(['inactive', 2])
})

test('a firing alert is sent again at its interval, also after a restart and without data', async () => {
  const scene = new Scene()
  const rules = [ruleOf('a', { resend: 240_000 })]
  scene.answer = () => 1
  await scene.open(rules)
  await scene.host.advance(235_000)
  expect(scene.events).toBe(1)
  await scene.host.advance(10_000)
  expect(scene.events).toBe(2)
  scene.host = scene.host.kill()
  await scene.open(rules)
  await scene.host.advance(225_000)
  expect(scene.events).toBe(2)
  await scene.host.advance(20_000)
  expect(scene.events).toBe(3)
  const bodies = scene.units.map(({ raw }) => Buffer.from(raw).toString('latin1'))
  expect(bodies.map((body) => body.includes('"repeated":true'))).toEqual([false, true, true])
  // Four intervals after each event, so that it ends without Weir.
  const ends = bodies.map((body) => {
    const timeOf = (name: string) => Date.parse(new RegExp(`"${name}":"([^"]*)"`).exec(body)?.[1] ?? '')
    return timeOf('validUntil') - timeOf('startsAt')
  })
  expect(ends[0]).toBe(960_000)
  expect(ends.map((end, index) => end - (ends[index - 1] ?? end) >= 0)).toEqual([true, true, true])
  scene.answer = () => 0
  await scene.host.advance(300_000)
  expect([scene.state('a'), scene.events]).toEqual(['inactive', 4])
})

test('while the store is behind, the window ends where it is complete; far behind, states are kept', async () => {
  const scene = new Scene()
  scene.answer = () => 1
  const rule = ruleOf('a')
  await scene.open([rule])
  await scene.host.advance(10_000)
  expect(scene.state('a')).toBe('firing')
  scene.lag = 61_000
  scene.answer = () => 0
  await scene.host.advance(10_000)
  expect([scene.state('a'), scene.events]).toEqual(['failing', 1])
  expect(scene.alerts.list()[0]?.last?.error).toMatch(/61 s behind the journal/)
  scene.lag = 20_000
  await scene.host.advance(10_000)
  expect([scene.state('a'), scene.events]).toEqual(['inactive', 2])
  const end = scene.alerts.list()[0]!.last!.at - scene.lag - 1000
  expect(rule.is === 'filter' && scene.lastSql).toBe(rule.is === 'filter' && samplesSql(rule, end, duckdb))
})

test('a query that never ends is ended and reported, and delays no other rule', async () => {
  const scene = new Scene()
  scene.answer = (sql) => (sql.includes('slow') ? 'wait' : 1)
  await scene.open([ruleOf('slow', { filter: 'type = slow' }), ruleOf('fast')])
  await scene.host.advance(20_000)
  expect([scene.state('slow'), scene.state('fast')]).toEqual(['inactive', 'firing'])
  await scene.host.advance(20_000)
  expect(scene.state('slow')).toBe('failing')
  expect(scene.alerts.list()[0]?.last?.error).toMatch(/longer than 30 s/)
})

test('a failing evaluation keeps the states, and is logged once', async () => {
  const scene = new Scene()
  scene.answer = () => 1
  await scene.open([ruleOf('a')])
  await scene.host.advance(10_000)
  scene.answer = () => new Error('the store is closed')
  await scene.host.advance(60_000)
  expect([scene.state('a'), scene.events, scene.warnings.length]).toEqual(['failing', 1, 1])
  scene.answer = () => 1
  await scene.host.advance(20_000)
  expect([scene.state('a'), scene.events]).toEqual(['firing', 1])
})

test('while the journal is full an event waits, and is written once', async () => {
  const scene = new Scene()
  scene.full = true
  scene.answer = () => 1
  await scene.open([ruleOf('a')])
  await scene.host.advance(35_000)
  expect([scene.state('a'), scene.events]).toEqual(['inactive', 0])
  scene.full = false
  await scene.host.advance(30_000)
  expect([scene.state('a'), scene.events]).toEqual(['firing', 1])
})

test('a rule that was removed while Weir was stopped resolves its alerts', async () => {
  const scene = new Scene()
  scene.answer = () => 1
  await scene.open([ruleOf('a'), ruleOf('b', { labels: { team: 'one' } })])
  await scene.host.advance(10_000)
  scene.host = scene.host.kill()
  await scene.open([ruleOf('b', { labels: { team: 'two' } })])
  await scene.host.advance(10_000)
  // Both end, and the rule with other labels fires again.
  expect(scene.events).toBe(5)
  const bodies = scene.units.map(({ raw }) => Buffer.from(raw).toString('latin1')).join('\n')
  expect(bodies).toContain('the rule was removed')
  expect(bodies).toContain('the rule was changed')
})

const cause: AlertCause = {
  text: 'Deployment shop/api: updated by alice, 20 s before the change of traffic',
  verdict: 'explained',
  object: { kind: 'Deployment', namespace: 'shop', name: 'api', ref: null },
  operation: 'updated',
  actor: 'alice',
  time: '2026-11-20T08:00:00.000Z',
  onset: '2026-11-20T08:00:20.000Z',
  pos: 'kubernetes:1:1:1',
}

test('a firing alert has what preceded it, searched once, also if it is repeated or the process ends', async () => {
  const scene = new Scene()
  const rules = [ruleOf('a', { on: 'flows', measure: 'flows', resend: 60_000 }), ruleOf('of-events')]
  let searches = 0
  scene.causeOf = async ({ rule }) => {
    if (rule.name !== 'a') return undefined
    searches++
    return cause
  }
  scene.answer = () => 1
  await scene.open(rules)
  await scene.host.advance(10_000)
  scene.host = scene.host.kill()
  await scene.open(rules)
  await scene.host.advance(70_000)
  scene.answer = () => 0
  await scene.host.advance(20_000)
  const bodies = scene.units.map(({ raw }) => Buffer.from(raw).toString('latin1'))
  const ofFlows = bodies.filter((body) => body.includes('"rule":"a"'))
  expect(ofFlows.map((body) => body.includes('updated by alice'))).toEqual([true, true, true])
  expect(ofFlows.every((body) => /"url":"http:\/\/weir\/flows\?[^"]*&why=1"/.test(body))).toBe(true)
  expect(bodies.filter((body) => body.includes('of-events')).some((body) => body.includes('cause'))).toBe(false)
  expect(searches).toBe(1)
})

test('an alert on SQL links to the change that preceded it', async () => {
  const scene = new Scene()
  scene.causeOf = async () => ({ ...cause, shown: 'changes' })
  scene.answer = () => 1
  await scene.open([ruleOf('a', { sql: 'SELECT 1 AS value', condition: '> 0' })])
  await scene.host.advance(10_000)
  const body = Buffer.from(scene.units[0]!.raw).toString('latin1')
  const range = encodeURIComponent('2026-11-20T07:00:00Z..2026-11-20T09:00:00Z')
  expect(body).toContain(`"url":"http://weir/changes?v=1&live=0&t=${range}&sel=kubernetes%3A1%3A1%3A1"`)
})

test('an alert is sent without a cause if the search fails or takes longer than five seconds', async () => {
  for (const causeOf of [() => Promise.reject(new Error('no store')), () => new Promise<never>(() => {})]) {
    const scene = new Scene()
    scene.causeOf = causeOf
    scene.answer = () => 1
    await scene.open([ruleOf('a', { on: 'flows', measure: 'flows' })])
    await scene.host.advance(4000)
    await scene.host.advance(2000)
    expect([scene.state('a'), scene.events]).toEqual(['firing', 1])
    expect(Buffer.from(scene.units[0]!.raw).toString('latin1')).not.toContain('cause')
  }
})
