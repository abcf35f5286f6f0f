import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { configFrom } from '../../schema/index.ts'
import { selfSigned } from '../../../test/kit/certificate.ts'
import {
  accessKey as access,
  CtsScene,
  ctsStart as start,
  minute,
  type WrittenCts,
} from '../../../test/kit/cts-scene.ts'
import type { CtsServer } from '../../../test/kit/cts.ts'
import { probeTraces } from './client-probe.ts'
import { otcCtsSchema } from './config.ts'
import { openOtcCts } from './source.ts'

async function scene(tls?: { readonly cert: string; readonly key: string }): Promise<CtsScene> {
  const made = await CtsScene.start(tls)
  onTestFinished(() => made.stop())
  return made
}

const trace = (id: string, time: number, more: object = {}): object => ({
  trace_id: id,
  time,
  record_time: time + 1000,
  service_type: 'ECS',
  resource_type: 'ecs',
  resource_name: 'web',
  resource_id: 'r1',
  trace_name: 'stop',
  trace_type: 'ApiCall',
  trace_rating: 'normal',
  user: { id: 'u1', name: 'jdoe' },
  ...more,
})
const many = (count: number, of = 't'): object[] =>
  Array.from({ length: count }, (_, at) => trace(`${of}${at}`, start - 4 * minute + at * 100))
const password = (server: CtsServer): NonNullable<WrittenCts['auth']> => ({
  type: 'password',
  user: server.user.name,
  password: server.user.password,
  domain: server.domain.name,
})

test('the first request covers the look-back with widened bounds; traces become events, oldest first', async () => {
  const it = await scene()
  it.server.put(it.project, [
    trace('edge', start - 5 * minute),
    trace('old', start - 5 * minute - 1),
    trace('new', start),
  ])
  await (await it.place()).poll()
  expect(it.queries()).toEqual([
    {
      trace_type: 'system',
      tracker_name: 'system',
      from: String(start - 5 * minute - 1),
      to: String(start + 1),
      limit: '200',
    },
  ])
  expect(it.ids).toEqual(['edge', 'new'])
  expect(it.events[0]).toMatchObject({
    family: 'audit',
    type: 'ecs.apicall.ecs.stop',
    source: `${it.server.url}/v3/${it.project.id}/`,
    extensions: { actor: 'jdoe', domain: it.server.domain.id },
  })
})

test('pages are read until the marker is missing, without a further request', async () => {
  const it = await scene()
  it.server.put(it.project, many(450))
  await (await it.place()).poll()
  expect(it.queries().map(({ next }) => next)).toEqual([undefined, 't250', 't50'])
  expect(it.ids).toEqual(many(450).map((_, at) => `t${at}`))
})

test('a marker on the last page is followed to the empty page', async () => {
  const it = await scene()
  it.server.put(it.project, many(3))
  it.server.markerAtEnd = true
  const { poll } = await it.place()
  await poll()
  expect([it.queries().length, it.ids.length, it.lines.length]).toEqual([2, 3, 0])
})

/** With or without the counts of the API. */
const page = (traces: unknown, meta?: object): string =>
  JSON.stringify({ traces, ...(meta === undefined ? {} : { meta_data: meta }) })

test.each([
  ['an object without the list', 'no_list', '{}'],
  ['an error with status 200', 'no_list', '{"error_code":"CTS.0004","error_msg":"Internal error."}'],
  ['a list that is null', 'no_list', page(null, { count: 0, marker: null })],
  ['fewer traces than the response states', 'count', page([], { count: 200, marker: null })],
  ['more traces than the response states', 'count', page([trace('x', start)], { count: 0 })],
  ['a full page without a statement whether another follows', 'unreadable', page(many(200, 'x'))],
  ['a page of a gateway', 'unreadable', '<html>Sorry</html>'],
  ['half of the JSON', 'unreadable', '{"traces":[{"trace_id":"t1"},{"tra'],
  ['the marker of the page before', 'repeated_token', page([trace('x', start)], { count: 1, marker: 't250' })],
] as const)('%s as second page fails the cycle, is counted, and loses no trace', async (_, reason, body) => {
  const it = await scene()
  it.server.put(it.project, many(450))
  const { poll } = await it.place()
  // The malformed page recurs longer than one cycle retries.
  it.server.fail(/traces$/, 'none')
  it.server.fail(/traces$/, { status: 200, body }, 4)
  await expect(poll()).rejects.toThrow(/CTS (?:answered|responded|gave|repeated)/)
  expect(it.ids).toEqual([])
  expect(it.metrics.value('weir_poll_invalid_responses_total', { source: 'cts', reason })).toBe(4)
  expect(it.lines.join()).toMatch(/nothing is skipped, and the request is retried/)
  // Later than the look-back: only an unchanged cursor finds the traces.
  it.now += 60 * minute
  await poll()
  expect(it.ids).toEqual(many(450).map((_trace, at) => `t${at}`))
})

test('an incomplete response is requested again within the cycle', async () => {
  const it = await scene()
  it.server.put(it.project, many(450))
  it.server.fail(/traces$/, { status: 200, body: '{}' })
  await (await it.place()).poll()
  expect(it.ids).toHaveLength(450)
})

test('a late trace is emitted once, and a restart emits nothing again', async () => {
  const it = await scene()
  const { poll } = await it.place()
  it.server.put(it.project, [trace('on time', start - minute)])
  it.server.put(it.project, [trace('late', start - 10_000)], { visible: start + 80_000 })
  for (let cycle = 0; cycle < 4; cycle++, it.now += minute) await poll()
  expect(it.ids).toEqual(['on time', 'late'])
  const again = await it.place()
  for (let cycle = 0; cycle < 3; cycle++, it.now += minute) await again.poll()
  expect(it.ids).toEqual(['on time', 'late'])
  expect(it.heldFrom).toBeLessThan(it.units.length)
})

test('a trace at exactly the end of a cycle is emitted once, and two with different ids are both emitted', async () => {
  const it = await scene()
  const { poll } = await it.place()
  it.server.put(it.project, [trace('a', start), trace('b', start)])
  await poll()
  it.now += minute
  await poll()
  expect(it.ids.sort()).toEqual(['a', 'b'])
})

test('a trace on two pages and in two cycles is emitted once', async () => {
  const it = await scene()
  it.server.put(it.project, [...many(200), trace('t199', start - 4 * minute), trace('last', start - 1000)])
  const { poll } = await it.place()
  await poll()
  await poll()
  expect(
    it
      .queries()
      .slice(0, 2)
      .map(({ next }) => next !== undefined),
  ).toEqual([false, true])
  expect(it.ids.toSorted()).toEqual([...many(200).map((_, at) => `t${at}`), 'last'].toSorted())
})

test('a trace with an unknown rating is emitted, and logged once', async () => {
  const it = await scene()
  it.server.put(it.project, [
    trace('a', start - 2000, { trace_rating: 'critical' }),
    trace('b', start - 1000, { trace_rating: 'critical' }),
  ])
  await (await it.place()).poll()
  expect(it.events.map(({ extensions }) => extensions?.['status'])).toEqual(['unknown', 'unknown'])
  expect(it.lines.filter((line) => line.includes('A trace is rated critical'))).toHaveLength(1)
})

test('after three hours it resumes in slices', async () => {
  const it = await scene()
  await (await it.place()).poll()
  it.server.put(
    it.project,
    Array.from({ length: 18 }, (_, at) => trace(`d${at}`, start + at * 10 * minute)),
  )
  it.now += 180 * minute
  const queriesBefore = it.queries().length
  await (await it.place()).poll()
  expect(it.ids).toEqual(Array.from({ length: 18 }, (_, at) => `d${at}`))
  const spans = it
    .queries()
    .slice(queriesBefore)
    .map(({ from, to }) => Number(to) - Number(from) - 2)
  expect(spans).toHaveLength(4)
  expect(Math.max(...spans)).toBe(60 * minute)
})

test('after eight days it reads the available seven and logs the gap once', async () => {
  const it = await scene()
  await (await it.place()).poll()
  it.now += 8 * 1440 * minute
  const again = await it.place({}, { maxEvents: 200, sliceMs: 1440 * minute })
  await again.poll()
  await again.poll()
  expect(it.lines.filter((line) => line.includes('are missed'))).toHaveLength(1)
  expect(
    it.metrics.value('weir_cts_missed_seconds_total', { source: 'cts', project: 'eu-de_prod', tracker: 'system' }),
  ).toBe(86_400 + 300)
})

test('a backfill begins seven days ago, and a range with many traces is read in smaller ones', async () => {
  const it = await scene()
  it.server.put(it.project, [
    trace('first', start - 7 * 1440 * minute + 1000),
    ...Array.from({ length: 900 }, (_, at) => trace(`m${at}`, start - 50 * minute + at * 1000)),
  ])
  await (await it.place({ backfill: '7d', page: 100 }, { maxEvents: 200, sliceMs: 1440 * minute })).poll()
  expect(it.ids).toHaveLength(901)
  expect([it.ids[0], it.ids[1], it.ids.at(-1)]).toEqual(['first', 'm0', 'm899'])
})

test('while the journal rejects appends, traces are pending, and nothing is lost or duplicated', async () => {
  const it = await scene()
  it.server.put(it.project, many(3))
  it.refuse = 2
  await (await it.place()).poll()
  expect(it.ids).toEqual(['t0', 't1', 't2'])
  expect(it.lines.filter((line) => line.includes('journal accepts no data'))).toHaveLength(1)
})

test('after a crash between two units of one response the rest is emitted, without duplicates', async () => {
  const it = await scene()
  // Older than the range that is requested repeatedly.
  it.server.put(
    it.project,
    Array.from({ length: 1200 }, (_, at) => trace(`t${at}`, start - 50 * minute + at * 100)),
  )
  await (await it.place({ backfill: '1h' })).poll()
  expect(it.units.length).toBeGreaterThan(3)
  it.units.splice(2)
  expect(it.ids.length).toBeLessThan(1200)
  expect(it.ids.length).toBeGreaterThan(0)
  await (await it.place({ backfill: '1h' })).poll()
  expect(it.ids).toEqual(Array.from({ length: 1200 }, (_, at) => `t${at}`))
})

test('Retry-After is respected, and reading resumes', async () => {
  const it = await scene()
  it.server.put(it.project, many(450))
  for (const fault of [
    { status: 429, headers: { 'retry-after': '2' } },
    { status: 500 },
    { status: 503 },
    'reset',
    'cut',
    { status: 400, body: '{"error_code":"CTS.0300","error_msg":"Query failed. Try again later."}' },
  ] as const)
    it.server.fail(/traces$/, fault, 1)
  const { poll } = await it.place()
  await expect(poll()).rejects.toThrow(/is unavailable \(HTTP 400, CTS.0300, Query failed. Try again later\)/)
  await poll()
  expect(it.ids).toHaveLength(450)
  expect(it.slept).toHaveLength(5)
  expect(it.slept[0]).toBeGreaterThanOrEqual(2000)
})

test('a slow response is aborted after `timeout` and requested again', async () => {
  const it = await scene()
  it.server.put(it.project, many(1))
  it.server.fail(/traces$/, 'silent')
  const polled = (await it.place()).poll()
  await expect.poll(() => it.queries().length, { interval: 5, timeout: 20_000 }).toBe(1)
  it.expire()
  await polled
  expect(it.ids).toEqual(['t0'])
})

test('a denied request reports the missing permission and is not repeated at once', async () => {
  const it = await scene()
  it.server.fail(/traces$/, { status: 403, body: '{"error_code":"CTS.0013","error_msg":"No permission."}' }, 9)
  await expect((await it.place()).poll()).rejects.toThrow(/CTS ReadOnlyAccess/)
  expect(it.queries()).toHaveLength(1)
})

test('a token that expires on the second page is replaced once, and the same page is requested again', async () => {
  const it = await scene()
  it.server.put(it.project, many(250))
  it.server.fail(/traces$/, 'none')
  it.server.fail(/traces$/, {
    status: 401,
    body: '{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: token expired"}',
  })
  await (await it.place({ auth: password(it.server) })).poll()
  expect(it.server.requests(/auth\/tokens/)).toHaveLength(2)
  expect(it.queries().map(({ next }) => next)).toEqual([undefined, 't50', 't50'])
  expect(it.ids).toHaveLength(250)
})

test('two rejected logins in a row end the cycle, and the next one resumes', async () => {
  const it = await scene()
  it.server.put(it.project, many(1))
  it.server.fail(/traces$/, { status: 401 }, 2)
  const { poll } = await it.place({ auth: password(it.server) })
  await expect(poll()).rejects.toThrow(/rejected the login/)
  await poll()
  expect(it.ids).toEqual(['t0'])
})

test('a token is replaced once, ten minutes before it expires, for all concurrent requests', async () => {
  const it = await scene()
  const { poll } = await it.place({ auth: password(it.server) })
  await poll()
  it.now += 24 * 60 * minute - 10 * minute - 1
  await poll()
  expect(it.server.requests(/auth\/tokens/)).toHaveLength(1)
  it.now += minute
  await Promise.all([poll(), poll()])
  expect(it.server.requests(/auth\/tokens/)).toHaveLength(2)
  expect(it.server.requests(/auth\/tokens/)[0]?.headers['content-type']).toBe('application/json;charset=utf8')
})

test('with an agency the projects of another domain are read; both tokens are replaced after a rejection', async () => {
  const it = await scene()
  it.server.put(it.project, many(250))
  it.server.agencies.set('readers', 'd78cbac186b744899480f25bd0223468')
  const {
    user: { name: user, password: known },
    domain: { name: domain },
  } = it.server
  const auth = {
    type: 'password',
    user,
    password: known,
    domain,
    agency: 'readers',
    agency_domain_id: 'd78cbac186b744899480f25bd0223468',
  } as const
  const { poll } = await it.place({ auth })
  await poll()
  expect(it.ids).toHaveLength(250)
  const tokens = it.server.requests(/auth\/tokens/)
  expect(tokens.map(({ headers }) => headers['x-auth-token'] !== undefined)).toEqual([false, true])
  it.server.expire()
  await poll()
  expect(it.server.requests(/auth\/tokens/)).toHaveLength(4)
  const { poll: other } = await it.place({ auth: { ...auth, agency: 'writers' } })
  await expect(other()).rejects.toThrow(
    /IAM rejected the login \(HTTP 403, You have no right to do this action\); with an agency, .*Agent Operator/,
  )
})

test('multi-factor authentication is reported with the action to take', async () => {
  const it = await scene()
  it.server.mfa = true
  const { poll } = await it.place({ auth: password(it.server) })
  await expect(poll()).rejects.toThrow(
    /IAM requires multi-factor authentication \(MFA\) for this user .*use a technical user without login protection/,
  )
  it.server.mfa = false
  it.server.fail(/tokens/, {
    status: 401,
    body: '{"error":{"code":401,"message":"The user has enabled MFA login protection.","title":"Unauthorized"}}',
  })
  await expect(poll()).rejects.toThrow(/multi-factor/)
  expect(it.server.requests(/auth\/tokens/)).toHaveLength(2)
})

test.each(['access', 'credential'] as const)(
  'keys sign every request in the style %s, request no token, and are never logged',
  async (signing) => {
    const it = await scene()
    it.server.put(it.project, many(250))
    it.server.securityToken = 'temporary'
    await (
      await it.place({
        signing,
        auth: {
          type: 'keys',
          access_key: access,
          secret_key: it.server.keys.get(access) ?? '',
          security_token: 'temporary',
        },
      })
    ).poll()
    expect(it.ids).toHaveLength(250)
    expect(it.server.requests(/auth\/tokens/)).toHaveLength(0)
    expect(it.lines.join()).not.toMatch(/SKexample|Signature/)
  },
)

test('wrong keys and a wrong clock are reported', async () => {
  const it = await scene()
  const { poll } = await it.place({ auth: { type: 'keys', access_key: access, secret_key: 'another' } })
  await expect(poll()).rejects.toThrow(
    /IAM rejected the login \(HTTP 401, verify aksk signature fail\); correct `auth`$/,
  )
  it.server.now = () => it.now + 20 * minute
  const { poll: other } = await it.place()
  await expect(other()).rejects.toThrow(/clock of this machine is 20 minutes off/)
  expect(it.server.received).toHaveLength(2)
})

test('API v2.0 yields the same events at its own address', async () => {
  const it = await scene()
  it.server.put(it.project, many(3))
  await (await it.place()).poll()
  const [events, queriesBefore] = [it.events, it.queries().length]
  it.units.length = 0
  await (await it.place({ api: 'v2' })).poll()
  expect(it.server.requests(/trace$/).at(-1)?.path).toBe(`/v2.0/${it.project.id}/system/trace`)
  expect(it.queries()).toHaveLength(queriesBefore + 1)
  expect(it.events).toEqual(events.map((event) => ({ ...event, source: `${it.server.url}/v2.0/${it.project.id}/` })))
})

test('a malformed trace is counted once; a trace without an id gets one and is emitted once', async () => {
  const it = await scene()
  it.server.put(it.project, [42, { ...trace('x', start - minute), trace_id: undefined }, trace('t', start - minute)])
  const { poll } = await it.place()
  await poll()
  await poll()
  expect(it.shed).toEqual({ malformed: 1 })
  expect(it.ids).toHaveLength(2)
  const count = (outcome: string): number =>
    it.metrics.value('weir_cts_traces_total', { source: 'cts', project: 'eu-de_prod', tracker: 'system', outcome })
  expect([count('taken'), count('nameless'), count('malformed')]).toEqual([2, 1, 1])
})

test('a project denied since the first day is read from that day once allowed, across restarts', async () => {
  const it = await scene()
  it.server.put(it.project, [trace('t', start - minute)])
  it.server.fail(/traces$/, { status: 403 })
  await expect((await it.place()).poll()).rejects.toThrow(/denies read access/)
  it.now += 180 * minute
  await (await it.place()).poll()
  expect(it.ids).toEqual(['t'])
})

test('trackers are read separately, and data trackers with their type', async () => {
  const it = await scene()
  it.server.put(it.project, [trace('s', start - minute)])
  it.server.put(it.project, [trace('d', start - minute, { trace_type: 'ObsSDK' })], { tracker: 'bucket' })
  await (await it.place({ projects: [{ name: 'eu-de_prod', trackers: ['bucket'] }] })).poll()
  expect(it.queries()[0]).toMatchObject({ trace_type: 'data', tracker_name: 'bucket' })
  await (await it.place()).poll()
  expect(it.ids).toEqual(['d', 's'])
})

test('a trace recorded nearly too late is logged', async () => {
  const it = await scene()
  it.server.put(it.project, [trace('t', start - 4.5 * minute, { record_time: start })])
  await (await it.place()).poll()
  expect(it.lines.join()).toMatch(/recorded 270 s after the event, and `look_back` is 300 s/)
})

test('a denied project pins no frames for long, and after a restart nothing is emitted twice', async () => {
  const it = await scene()
  const other = it.server.project('eu-de_other')
  const config = configFrom(otcCtsSchema, {
    iam: `${it.server.url}/v3`,
    auth: password(it.server),
    projects: [{ name: 'eu-de_prod' }, { name: 'eu-de_other' }],
    look_back: '5m',
  })
  const run = async (until: () => boolean): Promise<void> => {
    const source = await openOtcCts(config, it.context())
    const abort = new AbortController()
    const running = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 20_000 }).toBe(true)
    abort.abort()
    await running
  }
  it.server.put(it.project, [trace('t', start - minute)])
  it.server.put(other, [trace('o', start - minute)])
  await run(() => it.ids.length === 2)
  it.server.fail(new RegExp(`${it.project.id}/traces$`), { status: 403 }, Infinity)
  it.now += 31 * minute
  it.server.put(other, [trace('o2', it.now)])
  const before = it.units.length
  await run(() => it.ids.includes('o2') && (it.heldFrom ?? 0) > before)
  expect(it.lines.join()).toMatch(/CTS ReadOnlyAccess.*eu-de_prod/)
  it.server.mend()
  it.server.put(it.project, [trace('t2', start + minute)])
  await run(() => it.ids.includes('t2'))
  expect(it.ids.toSorted()).toEqual(['o', 'o2', 't', 't2'])
})

test('over TLS only a server with the right certificate receives credentials', async () => {
  const { cert, key } = selfSigned()
  const it = await scene({ cert, key })
  it.server.put(it.project, many(1))
  await expect((await it.place()).poll()).rejects.toThrow(/IAM can't be reached \(.*self.signed/)
  expect(it.server.received).toHaveLength(0)
  await it.host.disk.makeDirectory('/tls')
  const file = await it.host.disk.open('/tls/ca.pem', 'create')
  await file.writeAll([Buffer.from(cert)], 0)
  await file.close()
  await (await it.place({ tls: { ca_file: '/tls/ca.pem' } })).poll()
  expect(it.ids).toEqual(['t0'])
})

test('the proxy of the environment is used, except for localhost', async () => {
  const { cert, key } = selfSigned()
  const it = await scene({ cert, key })
  it.server.put(it.project, many(1))
  const tunnels: string[] = []
  const proxy = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '')
    const there = connect(Number(new URL(it.server.url).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const one of [socket, there]) one.on('error', () => [socket, there].forEach((each) => each.destroy()))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    proxy.closeAllConnections()
    proxy.close()
  })
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  const written: WrittenCts = {
    iam: `https://iam.example.test/v3`,
    endpoint: 'https://cts.example.test',
    tls: { verify: false },
  }
  await (await it.place(written)).poll()
  expect(it.ids).toEqual(['t0'])
  expect(new Set(tunnels)).toEqual(new Set(['iam.example.test:443', 'cts.example.test:443']))
  const before = tunnels.length
  await (await it.place({ tls: { verify: false } })).poll()
  expect(tunnels).toHaveLength(before)
})

test('the probe logs in to each project, requests a trace from each, and reports denied projects', async () => {
  const it = await scene()
  const other = it.server.project('eu-nl_prod')
  const config = configFrom(otcCtsSchema, {
    iam: `${it.server.url}/v3`,
    auth: password(it.server),
    projects: [{ name: 'eu-de_prod' }, { id: other.id, region: 'eu-nl' }],
  })
  const look = (): ReturnType<typeof probeTraces> => probeTraces(config, { id: 'cts', host: it.host }, it.signal)
  expect(await look()).toEqual({
    is: 'ok',
    message:
      `eu-de_prod grants read access to the traces of system at ${it.server.url}; eu-nl_prod grants read ` +
      `access to the traces of system at ${it.server.url}`,
  })
  it.server.fail(new RegExp(`${other.id}/traces$`), { status: 403 })
  expect(await look()).toMatchObject({
    is: 'fail',
    message: expect.stringMatching(new RegExp(`^${other.id}: CTS denies read access .*CTS ReadOnlyAccess`)) as string,
  })
})
