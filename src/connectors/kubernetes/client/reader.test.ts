import { afterEach, expect, test } from 'vitest'
import {
  bookmark,
  endMark,
  json,
  list,
  object,
  refusal,
  ScriptedApiServer,
  watch,
  type Scene,
} from '../../../../test/kit/scripted-api-server.ts'
import { realHost, type Host } from '../../../host/index.ts'
import { openClient } from '../../../net/kubernetes/client.ts'
import { Pace } from './pace.ts'
import { Reader } from './reader.ts'
import type { SeenObject } from './strip.ts'
import type { ReaderLimits, Target } from './types.ts'

/** Records all calls and waits for a condition. */
class RecordingTarget implements Target {
  cursor: string | undefined
  asOf?: string
  readonly lines: string[] = []
  #notify: () => void = () => undefined
  constructor(cursor?: string) {
    this.cursor = cursor
  }
  listing(): void {
    this.#say('listing')
  }
  present({ object: { kind, metadata } }: SeenObject): void {
    this.#say(`${kind} ${metadata?.name}@${metadata?.resourceVersion}`)
  }
  listed(version: string): void {
    this.#say(`listed ${version}`)
  }
  changed(type: string, { object: { metadata } }: SeenObject): void {
    this.#say(`${type} ${metadata?.name}@${metadata?.resourceVersion}`)
  }
  reached(version: string): void {
    this.#say(`reached ${version}`)
  }
  async until(line: string, times = 1): Promise<string[]> {
    while (this.lines.filter((each) => each === line).length < times)
      await new Promise<void>((resolve) => (this.#notify = resolve))
    return this.lines
  }
  #say(line: string): void {
    this.lines.push(line)
    this.#notify()
  }
}

const ends: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Running {
  readonly target: RecordingTarget
  readonly reader: Reader
  readonly server: ScriptedApiServer
  /** Requested delays, in ms. */
  readonly waits: number[]
  readonly forbidden: readonly string[]
  readonly relists: readonly string[]
  readonly missing: () => number
}

/** Runs a reader against scripted responses; delays are recorded and take no time. */
async function run(
  scenes: readonly Scene[],
  {
    cursor,
    asOf,
    streams = false,
    limits = {},
  }: { cursor?: string; asOf?: string; streams?: boolean; limits?: Partial<ReaderLimits> } = {},
): Promise<Running> {
  const server = await ScriptedApiServer.start(...scenes)
  const client = openClient({ url: server.url })
  const real = realHost()
  const waits: number[] = []
  const host: Host = {
    ...real,
    timers: {
      ...real.timers,
      sleep: (ms, signal) => {
        waits.push(ms)
        return real.timers.sleep(Math.min(ms, 1), signal)
      },
    },
  }
  const target = new RecordingTarget(cursor)
  if (asOf !== undefined) target.asOf = asOf
  let missing = 0
  const forbidden: string[] = []
  const relists: string[] = []
  const reader = new Reader({
    path: '/api/v1/configmaps',
    streams,
    ask: client.ask,
    target,
    host,
    limits,
    onMissing: () => {
      missing++
    },
    onForbidden: (reason) => forbidden.push(reason),
    onRelist: (reason) => relists.push(reason),
  })
  const stop = new AbortController()
  const ended = reader.run(stop.signal)
  ends.push(
    () => server.close(),
    () => client.close(),
    async () => {
      stop.abort()
      await ended
    },
  )
  return { target, reader, server, waits, forbidden, relists, missing: () => missing }
}

const [a, b, c] = [
  object({ name: 'a', version: 1 }),
  object({ name: 'b', version: 2 }),
  object({ name: 'c', version: 3 }),
]
const held = watch([], { hold: true })

test('lists page by page at the first page’s version, and watches from there', async () => {
  const { target, server, reader } = await run([
    json(list(10, [a, b], 'more')),
    json(list(99, [c])),
    watch(
      [
        { type: 'MODIFIED', object: object({ name: 'a', version: 11 }) },
        bookmark(15),
        { type: 'DELETED', object: object({ name: 'b', version: 16 }) },
      ],
      { hold: true },
    ),
  ])
  expect(await target.until('DELETED b@16')).toEqual([
    'listing',
    'ConfigMap a@1',
    'ConfigMap b@2',
    'ConfigMap c@3',
    'listed 10',
    'MODIFIED a@11',
    'reached 15',
    'DELETED b@16',
  ])
  expect(server.received.map(({ query }) => query.get('limit') ?? query.get('resourceVersion'))).toEqual([
    '500',
    '500',
    '10',
  ])
  expect(server.received[1]?.query.get('continue')).toBe('more')
  expect(server.received[0]?.query.has('resourceVersion')).toBe(false)
  expect(server.received[2]?.query.get('allowWatchBookmarks')).toBe('true')
  expect(reader.status()).toMatchObject({ state: 'watching', lists: 1, watches: 1, unreadable: 0 })
})

test('lists a given version page by page, or the current one if the server has compacted it', async () => {
  const { target, server } = await run([json(list(7, [a], 'more')), json(list(7, [b])), held], {
    asOf: '7',
    streams: true,
  })
  await target.until('listed 7')
  await expect.poll(() => server.received.length).toBe(3)
  expect(
    server.received.map(({ query }) =>
      ['resourceVersionMatch', 'resourceVersion', 'continue', 'watch'].map((name) => query.get(name)),
    ),
  ).toEqual([
    ['Exact', '7', null, null],
    [null, null, 'more', null],
    [null, '7', null, 'true'],
  ])
  const forgotten = await run(
    [json(refusal(410), 410), watch([{ type: 'ADDED', object: a }, endMark(10)], { hold: true })],
    { asOf: '7', streams: true },
  )
  expect(await forgotten.target.until('listed 10')).toEqual(['listing', 'listing', 'ConfigMap a@1', 'listed 10'])
  expect(forgotten.server.received[1]?.query.get('sendInitialEvents')).toBe('true')
})

test('resumes without a list; after a clean end from the last version, also from a bookmark', async () => {
  const { target, server } = await run([watch([{ type: 'ADDED', object: c }, bookmark(40)]), held], { cursor: '7' })
  await target.until('reached 40')
  await expect.poll(() => server.received.length).toBe(2)
  expect(server.received.map(({ query }) => query.get('resourceVersion'))).toEqual(['7', '40'])
})

test('an expired history, at the start or later, causes a list', async () => {
  const { target, server } = await run(
    [
      json(refusal(410, { reason: 'Expired' }), 410),
      json(list(20, [a])),
      watch([
        { type: 'ADDED', object: c },
        { type: 'ERROR', object: refusal(410) },
      ]),
      json(list(30, [a, c])),
      held,
    ],
    { cursor: '7' },
  )
  expect(await target.until('listed 30')).toEqual([
    'listing',
    'ConfigMap a@1',
    'listed 20',
    'ADDED c@3',
    'listing',
    'ConfigMap a@1',
    'ConfigMap c@3',
    'listed 30',
  ])
  await expect.poll(() => server.received.length).toBe(5)
})

test('an expired page restarts the list', async () => {
  const { target } = await run([
    json(list(10, [a], 'p')),
    json(refusal(410, { metadata: { continue: 'inconsistent' } }), 410),
    json(list(12, [a, b])),
    held,
  ])
  expect(await target.until('listed 12')).toEqual([
    'listing',
    'ConfigMap a@1',
    'listing',
    'ConfigMap a@1',
    'ConfigMap b@2',
    'listed 12',
  ])
})

test('a streaming list ends at its bookmark and continues as a watch', async () => {
  const { target, server, reader } = await run(
    [
      watch(
        [
          { type: 'ADDED', object: a },
          { type: 'ADDED', object: b },
          { type: 'DELETED', object: object({ name: 'b', version: 5 }) },
          bookmark(6),
          endMark(9),
          { type: 'ADDED', object: object({ name: 'c', version: 10 }) },
        ],
        { hold: true },
      ),
    ],
    { streams: true },
  )
  expect(await target.until('ADDED c@10')).toEqual([
    'listing',
    'ConfigMap a@1',
    'ConfigMap b@2',
    'DELETED b@5',
    'listed 9',
    'ADDED c@10',
  ])
  expect(Object.fromEntries(server.received[0]?.query ?? [])).toMatchObject({
    watch: 'true',
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  })
  expect(reader.status()).toMatchObject({ state: 'watching', lists: 1, watches: 1 })
})

test('paging replaces streaming lists that the server rejects, or ends without a bookmark', async () => {
  for (const first of [
    json(refusal(422), 422),
    watch([{ type: 'ADDED', object: a }]),
    watch([{ type: 'ADDED', object: a }], { hold: true }),
  ]) {
    const { target, server } = await run([first, json(list(10, [a])), held], {
      streams: true,
      limits: { endMarkMs: 500 },
    })
    const lines = await target.until('listed 10')
    expect(lines.slice(-3)).toEqual(['listing', 'ConfigMap a@1', 'listed 10'])
    expect(server.received[1]?.query.get('limit')).toBe('500')
  }
})

test('a refused request is reported and retried with backoff, at least after Retry-After', async () => {
  const { target, reader, waits } = await run([
    json(refusal(403), 403),
    json(refusal(500), 500),
    json(refusal(429), 429, { 'retry-after': '7' }),
    (response) => void response.socket?.destroy(),
    json(list(1, [])),
    held,
  ])
  await target.until('listed 1')
  expect(waits).toHaveLength(4)
  expect(waits[2]).toBeGreaterThan(7000)
  expect(target.lines).toEqual(['listing', 'listing', 'listing', 'listing', 'listing', 'listed 1'])
  expect(reader.status().reason).toBeUndefined()
})

test('a forbidden collection is reported once, and again only after a successful watch', async () => {
  const { target, forbidden } = await run([
    json(refusal(403), 403),
    json(refusal(500), 500),
    json(refusal(403), 403),
    json(list(1, [])),
    watch([bookmark(2)]),
    json(refusal(403), 403),
    json(refusal(403), 403),
    watch([bookmark(3)], { hold: true }),
  ])
  await target.until('reached 3')
  expect(forbidden).toEqual(['403: scripted 403', '403: scripted 403'])
})

test('forbidden, missing and unwatchable collections differ, and no object counts as deleted', async () => {
  for (const [code, state] of [
    [403, 'forbidden'],
    [404, 'missing'],
    [405, 'unwatchable'],
    [401, 'waiting'],
    [503, 'waiting'],
  ] as const) {
    const { reader, target, missing } = await run([json(refusal(code), code)], { cursor: '3' })
    await expect.poll(() => reader.status()).toMatchObject({ state, reason: `${code}: scripted ${code}` })
    expect(target.lines).toEqual([])
    if (code === 404) expect(missing()).toBeGreaterThan(0)
  }
})

test('a server with decreasing versions is listed again after some attempts', async () => {
  const behind = json(
    refusal(504, { details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] } }),
    504,
  )
  const { target, server, waits } = await run([behind, behind, behind, behind, json(list(2, [a])), held], {
    cursor: '900',
  })
  await target.until('listed 2')
  expect(server.received.filter(({ query }) => query.get('resourceVersion') === '900')).toHaveLength(4)
  expect(waits.every((ms) => ms >= 1000)).toBe(true)
})

test('errors of an open watch count as failures at a version with any code', async () => {
  for (const code of [502, 503, 504, 400]) {
    const scene = watch([{ type: 'ERROR', object: refusal(code) }])
    const { target, relists } = await run([scene, scene, json(list(28, [a])), held], { cursor: '26' })
    await target.until('listed 28')
    expect(relists).toEqual([`${code}: scripted ${code}`])
  }
})

test('a version that the server has not reached is recognised without a cause', async () => {
  const behind = json(refusal(504, { message: 'Too large resource version: 900, current: 5' }), 504)
  const { target } = await run([behind, behind, behind, behind, json(list(2, [a])), held], { cursor: '900' })
  expect(await target.until('listed 2')).toContain('listing')
})

test('a watch that fails twice at one version is listed again after a pause, with its reason', async () => {
  const broken = watch([{ type: 'ERROR', object: refusal(500, { message: 'cannot decode' }) }])
  const { target, server, waits, relists } = await run([broken, broken, json(list(28, [a, c])), held], { cursor: '26' })
  await target.until('listed 28')
  expect(server.received.map(({ query }) => query.get('resourceVersion'))).toEqual(['26', '26', null])
  expect(relists).toEqual(['500: cannot decode'])
  expect(waits[1]).toBeGreaterThanOrEqual(800)
})

test('invalid lines, early ends and errors count as failures at a version; overload does not', async () => {
  for (const scene of [watch(['{']), watch([]), json(refusal(500), 500)]) {
    const { target } = await run([scene, scene, json(list(28, [a])), held], { cursor: '26' })
    await target.until('listed 28')
  }
  const busy = json(refusal(503), 503)
  const { target } = await run([busy, busy, busy, watch([bookmark(27)], { hold: true })], { cursor: '26' })
  expect(await target.until('reached 27')).toEqual(['reached 27'])
})

test('an expired watch is listed after a pause that grows while it expires again', async () => {
  const expired = json(refusal(410), 410)
  const { target, waits } = await run(
    [expired, json(list(20, [])), expired, json(list(21, [])), expired, json(list(22, [])), held],
    { cursor: '7' },
  )
  await target.until('listed 22')
  expect(waits.map((ms, at) => ms >= 800 * 2 ** at && ms <= 1601 * 2 ** at)).toEqual([true, true, true])
})

test('a bookmark before the cursor is of a restored server, and the kind is listed', async () => {
  const { target, relists } = await run([watch([bookmark(400)], { hold: true }), json(list(410, [a])), held], {
    cursor: '900',
  })
  expect(await target.until('listed 410')).toEqual(['listing', 'ConfigMap a@1', 'listed 410'])
  expect(relists).toEqual([expect.stringContaining('it was restored')])
})

test('a list with a repeated page ends, and is tried again after a pause', async () => {
  const { target, waits } = await run([
    json(list(10, [a], 'p')),
    json(list(10, [b], 'p')),
    json(list(12, [a, b])),
    held,
  ])
  await target.until('listed 12')
  expect(waits).toHaveLength(1)
})

test('an invalid line ends the connection, and the watch resumes before it', async () => {
  const { target, server, reader } = await run(
    [
      watch([{ type: 'ADDED', object: c }, '{"type":"ADDED","obj']),
      watch([{ type: 'ADDED', object: object({ name: 'd', version: 4 }) }], { hold: true }),
    ],
    { cursor: '1' },
  )
  await target.until('ADDED d@4')
  expect(server.received.map(({ query }) => query.get('resourceVersion'))).toEqual(['1', '3'])
  expect(reader.status().unreadable).toBe(1)
})

test('bytes may be split anywhere, and a line may have two megabytes', async () => {
  const big = object({ name: 'big', version: 8, more: { data: { text: `€${'x'.repeat(2 * 1024 * 1024)}😀` } } })
  const { target } = await run(
    [
      watch([{ type: 'ADDED', object: object({ name: 'ü€😀', version: 5 }) }], { cut: 1 }),
      watch([{ type: 'ADDED', object: big }], { cut: 9973, hold: true }),
    ],
    { cursor: '1' },
  )
  expect(await target.until('ADDED big@8')).toEqual(['ADDED ü€😀@5', 'ADDED big@8'])
})

test('a watch that is silent beyond its timeout is closed and reopened', async () => {
  const real = realHost()
  const random = { ...real.random, next: () => -1 }
  const server = await ScriptedApiServer.start(held)
  const client = openClient({ url: server.url })
  const target = new RecordingTarget('5')
  // A watch with a timeout of zero seconds.
  const reader = new Reader({
    path: '/api/v1/configmaps',
    streams: false,
    ask: client.ask,
    target,
    host: { ...real, random },
    limits: { silentMs: 30 },
  })
  const stop = new AbortController()
  const ended = reader.run(stop.signal)
  ends.push(
    () => server.close(),
    () => client.close(),
    async () => {
      stop.abort()
      await ended
    },
  )
  await expect.poll(() => server.received.length).toBeGreaterThan(2)
  expect(server.received.every(({ query }) => query.get('resourceVersion') === '5')).toBe(true)
})

test('an error of the target ends the reader, so that nothing is skipped', async () => {
  const server = await ScriptedApiServer.start(watch([{ type: 'ADDED', object: c }], { hold: true }))
  const client = openClient({ url: server.url })
  ends.push(
    () => server.close(),
    () => client.close(),
  )
  const target = new RecordingTarget('1')
  target.changed = () => {
    throw new Error('the journal is closed')
  }
  const reader = new Reader({
    path: '/api/v1/configmaps',
    streams: false,
    ask: client.ask,
    target,
    host: realHost(),
  })
  await expect(reader.run(new AbortController().signal)).rejects.toThrow('the journal is closed')
})

test('a watch is held between reads under medium load only, and never during a list', async () => {
  const real = realHost()
  const target = new RecordingTarget()
  const rests: unknown[] = []
  let now = 0
  const host: Host = {
    ...real,
    timers: {
      ...real.timers,
      sleep: async (ms) => {
        rests.push(ms)
        now += ms
      },
    },
  }
  const end = {
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } },
  }
  const changed = (name: string, size: number) => ({
    type: 'MODIFIED',
    object: object({ name, version: 7, more: { data: { text: 'x'.repeat(size) } } }),
  })
  const lines = [
    { type: 'ADDED', object: a },
    end,
    ...Array.from({ length: 5 }, (_, at) => changed(`little-${at}`, 10)),
    changed('much', 70_000),
    changed('last', 10),
  ]
  const reader = new Reader({
    path: '/api/v1/configmaps',
    streams: true,
    target,
    host,
    pace: new Pace({ now: () => 0, monotonic: () => now }),
    ask: async (_path, _query, signal) => ({
      status: 200,
      headers: {},
      close: () => undefined,
      hold: (on) => void rests.push(on),
      body: (async function* () {
        for (const line of lines) yield Buffer.from(`${JSON.stringify(line)}\n`)
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      })(),
    }),
  })
  const stop = new AbortController()
  const ended = reader.run(stop.signal)
  await target.until('MODIFIED last@7')
  stop.abort()
  await ended
  // The list end and three changes are read at once, buffered data with the fourth; the fifth is held.
  expect(rests).toEqual([10, true, 790, false])
})

test('a change of a quiet watch is emitted at once, also right after others', async () => {
  const real = realHost()
  const target = new RecordingTarget('5')
  const slept: number[] = []
  // Time stands still: a hold would never end.
  const host: Host = {
    ...real,
    clock: { now: () => 0, monotonic: () => 5000 },
    timers: {
      ...real.timers,
      sleep: async (ms, signal) => {
        slept.push(ms)
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      },
    },
  }
  const server = await ScriptedApiServer.start(async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    for (const name of ['one', 'two', 'three']) {
      response.write(`${JSON.stringify({ type: 'MODIFIED', object: object({ name, version: 7 }) })}\n`)
      while (!target.lines.includes(`MODIFIED ${name}@7`) && slept.length === 0) await real.timers.sleep(2)
    }
  })
  const client = openClient({ url: server.url })
  ends.push(
    () => server.close(),
    () => client.close(),
  )
  const stop = new AbortController()
  const ended = new Reader({
    path: '/api/v1/configmaps',
    streams: true,
    target,
    host,
    pace: new Pace(host.clock),
    ask: client.ask,
  }).run(stop.signal)
  while (!target.lines.includes('MODIFIED three@7') && slept.length === 0) await real.timers.sleep(2)
  stop.abort()
  await ended
  expect([slept, target.lines]).toEqual([[], ['MODIFIED one@7', 'MODIFIED two@7', 'MODIFIED three@7']])
})

test('data buffered during a hold is read before the next hold', async () => {
  const real = realHost()
  const target = new RecordingTarget('5')
  const [busy, pieces] = [5, 6]
  /** Emitted changes at the time of each hold. */
  const holds: number[] = []
  let begun: () => void = () => undefined
  const first = new Promise<void>((resolve) => (begun = resolve))
  const changed = (name: string): string =>
    `${JSON.stringify({ type: 'MODIFIED', object: object({ name, version: 7 }) })}\n`
  const server = await ScriptedApiServer.start(async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(Array.from({ length: busy }, (_, at) => changed(`busy-${at}`)).join(''))
    while (!target.lines.includes(`MODIFIED busy-${busy - 1}@7`)) await real.timers.sleep(2)
    await real.timers.sleep(30)
    response.write(changed('before'))
    await first
    for (let piece = 0; piece < pieces; piece++) {
      await new Promise((resolve) => response.write(changed(`held-${piece}`), resolve))
      await real.timers.sleep(5)
    }
  })
  const client = openClient({ url: server.url })
  const reader = new Reader({
    path: '/api/v1/configmaps',
    streams: true,
    target,
    host: real,
    pace: new Pace(real.clock),
    ask: async (...parameters) => {
      const answer = await client.ask(...parameters)
      return {
        ...answer,
        hold: (on) => {
          if (on) holds.push(target.lines.length)
          answer.hold?.(on)
          if (on) begun()
        },
      }
    },
  })
  const stop = new AbortController()
  const ended = reader.run(stop.signal)
  ends.push(
    () => server.close(),
    () => client.close(),
  )
  await target.until(`MODIFIED held-${pieces - 1}@7`)
  const [begin, ...others] = holds
  expect(begin).toBe(busy + 1)
  expect(others.filter((lines) => lines < busy + 1 + pieces)).toEqual([])
  stop.abort()
  await ended
})
