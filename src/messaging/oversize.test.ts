import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { eventBatch, testContext } from '../../test/conformance/batches.ts'
import { TestJournal } from '../../test/conformance/test-journal.ts'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { joinParts, partOf, splitMessage } from '../codecs/bus-message/oversize.ts'
import { rejectedType, type InMessage } from '../codecs/bus-message/read.ts'
import type { Attempt } from '../engine/delivery/in-order.ts'
import type { Context, Sink } from '../engine/contracts.ts'
import { decodeBatch } from '../journal/bodies.ts'
import type { EventBatch } from '../model/batches.ts'
import { eventAt, type WeirEvent } from '../model/events.ts'
import {
  configFrom,
  defineSchema,
  messageComplaint,
  messageFields,
  messageSourceFields,
  type WrittenConfigOf,
} from '../schema/index.ts'
import { MetricStore } from '../telemetry/metrics.ts'
import type { Host } from '../host/index.ts'
import { eachMessageSink, manyMessagesSink, type OutMessage } from './message-sink.ts'
import { messageSource, type Puller } from './message-source.ts'

const sinkSchema = defineSchema({
  type: 'tested',
  role: 'sink',
  summary: 'A bus in memory',
  fields: messageFields('binary'),
  check: (fields) => messageComplaint(fields),
})
const sourceSchema = defineSchema({
  type: 'tested',
  role: 'source',
  summary: 'A bus in memory',
  fields: messageSourceFields,
})
const never = new AbortController().signal
const most = 5000

class Bus {
  readonly messages: InMessage[] = []
  readonly acknowledged = new Set<number>()
  /** Fails the publishing of which number, counted from 0. */
  fails: (published: number) => boolean = () => false
  knows = false
  readonly #ids = new Set<string>()
  #published = 0

  publish({ attributes, contentType, body, id, key }: OutMessage): Attempt {
    if (this.fails(this.#published++)) return { is: 'retry', reason: 'away' }
    if (body.length > most) return { is: 'reject', reason: 'larger than the bus takes', tooLarge: true }
    if (this.knows && this.#ids.has(id)) return undefined
    this.#ids.add(id)
    this.messages.push({
      attributes,
      contentType,
      body,
      key,
      place: `bus/${this.messages.length}`,
      time: 1_700_000_000_000,
    })
    return undefined
  }

  sink(kind: 'each' | 'many', written: WrittenConfigOf<typeof sinkSchema>, context: Context): Promise<Sink> {
    const config = configFrom(sinkSchema, written)
    const common = {
      ready: () => Promise.resolve(undefined),
      write: (message: OutMessage) => message,
      show: ({ body }: OutMessage) => ({ body }),
      probe: () => Promise.resolve({ is: 'ok', message: '' } as const),
      close: () => Promise.resolve(),
    }
    if (kind === 'each')
      return eachMessageSink(config, context, {
        ...common,
        publish: (message) => Promise.resolve(this.publish(message)),
      })
    return manyMessagesSink(config, context, {
      ...common,
      publishAll: (messages) => {
        const failed = new Set<string>()
        return Promise.resolve(
          messages.map((message): Attempt => {
            const { key } = message
            if (key !== undefined && failed.has(key)) return { is: 'retry', reason: 'behind' }
            const outcome = this.publish(message)
            if (outcome !== undefined && key !== undefined) failed.add(key)
            return outcome
          }),
        )
      },
    })
  }

  puller(batch: number): Puller<number> {
    let at = 0
    return {
      address: 'bus',
      pull: async (signal) => {
        if (at >= this.messages.length)
          await new Promise<void>((resolve) => {
            signal.addEventListener(
              'abort',
              () => {
                resolve()
              },
              { once: true },
            )
          })
        const from = at
        at = Math.min(at + batch, this.messages.length)
        return this.messages.slice(from, at).map((message, index) => ({ message, handle: from + index }))
      },
      ack: (handles) => {
        for (const one of handles) this.acknowledged.add(one)
        return Promise.resolve()
      },
      release: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }
  }
}

interface Reading {
  readonly events: () => WeirEvent[]
  readonly metrics: MetricStore
  readonly lines: readonly string[]
  readonly stop: () => Promise<void>
}

function read(bus: Bus, host: Host, written: WrittenConfigOf<typeof sourceSchema> = {}, batch = 3): Reading {
  const journal = new TestJournal()
  const metrics = new MetricStore({ strict: true })
  const context = { ...journal.context(1), ...testContext(host), metrics }
  const source = messageSource(configFrom(sourceSchema, written), context, bus.puller(batch))
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const events = (): WeirEvent[] =>
    journal.units.flatMap(({ raw }) => {
      const found = decodeBatch('events', raw) as EventBatch
      return Array.from({ length: found.count }, (_, row) => eventAt(found, row))
    })
  const stop = async (): Promise<void> => {
    abort.abort()
    await done
  }
  onTestFinished(stop)
  return { events, metrics, lines: context.lines, stop }
}

async function until(host: FakeHost, fact: () => boolean, stepMs = 0): Promise<void> {
  while (!fact()) await host.advance(stepMs)
}

/** Events of two keys and of none; every third is larger than the bus takes. */
const events = Array.from({ length: 12 }, (_, index): WeirEvent => ({
  id: `e${index}`,
  source: '/test',
  type: 'io.test',
  datacontenttype: 'application/json; a="b"',
  encoding: 'json',
  ...(index % 4 === 3 ? {} : { key: `k${index % 2}` }),
  data: Buffer.from(
    JSON.stringify({ index, text: String.fromCharCode(97 + index).repeat(index % 3 === 0 ? 12_000 + index : 10) }),
  ),
}))

const dataOf = (some: readonly WeirEvent[]): string[] =>
  some.map(({ id, data }) => `${id} ${Buffer.from(data ?? []).toString()}`)
const ofKey = (some: readonly WeirEvent[], key: string): string[] =>
  some.filter((one) => one.key === key).map(({ id }) => id)

/** Sends what failed again, as the engine does, until nothing is left. */
async function sendAll(sink: Sink, all: readonly WeirEvent[], host: FakeHost): Promise<void> {
  for (let [rest, tries] = [all, 0]; rest.length > 0; tries++) {
    expect(tries).toBeLessThan(10)
    const sent = sink.send(eventBatch(rest, `t${tries}`), never)
    await host.settle()
    const failures = await sent
    expect(failures.filter(({ is }) => is === 'reject')).toEqual([])
    rest = failures.map(({ index }) => rest[index] as WeirEvent)
  }
}

test.each(['each', 'many'] as const)(
  'split: oversized messages arrive whole and in key order, also after a failed part and a redelivery (%s)',
  async (kind) => {
    for (const knows of [true, false]) {
      const host = fakeHost(1)
      const bus = Object.assign(new Bus(), { knows, fails: (published: number) => published % 11 === 5 })
      const metrics = new MetricStore({ strict: true })
      const sink = await bus.sink(
        kind,
        { oversize: 'split', part_size: '4000B', concurrency: 1 },
        { ...testContext(host), metrics },
      )
      await sendAll(sink, events, host)
      expect(metrics.value('weir_sink_oversize_rows_total', { sink: 'tested', way: 'split' })).toBe(4)
      const { events: stored } = read(bus, host)
      await until(host, () => new Set(stored().map(({ id }) => id)).size >= events.length)
      await host.settle()
      const once = [...new Map(stored().map((event) => [event.id, event])).values()]
      expect(dataOf(once).toSorted()).toEqual(dataOf(events).toSorted())
      expect(
        once.every(({ datacontenttype, type }) => datacontenttype === 'application/json; a="b"' && type === 'io.test'),
      ).toBe(true)
      for (const key of ['k0', 'k1']) expect(ofKey(once, key)).toEqual(ofKey(events, key))
      expect(bus.messages.length - bus.acknowledged.size).toBeLessThan(knows ? 1 : 8)
    }
  },
)

test('parts are joined in any order and despite duplicates', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 90 }),
      fc.string(),
      fc.infiniteStream(fc.nat()),
      (body, size, contentType, numbers) => {
        const parts = splitMessage({ attributes: {}, facts: {}, contentType, body, id: 'a:1', key: undefined }, size)
        const mixed = [...parts, ...parts].toSorted(() => ((numbers.next().value ?? 0) % 3) - 1)
        const found = new Map(
          mixed.map((part) => {
            const message = { ...part, place: '', time: undefined }
            return [partOf(message)?.number ?? 0, message]
          }),
        )
        const inOrder = [...found].toSorted(([a], [b]) => a - b).map(([, message]) => message)
        const part = partOf(inOrder[0] as InMessage)
        if (part === undefined) throw new Error('no part')
        expect(joinParts(inOrder, part)).toMatchObject({ contentType, body: Buffer.from(body) })
        expect(new Set(parts.map(({ id, key }) => `${id} ${key}`)).size).toBe(parts.length)
      },
    ),
    { numRuns: 50 },
  )
})

test('incomplete parts are stored with their bytes and the reason, counted and acknowledged', async () => {
  const host = fakeHost(2)
  const bus = new Bus()
  const sink = await bus.sink('each', { oversize: 'split', part_size: '4000B', concurrency: 1 }, testContext(host))
  await sendAll(sink, events.slice(0, 2), host)
  const [first, , , , last] = bus.messages.splice(0, 5)
  const strange = { attributes: {}, body: Buffer.from('?'), place: 'bus/9', time: undefined, key: undefined }
  bus.messages.push(
    first as InMessage,
    last as InMessage,
    { ...strange, contentType: 'application/vnd.weir.part; number=3; total=2' },
    { ...strange, place: 'bus/8', contentType: 'application/vnd.weir.claim+json' },
  )
  const { events: stored, metrics } = read(bus, host, { join_wait: '1m' })
  await until(host, () => stored().length >= 3)
  await host.advance(59_000)
  expect(stored().map(({ id }) => id)).toEqual(['e1', 'rejected:bus/9', 'rejected:bus/8'])
  await until(host, () => bus.acknowledged.size >= 4, 10_000)
  const kept = stored().at(-1)
  expect(kept).toMatchObject({ type: rejectedType, subject: 'bus/0' })
  expect(Buffer.from(kept?.data ?? [])).toEqual(Buffer.from(first?.body ?? []))
  expect(kept?.extensions?.['reason']).toBe(
    'part 1 of 4 of a message: 1 of its 4 parts arrived, and the others did not arrive within 60000 ms',
  )
  expect(metrics.value('weir_bus_messages_total', { source: 'tested', outcome: 'rejected' })).toBe(3)
  expect(bus.acknowledged.size).toBe(4)
})

test('waiting parts are limited in bytes: the oldest are stored as they are', async () => {
  const host = fakeHost(3)
  const bus = new Bus()
  const large = Array.from({ length: 3 }, (_, index): WeirEvent => ({
    id: `l${index}`,
    source: '/test',
    type: 'io.test',
    encoding: 'binary',
    data: Buffer.alloc(400_000, index),
  }))
  const sink = await bus.sink('each', { oversize: 'split', part_size: '5000B', concurrency: 1 }, testContext(host))
  await sendAll(sink, large, host)
  // One of each is missing.
  bus.messages.splice(
    0,
    bus.messages.length,
    ...bus.messages.filter(({ contentType }) => contentType?.includes('number=7;') !== true),
  )
  const { events: stored } = read(bus, host, { join_bytes: '1MiB' })
  await until(host, () => stored().length >= 79)
  expect(stored()).toHaveLength(79)
  expect(
    stored().every(
      ({ type, data, extensions }) =>
        type === rejectedType &&
        data?.length === 5000 &&
        data[0] === 0 &&
        String(extensions?.['reason']).includes('`join_bytes`'),
    ),
  ).toBe(true)
})

test('claim-check: the body is in a folder under its hash and read only there; a missing one is reported', async () => {
  const host = fakeHost(4)
  const bus = new Bus()
  const sink = await bus.sink(
    'many',
    { oversize: 'claim-check', claims: { store: '/claims/', keep: '1h' } },
    testContext(host),
  )
  await sendAll(sink, events, host)
  const bodies = await host.disk.list('/claims')
  expect(bodies).toHaveLength(4)
  const claim = bus.messages.find(({ contentType }) => contentType === 'application/vnd.weir.claim+json')
  expect(JSON.parse(Buffer.from(claim?.body ?? []).toString())).toEqual({
    url: `/claims/${bodies.find((name) =>
      Buffer.from(claim?.body ?? [])
        .toString()
        .includes(name),
    )}`,
    size: 12_021,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    contenttype: 'application/json; a="b"',
  })
  const { events: stored } = read(bus, host, { claims: { store: '/claims' } })
  await until(host, () => stored().length >= events.length)
  expect(dataOf(stored()).toSorted()).toEqual(dataOf(events).toSorted())
  for (const key of ['k0', 'k1']) expect(ofKey(stored(), key)).toEqual(ofKey(events, key))
  await host.advance(3_700_000)
  await sendAll(
    sink,
    [{ ...(events[0] as WeirEvent), id: 'later', data: Buffer.from(JSON.stringify('x'.repeat(9000))) }],
    host,
  )
  expect(await host.disk.list('/claims')).toHaveLength(1)
  const late = read(bus, host, { claims: { store: '/claims' } }, 100)
  await until(host, () => late.events().filter(({ type }) => type === rejectedType).length >= 4, 1000)
  expect(
    late
      .events()
      .map(({ type }) => type)
      .filter((type) => type === rejectedType),
  ).toHaveLength(4)
  expect(late.events().find(({ type }) => type === rejectedType)?.extensions?.['reason']).toContain(
    'check `claims` and its retention',
  )
  const without = read(bus, host)
  await until(host, () => without.events().some(({ type }) => type === rejectedType))
  expect(without.events().find(({ type }) => type === rejectedType)?.extensions?.['reason']).toContain(
    'set `claims` to that store',
  )
})

test('claim-check: an HTTP store that is unreachable or has another body is retried', async () => {
  const kept = new Map<string, Buffer>()
  const requests: string[] = []
  let broken: number | undefined = 503
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.headers.authorization ?? ''}`)
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        if (broken !== undefined) {
          response.writeHead(broken).end('not now')
          return
        }
        if (request.method === 'PUT') kept.set(request.url ?? '', Buffer.concat(chunks))
        response
          .writeHead(kept.has(request.url ?? '') ? 200 : 404)
          .end(request.method === 'PUT' ? '' : kept.get(request.url ?? ''))
      })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  vi.stubEnv('WEIR_TEST_CLAIMS', 'secret')
  const claims = {
    store: `http://127.0.0.1:${(server.address() as AddressInfo).port}/below`,
    auth: { type: 'bearer', token: 'env:WEIR_TEST_CLAIMS' },
  } as const
  const bus = new Bus()
  const context = testContext()
  const sink = await bus.sink('each', { oversize: 'claim-check', claims }, context)
  onTestFinished(() => sink.close())
  expect(await sink.send(eventBatch(events.slice(0, 1), 'a'), never)).toMatchObject([
    { index: 0, is: 'retry', reason: expect.stringContaining('HTTP 503 not now') as unknown },
  ])
  broken = undefined
  expect(await sink.send(eventBatch(events.slice(0, 1), 'a'), never)).toEqual([])
  expect([...kept.keys()]).toEqual([expect.stringMatching(/^\/below\/[0-9a-f]{64}$/)])
  expect(new Set(requests)).toEqual(new Set(['PUT Bearer secret']))
  broken = 503
  const host = {
    ...context.host,
    timers: {
      ...context.host.timers,
      sleep: async (ms: number, signal?: AbortSignal) => {
        broken = undefined
        await context.host.timers.sleep(ms / 100, signal)
      },
    },
  }
  const reading = read(bus, host, { claims })
  await expect.poll(() => dataOf(reading.events())).toEqual(dataOf(events.slice(0, 1)))
  expect(reading.lines.join()).toContain('HTTP 503')
  for (const name of kept.keys()) kept.set(name, Buffer.from('another'))
  const again = read(bus, host, { claims })
  await expect
    .poll(() => again.events().map(({ extensions }) => String(extensions?.['reason']))[0])
    .toContain('differs from the original (7 bytes of 12021')
})

test.each([
  [{ oversize: 'claim-check' } as const, '`oversize: claim-check` needs a store'],
  [{ claims: { store: '/x' } }, 'does not use it'],
  [{ oversize: 'claim-check', claims: { store: 'ftp://x' } } as const, 'an absolute folder path'],
])('the settings %j are refused: %s', (written, message) => {
  expect(() => configFrom(sinkSchema, written)).toThrow(message)
})
