import { expect, onTestFinished, test } from 'vitest'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { AskedScene, minute } from '../../../test/kit/asked-scene.ts'
import { ExoscaleServer, type ExoscaleFault } from '../../../test/kit/exoscale.ts'
import { sharing, SharedTurn } from '../../../test/kit/shared-turn.ts'
import { lookAtEvents } from './client-look.ts'
import { exoscaleEventsSchema } from './config.ts'
import { openExoscaleEvents } from './source.ts'

const start = Date.parse('2026-11-21T11:05:00.000Z')
const [gva, fra] = ['ch-gva-2', 'de-fra-1'] as const
type Written = Partial<WrittenConfigOf<typeof exoscaleEventsSchema>>

class Scene extends AskedScene {
  readonly server: ExoscaleServer

  constructor(server: ExoscaleServer) {
    super('exo', start)
    this.server = server
    server.now = () => this.now
  }

  config(written: Written = {}) {
    return configFrom(exoscaleEventsSchema, { ...this.server.key, zones: this.server.zones, ...written })
  }

  /** A start of Weir, and its end when that is so. */
  async run(until: () => unknown, written: Written = {}): Promise<Awaited<ReturnType<typeof openExoscaleEvents>>> {
    const source = await openExoscaleEvents(this.config(written), this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 20_000 }).toBe(true)
    abort.abort()
    await done
    return source
  }

  /** Each zone has been asked so often since. */
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

test('requests are signed with their parameters, look back, and their answers become events, oldest first', async () => {
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

test('what becomes visible late is told once; restarts and an outage in the middle of a window lose nothing and tell nothing twice', async () => {
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
  // From where it was, and in slices of an hour.
  expect(it.server.queries().map(({ query }) => query['from'])).toContain(
    new Date(start - 4 * minute - 1000).toISOString(),
  )
})

test('an event that several zones tell is told once, also by one that is behind, and after a restart', async () => {
  const it = await scene(gva, fra)
  it.server.tellsOfAll = true
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

test('a zone that does not let us read is said to, with what to allow, is asked again, and stops no other', async () => {
  const it = await scene(gva, fra)
  it.server.fail(fra, { status: 403, body: { message: 'Forbidden by role policy' } }, { times: 8 })
  it.server.put(gva, [event('a', start - minute)])
  it.server.put(fra, [event('b', start - minute)])
  await it.run(() => it.ids.length === 2)
  expect(it.ids).toEqual(['a', 'b'])
  const said = it.lines.filter((line) =>
    line.includes('does not let us read (HTTP 403, Forbidden by role policy); allow the role of the key `list-events`'),
  )
  expect(said).toHaveLength(1)
  expect(it.server.queries(fra).length).toBeGreaterThan(8)
  expect(it.lines.join()).toContain('Events of Exoscale are read again.')
})

test('a key that may not say whose it is gives way to `organization`, and a wrong one is said to be wrong', async () => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, { status: 403, body: { error: 'denied' } }, { times: Infinity, path: /organization/ })
  await it.run(() =>
    it.lines.some((line) => line.includes('HTTP 403, denied); allow the role of the key `get-organization`')),
  )
  expect(it.ids).toEqual([])
  await it.run(() => it.ids.length === 1, { organization: 'mine' })
  expect(it.events[0]?.source).toBe('https://api.exoscale.com/mine')
  it.server.fail(gva, { status: 401, body: { message: 'Invalid signature' } })
  const {
    places: [place],
  } = (
    await it.run(
      () =>
        it.lines.some((line) =>
          line.includes('refuses our login (HTTP 401, Invalid signature); correct `key` and `secret`'),
        ),
      { organization: 'mine' },
    )
  ).status()
  expect(place).toMatchObject({ zone: gva, events: 0 })
})

test('a clock that is wrong is said to be', async () => {
  const it = await scene()
  it.server.now = () => it.now + 20 * minute
  await it.run(() => it.lines.some((line) => line.includes('clock is 20 minutes away from its: set the clock')))
  expect(it.ids).toEqual([])
})

test.each<readonly [string, ExoscaleFault, RegExp | undefined]>([
  [
    'retry_after',
    { status: 429, body: { error: 'slow down', retry_after: 7 } },
    /asks to be slower \(HTTP 429, slow down\)/,
  ],
  [
    'Retry-After',
    { status: 429, headers: { 'retry-after': '7' }, body: { message: 'slow down' } },
    /asks to be slower \(HTTP 429, slow down\)/,
  ],
  [
    'a fault in HTML',
    { status: 503, headers: { 'retry-after': '7' }, body: '<html><h1>Down for\n maintenance</h1></html>' },
    /can't answer now \(HTTP 503, Down for maintenance\)/,
  ],
])('%s is waited for, and nothing is lost', async (_name, fault, says) => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, fault, { times: 6 })
  await it.run(() => it.ids.length === 1)
  expect(it.ids).toEqual(['a'])
  expect(it.lines.filter((line) => says?.test(line))).toHaveLength(1)
  // Between tries, and then between rounds.
  expect(it.slept.slice(0, 5).every((ms) => ms >= 7000)).toBe(true)
})

test.each<readonly [string, ExoscaleFault]>([
  ['an answer that is cut off', 'cut'],
  ['a connection that breaks', 'drop'],
  ['a page of a gateway', { status: 200, body: '<html></html>' }],
  ['something else in JSON', { status: 200, body: '"text"' }],
])('after %s it is asked again', async (_name, fault) => {
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
  expect(it.lines.join()).toMatch(/nothing is skipped, and it is read again/)
  it.server.mend()
  // Later than it looks back: only a cursor that stayed finds them.
  it.now += 60 * minute
  await it.run(() => it.ids.length >= 2)
  expect(it.ids).toEqual(['a', 'b'])
})

test('an answer that never comes is given up, and asked for again', async () => {
  const it = await scene()
  it.server.put(gva, [event('a', start - minute)])
  it.server.fail(gva, 'silent')
  await it.run(() => {
    if (it.server.queries().length === 1) it.expire()
    return it.ids.length === 1
  })
  expect(it.ids).toEqual(['a'])
})

test('what the API finds wrong with a request is said in its words, all of them', async () => {
  const it = await scene()
  it.server.fail(gva, {
    status: 400,
    body: {
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'Invalid parameters',
      errors: [{ detail: 'must be a date', location: '$.query.from' }, 'and no other thing'],
    },
  })
  await it.run(() =>
    it.lines.some((line) =>
      line.includes('HTTP 400, Bad Request: Invalid parameters: must be a date at $.query.from: and no other thing'),
    ),
  )
  expect(it.metrics.value('weir_exoscale_requests_total', { source: 'exo', zone: gva, outcome: 'failed' })).toBe(1)
})

test('what is no event is counted once and stops nothing; one without id or time is told once', async () => {
  const it = await scene()
  it.server.put(gva, ['no event', { handler: 'x' }, event('a', start - minute)])
  await it.run(it.rounds(4))
  expect(it.ids.filter((id) => id !== 'a')).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect(it.shed).toEqual({ malformed: 1 })
  const count = (outcome: string): number =>
    it.metrics.value('weir_exoscale_events_total', { source: 'exo', zone: gva, outcome })
  expect([it.ids.length, count('taken'), count('malformed')]).toEqual([2, 2, 1])
})

test('of two that share a journal one reads, and the other goes on where it ends, with nothing twice', async () => {
  const it = await scene()
  const shared = new SharedTurn()
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
  const told = async (...ids: readonly string[]): Promise<void> => {
    await expect.poll(() => it.ids, { interval: 2, timeout: 20_000 }).toEqual(ids)
  }
  it.server.put(gva, [event('a', start - minute)])
  const stop = await begin('one')
  await told('a')
  await begin('two')
  it.server.put(gva, [event('b', start - minute + 1)])
  await told('a', 'b')
  await stop()
  it.server.put(gva, [event('c', start - minute + 2)])
  await told('a', 'b', 'c')
  expect(shared.holder).toMatch(/^two /)
})

test('secrets are read anew for each request and never said, and one that is missing is said to be', async () => {
  const it = await scene()
  await it.run(() => it.lines.some((line) => line.includes('WEIR_TEST_NO_SUCH_SECRET')), {
    secret: 'env:WEIR_TEST_NO_SUCH_SECRET',
  })
  expect(it.lines.join()).not.toContain(it.server.key.secret)
})

test('a look asks each zone, and says which does not let us in', async () => {
  const it = await scene(gva, fra)
  const look = (): ReturnType<typeof lookAtEvents> => lookAtEvents(it.config(), { id: 'exo', host: it.host }, it.signal)
  const [one, other] = it.server.zones.map(
    ({ endpoint }) => `${endpoint} lets us read the events of organisation ${it.server.organization}`,
  )
  expect(await look()).toEqual({ is: 'ok', says: `${one}; ${other}` })
  it.server.fail(fra, { status: 403, body: { message: 'no' } })
  expect(await look()).toEqual({
    is: 'fail',
    says: expect.stringMatching(
      /^de-fra-1: .*does not let us read \(HTTP 403, no\); allow the role of the key `list-events`$/,
    ) as string,
  })
})
