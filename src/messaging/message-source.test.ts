import { expect, onTestFinished, test } from 'vitest'
import { AwaitedTestSink } from '../../test/conformance/awaited-sink.ts'
import { testContext } from '../../test/conformance/batches.ts'
import { TestJournal } from '../../test/conformance/test-journal.ts'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
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
