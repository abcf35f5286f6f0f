import { expect, onTestFinished, test } from 'vitest'
import { AwaitedTestSink } from '../../test/conformance/awaited-sink.ts'
import { testContext } from '../../test/conformance/batches.ts'
import { TestJournal } from '../../test/conformance/test-journal.ts'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { decodeBatch } from '../journal/index.ts'
import { eventAt } from '../model/events.ts'
import { configFrom, defineSchema, messageSourceFields, type WrittenConfigOf } from '../schema/index.ts'
import { messageSource, type Pulled } from './message-source.ts'

const schema = defineSchema({ type: 'tested', role: 'source', summary: 'A bus in memory', fields: messageSourceFields })

function run(host: FakeHost, sink: AwaitedTestSink, written: WrittenConfigOf<typeof schema> = {}, answers = true) {
  const queue: number[] = []
  const open = new Set<number>()
  const [acknowledged, kept]: [number[], Set<number>] = [[], new Set()]
  const journal = new TestJournal()
  const context = { ...journal.context(1), ...testContext(host), awaited: () => sink }
  const source = messageSource<number>(configFrom(schema, { codec: 'raw', ack: 'sink:out', ...written }), context, {
    address: 'bus',
    async pull(signal) {
      while (queue.length === 0 && !signal.aborted) await host.timers.sleep(1, signal)
      return queue.splice(0, 2).map((handle): Pulled<number> => {
        open.add(handle)
        return {
          handle,
          message: {
            attributes: {},
            contentType: undefined,
            key: undefined,
            body: Buffer.alloc(30_000, 1),
            place: `bus/${handle}`,
            time: 1,
          },
        }
      })
    },
    ack: (handles) => {
      for (const one of handles) if (open.delete(one)) acknowledged.push(one)
      return answers ? Promise.resolve() : new Promise(() => undefined)
    },
    release: (handles) => {
      for (const one of handles) if (open.delete(one)) queue.push(one)
      return Promise.resolve()
    },
    keep: (handles) => {
      for (const one of handles) kept.add(one)
      return Promise.resolve()
    },
    close: () => {
      queue.push(...open)
      open.clear()
      return Promise.resolve()
    },
  })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  onTestFinished(async () => {
    abort.abort()
    while (await Promise.race([done.then(() => false), host.advance(500).then(() => true)]));
  })
  return {
    queue,
    open,
    acknowledged,
    kept,
    journal,
    source,
    lines: context.lines,
    done,
    stop: () => {
      abort.abort()
    },
  }
}

function eventsOf({ units }: TestJournal) {
  return units.flatMap(({ kind, raw }) => {
    const batch = decodeBatch(kind as 'events', raw)
    return batch.kind === 'events' ? Array.from({ length: batch.count }, (_, row) => eventAt(batch, row)) : []
  })
}

async function until(host: FakeHost, fact: () => boolean): Promise<void> {
  while (!fact()) await host.advance(1)
}

test('with `ack: sink:out` messages are acknowledged after the sink, and released at a stop', async () => {
  const host = fakeHost(1)
  const sink = new AwaitedTestSink(0)
  const { queue, open, acknowledged, kept, journal, done, stop } = run(host, sink, { buffer: '128KiB' })
  queue.push(...Array.from({ length: 20 }, (_, at) => at))
  await until(host, () => journal.units.length === 3)
  await host.advance(11_000)
  expect([journal.units.length, acknowledged, [...open], [...kept]]).toEqual([
    3,
    [],
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 4, 5],
  ])
  sink.move(2)
  await until(host, () => journal.units.length === 5)
  expect([acknowledged, [...open]]).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7, 8, 9],
  ])
  stop()
  await host.advance(1000)
  sink.move(3)
  await host.advance(1001)
  await done
  expect([acknowledged.slice(4), queue.toSorted((a, b) => a - b)]).toEqual([
    [4, 5],
    Array.from({ length: 14 }, (_, at) => at + 6),
  ])
})

test('messages for a removed sink are released with a log line and read again once the sink exists', async () => {
  const host = fakeHost(1)
  const sink = new AwaitedTestSink(undefined)
  const { queue, open, acknowledged, journal, source, lines } = run(host, sink)
  queue.push(1, 2, 3)
  await host.advance(5000)
  expect([queue, source.status().problem]).toEqual([[1, 2, 3], 'sink out does not run'])
  sink.move(0)
  await until(host, () => journal.units.length === 2)
  expect([...open]).toEqual([1, 2, 3])
  sink.move(undefined)
  await until(host, () => queue.length === 3)
  expect(lines.filter((line) => line.includes('acknowledging sink was removed'))).toEqual([
    expect.stringContaining('sink:out'),
  ])
  expect([open.size, acknowledged]).toEqual([0, []])
  sink.move(1000)
  await until(host, () => acknowledged.length === 3)
})

test('a bus that never answers an acknowledgement is not waited for at a stop', async () => {
  const host = fakeHost(1)
  const { queue, journal, lines, done, stop } = run(host, new AwaitedTestSink(0), { ack: 'journal' }, false)
  queue.push(1)
  await until(host, () => journal.units.length === 1)
  stop()
  await host.advance(4001)
  await done
  expect(lines).toContainEqual(expect.stringContaining('were not acknowledged before the stop'))
})

test('`parse` stores points instead of messages, and an unreadable message with its bytes and the reason', async () => {
  const host = fakeHost(1)
  const bodies = ['{"s":"A","p":1.5}', '{"s":"B"', '[{"s":"C","p":2},{"s":"D","p":3}]']
  const parse = { to: 'point', name: 'tick', labels: ['s'], fields: ['p'] } as const
  const journal = new TestJournal()
  const acknowledged: number[] = []
  const context = { ...journal.context(1), ...testContext(host) }
  const source = messageSource<number>(configFrom(schema, { codec: 'json', parse }), context, {
    address: 'bus',
    async pull(signal) {
      while (bodies.length === 0 && !signal.aborted) await host.timers.sleep(1, signal)
      return bodies.splice(0).map((body, handle) => ({
        handle,
        message: {
          attributes: {},
          contentType: undefined,
          key: undefined,
          body: Buffer.from(body),
          place: `bus/${handle}`,
          time: 1000,
        },
      }))
    },
    ack: (handles) => Promise.resolve(void acknowledged.push(...handles)),
    release: () => Promise.resolve(),
    close: () => Promise.resolve(),
  })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  await until(host, () => acknowledged.length === 3)
  abort.abort()
  while (await Promise.race([done.then(() => false), host.advance(500).then(() => true)]));
  expect(
    eventsOf(journal).map(({ id, family, type, data }) => ({
      id,
      family,
      type,
      data: String(Buffer.from(data ?? [])),
    })),
  ).toEqual([
    { id: 'bus/0', family: 'point', type: 'weir.point', data: '{"name":"tick","labels":{"s":"A"},"fields":{"p":1.5}}' },
    { id: 'rejected:bus/1', family: 'event', type: 'weir.message.rejected', data: '{"s":"B"' },
    { id: 'bus/2#0', family: 'point', type: 'weir.point', data: '{"name":"tick","labels":{"s":"C"},"fields":{"p":2}}' },
    { id: 'bus/2#1', family: 'point', type: 'weir.point', data: '{"name":"tick","labels":{"s":"D"},"fields":{"p":3}}' },
  ])
})
