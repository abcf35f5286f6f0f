import { expect, onTestFinished, test } from 'vitest'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { QueryScene, minute } from '../../../test/kit/query-scene.ts'
import { ExoscaleServer, type ExoscaleFault } from '../../../test/kit/exoscale.ts'
import { sharing, SharedLeadership } from '../../../test/kit/shared-leadership.ts'
import { probeEvents } from './client-probe.ts'
import { exoscaleEventsSchema } from './config.ts'
import { openExoscaleEvents } from './source.ts'

const start = Date.parse('2026-11-21T11:05:00.000Z')
const [gva, fra] = ['ch-gva-2', 'de-fra-1'] as const
type Written = Partial<WrittenConfigOf<typeof exoscaleEventsSchema>>

class Scene extends QueryScene {
  readonly server: ExoscaleServer

  constructor(server: ExoscaleServer) {
    super('exo', start)
    this.server = server
    server.now = () => this.now
  }

  config(written: Written = {}) {
    return configFrom(exoscaleEventsSchema, { ...this.server.key, zones: this.server.zones, ...written })
  }

  /** Starts Weir, and stops it when the condition holds. */
  async run(until: () => unknown, written: Written = {}): Promise<Awaited<ReturnType<typeof openExoscaleEvents>>> {
    const source = await openExoscaleEvents(this.config(written), this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 20_000 }).toBe(true)
    abort.abort()
    await done
    return source
  }

  /** Whether each zone was polled this often since. */
  rounds(count: number): () => boolean {
    const before = this.server.zones.map(({ name }) => this.server.queries(name).length)
    return () =>
      this.server.zones.every(({ name }, at) => this.server.queries(name).length >= (before[at] ?? 0) + count)
  }
}

async function scene(...zones: readonly string[]): Promise<Scene> {
  const server = await new ExoscaleServer().start(...(zones.length === 0 ? [gva] : zones))
  onTestFinished(() => server.stop())
  return new Scene(server)
}

const event = (id: string, time: number, more: object = {}): object => ({
  'request-id': id,
  timestamp: new Date(time).toISOString(),
  handler: 'stop-instance',
  uri: '/v2/instance/7c1e2d3f-1111-4222-8333-444455556666:stop',
  status: 200,
  'iam-user': { email: 'jane@example.com' },
  ...more,
})

test('requests are signed with their parameters, and responses become events, oldest first', async () => {
  const it = await scene()
  it.server.put(gva, [
    event('new', start - 1000),
    event('old', start - 10 * minute),
    event('older', start - 10 * minute - 500),
  ])
  await it.run(() => it.ids.length === 2)
  expect(it.ids).toEqual(['old', 'new'])
  const [first] = it.server.queries()
  expect(first?.query).toEqual({
    from: new Date(start - 10 * minute - 1000).toISOString(),
    to: new Date(start + 1000).toISOString(),
  })
  expect(first?.authorization).toContain('signed-query-args=from;to,')
  expect(it.events[0]).toMatchObject({
    family: 'audit',
    type: 'exoscale.stop-instance',
    source: `https://api.exoscale.com/${it.server.organization}`,
    extensions: { actor: 'jane@example.com', tenant: it.server.organization },
  })
})

test('case C28: late events are emitted once; restarts and an outage lose and duplicate nothing', async () => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.put(gva, [event('late', start - 2 * minute)], start + 5 * minute)
  await it.run(() => it.ids.length === 1)
  it.now += 6 * minute
  await it.run(() => it.ids.length === 2)
  it.server.put(gva, [event('away', start + 30 * minute)])
  it.now += 3 * 60 * minute
  await it.run(() => it.ids.length === 3)
  await it.run(it.rounds(3))
  expect(it.ids).toEqual(['a', 'late', 'away'])
  // Resumes in slices of an hour.
  expect(it.server.queries().map(({ query }) => query['from'])).toContain(
    new Date(start - 4 * minute - 1000).toISOString(),
  )
})

test('case C13: an event of several zones is emitted once, also from a slower zone, and after a restart', async () => {
  const it = await scene(gva, fra)
  it.server.returnsAll = true
  it.server.fail(fra, { status: 500, body: { message: 'no' } }, { times: Infinity })
  it.server.put(gva, [event('a', start - minute), event('b', start - 1000)])
  await it.run(() => it.ids.length === 2)
  it.now += 60 * minute
  it.server.put(gva, [event('c', start + 30 * minute)])
  await it.run(() => it.ids.length === 3)
  it.server.mend()
  it.server.put(fra, [event('d', start + 31 * minute)])
  await it.run(it.rounds(4))
  await it.run(it.rounds(2))
  expect(it.ids).toEqual(['a', 'b', 'c', 'd'])
})

test('a zone that denies access is reported with the permission to allow, retried, and blocks no other', async () => {
  const it = await scene(gva, fra)
  it.server.fail(fra, { status: 403, body: { message: 'Forbidden by role policy' } }, { times: 8 })
  it.server.put(gva, [event('a', start - minute)])
  it.server.put(fra, [event('b', start - minute)])
  await it.run(() => it.ids.length === 2)
  expect(it.ids).toEqual(['a', 'b'])
  const logged = it.lines.filter((line) =>
    line.includes('denies read access (HTTP 403, Forbidden by role policy); allow the role of the key `list-events`'),
  )
  expect(logged).toHaveLength(1)
  expect(it.server.queries(fra).length).toBeGreaterThan(8)
  expect(it.lines.join()).toContain('Events of Exoscale are readable again.')
})

test('`organization` replaces a denied lookup, and a wrong key is reported', async () => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, { status: 403, body: { error: 'denied' } }, { times: Infinity, path: /organization/ })
  await it.run(() =>
    it.lines.some((line) => line.includes('HTTP 403, denied); allow the role of the key `get-organization`')),
  )
  expect(it.ids).toEqual([])
  await it.run(() => it.ids.length === 1, { organization: 'own' })
  expect(it.events[0]?.source).toBe('https://api.exoscale.com/own')
  it.server.fail(gva, { status: 401, body: { message: 'Invalid signature' } })
  const {
    places: [place],
  } = (
    await it.run(
      () =>
        it.lines.some((line) =>
          line.includes('rejected the login (HTTP 401, Invalid signature); correct `key` and `secret`'),
        ),
      { organization: 'own' },
    )
  ).status()
  expect(place).toMatchObject({ zone: gva, events: 0 })
})

test('a wrong clock is reported', async () => {
  const it = await scene()
  it.server.now = () => it.now + 20 * minute
  await it.run(() =>
    it.lines.some((line) => line.includes('the clock of this machine is 20 minutes off; set the clock')),
  )
  expect(it.ids).toEqual([])
})

test.each<readonly [string, ExoscaleFault, RegExp | undefined]>([
  [
    'retry_after',
    { status: 429, body: { error: 'slow down', retry_after: 7 } },
    /limits the request rate \(HTTP 429, slow down\)/,
  ],
  [
    'Retry-After',
    { status: 429, headers: { 'retry-after': '7' }, body: { message: 'slow down' } },
    /limits the request rate \(HTTP 429, slow down\)/,
  ],
  [
    'an HTML error',
    { status: 503, headers: { 'retry-after': '7' }, body: '<html><h1>Down for\n maintenance</h1></html>' },
    /is unavailable \(HTTP 503, Down for maintenance\)/,
  ],
])('%s is retried, and nothing is lost', async (_name, fault, message) => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, fault, { times: 6 })
  await it.run(() => it.ids.length === 1)
  expect(it.ids).toEqual(['a'])
  expect(it.lines.filter((line) => message?.test(line))).toHaveLength(1)
  // First between attempts, then between cycles.
  expect(it.slept.slice(0, 5).every((ms) => ms >= 7000)).toBe(true)
})

test.each<readonly [string, ExoscaleFault]>([
  ['a truncated response', 'cut'],
  ['a lost connection', 'drop'],
  ['a page of a gateway', { status: 200, body: '<html></html>' }],
  ['something else in JSON', { status: 200, body: '"text"' }],
])('after %s the request is repeated', async (_name, fault) => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, fault, { times: 2 })
  await it.run(() => it.ids.length === 1)
  expect(it.slept.slice(0, 2).every((ms) => ms >= 500)).toBe(true)
})

test.each<readonly [string, string, ExoscaleFault]>([
  ['an object without the list', 'no_list', { status: 200, body: {} }],
  ['an error with status 200', 'no_list', { status: 200, body: { message: 'try later' } }],
  ['a page of a gateway', 'unreadable', { status: 200, body: '<html>Sorry</html>' }],
  ['half of the JSON', 'unreadable', 'cut'],
])('%s in place of the list fails the cycle, is counted, and loses no event', async (_, reason, fault) => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute), event('b', start - 1000)])
  it.server.fail(gva, fault, { times: Infinity })
  await it.run(it.rounds(9))
  expect(it.ids).toEqual([])
  expect(it.metrics.value('weir_poll_invalid_responses_total', { source: 'exo', reason })).toBeGreaterThanOrEqual(8)
  expect(it.lines.join()).toMatch(/nothing is skipped, and the request is retried/)
  it.server.mend()
  // Later than the look-back: only an unchanged cursor finds the events.
  it.now += 60 * minute
  await it.run(() => it.ids.length >= 2)
  expect(it.ids).toEqual(['a', 'b'])
})

test('a missing response times out, and the request is repeated', async () => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, 'silent')
  await it.run(() => {
    if (it.server.queries().length === 1) it.expire()
    return it.ids.length === 1
  })
  expect(it.ids).toEqual(['a'])
})

test('a rejected request is reported with all messages of the API', async () => {
  const it = await scene()
  it.server.fail(gva, {
    status: 400,
    body: {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'Invalid parameters',
      errors: [{ detail: 'must be a date', location: '$.query.from' }, 'and nothing else'],
    },
  })
  await it.run(() =>
    it.lines.some((line) =>
      line.includes('HTTP 400, Bad Request: Invalid parameters: must be a date at $.query.from: and nothing else'),
    ),
  )
  expect(it.metrics.value('weir_exoscale_requests_total', { source: 'exo', zone: gva, outcome: 'failed' })).toBe(1)
})

test('a malformed event is counted once; one without id or time is emitted once', async () => {
  const it = await scene()
  it.server.put(gva, ['no event', { handler: 'x' }, event('a', start - minute)])
  await it.run(it.rounds(4))
  expect(it.ids.filter((id) => id !== 'a')).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect(it.shed).toEqual({ malformed: 1 })
  const count = (outcome: string): number =>
    it.metrics.value('weir_exoscale_events_total', { source: 'exo', zone: gva, outcome })
  expect([it.ids.length, count('taken'), count('malformed')]).toEqual([2, 2, 1])
})

test('of two replicas one reads, and the other resumes at its end without duplicates', async () => {
  const it = await scene()
  const shared = new SharedLeadership()
  const begin = async (instance: string): Promise<() => Promise<void>> => {
    const source = await openExoscaleEvents(it.config(), sharing(it.context(), shared, instance, it.lines))
    const abort = new AbortController()
    const done = source.run(abort.signal)
    const stop = async (): Promise<void> => {
      abort.abort()
      await done
    }
    onTestFinished(stop)
    return stop
  }
  const expectEmitted = async (...ids: readonly string[]): Promise<void> => {
    await expect.poll(() => it.ids, { interval: 2, timeout: 20_000 }).toEqual(ids)
  }
  it.server.put(gva, [event('a', start - minute)])
  const stop = await begin('one')
  await expectEmitted('a')
  await begin('two')
  it.server.put(gva, [event('b', start - minute + 1)])
  await expectEmitted('a', 'b')
  await stop()
  it.server.put(gva, [event('c', start - minute + 2)])
  await expectEmitted('a', 'b', 'c')
  expect(shared.holder).toMatch(/^two /)
})

test('secrets are read for each request and never logged, and a missing one is reported', async () => {
  const it = await scene()
  await it.run(() => it.lines.some((line) => line.includes('WEIR_TEST_NO_SUCH_SECRET')), {
    secret: 'env:WEIR_TEST_NO_SUCH_SECRET',
  })
  expect(it.lines.join()).not.toContain(it.server.key.secret)
})

test('the probe requests each zone, and reports denied access', async () => {
  const it = await scene(gva, fra)
  const look = (): ReturnType<typeof probeEvents> => probeEvents(it.config(), { id: 'exo', host: it.host }, it.signal)
  const [one, other] = it.server.zones.map(
    ({ endpoint }) => `${endpoint} grants read access to the events of organisation ${it.server.organization}`,
  )
  expect(await look()).toEqual({ is: 'ok', message: `${one}; ${other}` })
  it.server.fail(fra, { status: 403, body: { message: 'no' } })
  expect(await look()).toEqual({
    is: 'fail',
    message: expect.stringMatching(
      /^de-fra-1: .*denies read access \(HTTP 403, no\); allow the role of the key `list-events`$/,
    ) as string,
  })
})
