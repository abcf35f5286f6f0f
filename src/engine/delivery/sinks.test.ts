import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { realHost } from '../../host/index.ts'
import { encodeBatch, openJournal } from '../../journal/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { awaitedSink, sinkMethods } from '../sources/awaited.ts'
import { DeadLetterFile } from './dead-letter-file.ts'
import { defaultDelivery } from './settings.ts'
import { Follower } from '../follower.ts'
import { SinkSet, type SinkEntry } from './sinks.ts'

/** Facts are waited for, however slow the machine is. */
const patience = { timeout: 30_000, interval: 10 }

test('a source that awaits a replaced sink keeps waiting, and learns of rejected rows and removal', async () => {
  const host = realHost()
  const data = await mkdtemp(join(tmpdir(), 'weir-sinks-'))
  const journal = await openJournal({ host, directory: `${data}/journal`, epoch: 1 })
  const follower = new Follower({
    host,
    directory: `${data}/journal`,
    tail: journal.tail,
    after: { sequence: 0, row: 0 },
    accepted: new Map(),
  })
  let answer: 'retry' | 'reject' | undefined = 'retry'
  const { log, metrics } = testContext()
  const sinks = new SinkSet({
    host,
    log,
    metrics,
    directory: `${data}/journal`,
    deadLetters: (sink) => new DeadLetterFile(host, `${data}/dead-letters`, sink),
    tail: journal.tail,
    follower,
    accepted: () => follower.accepted(),
    load: () =>
      Promise.resolve({
        type: 'test',
        accepts: ['events'],
        idempotency: 'none',
        build: () =>
          Promise.resolve({
            send: ({ count }) =>
              Promise.resolve(
                answer === undefined
                  ? []
                  : Array.from(
                      { length: count },
                      (_, index) => ({ index, is: answer ?? 'retry', reason: 'no' }) as const,
                    ),
              ),
            close: () => Promise.resolve(),
          }),
      }),
  })
  onTestFinished(async () => {
    await sinks.stop()
    await follower.close()
    await journal.close()
    await rm(data, { recursive: true, force: true })
  })
  const entry = (written: string): SinkEntry => ({
    id: 'out',
    type: 'test',
    settings: {},
    written,
    delivery: { ...defaultDelivery, retry: { firstMs: 1, maxMs: 5 } },
  })
  const push = (): ReturnType<typeof journal.append> =>
    journal.append({
      source: 'in',
      stream: 'in',
      kind: 'events',
      count: 2,
      raw: encodeBatch(toEventBatch(numberedEvents(2, 'e'))),
      received: host.clock.now(),
      timeMin: Number.NaN,
      timeMax: Number.NaN,
    })
  const methods = sinkMethods(sinks, {
    makeRoom: () => Promise.resolve(0),
    relieve: () => Promise.resolve(false),
    refusing: () => {},
  })
  const awaited = awaitedSink(
    {
      call: (method, argument) =>
        Promise.resolve((methods[method] as (argument: unknown) => unknown)(argument)) as never,
    },
    'out',
    host.timers,
  )
  const never = new AbortController().signal
  expect(await awaited.ready(AbortSignal.abort(), () => undefined)).toBe(false)
  await sinks.apply([entry('1')])
  expect(await awaited.ready(never, () => undefined)).toBe(true)
  const first = await push()
  const [reported, settled] = [sinks.outcome('out', first.position.sequence), awaited.settled(first, never)]
  expect(await awaited.settled(first, AbortSignal.abort())).toBe('stopped')
  await expect.poll(() => sinks.get('out')?.error, patience).toContain('no')
  await sinks.apply([entry('2')])
  answer = undefined
  expect(await Promise.all([reported, settled])).toEqual([{ is: 'delivered' }, 'settled'])
  answer = 'reject'
  const {
    position: { sequence },
  } = await push()
  await expect.poll(() => sinks.get('out')?.deadLetters.all().length, patience).toBe(2)
  expect(await sinks.outcome('out', sequence)).toEqual({ is: 'dead-lettered', rows: 2, reason: 'no' })
  answer = 'retry'
  const last = awaited.settled(await push(), never)
  await expect.poll(() => sinks.get('out')?.error, patience).toContain('no')
  await sinks.apply([])
  expect(await last).toBe('gone')
})
