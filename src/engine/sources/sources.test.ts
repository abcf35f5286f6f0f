import { describe, expect, it } from 'vitest'
import { AwaitedTestSink } from '../../../test/conformance/awaited-sink.ts'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { openJournal } from '../../journal/index.ts'
import type { Log, Metrics, Source, SourceContext, SourceDefinition } from '../contracts.ts'
import { SourceSet, type SourceEntry } from './sources.ts'

const errors: string[] = []
const log: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (message) => {
    errors.push(message)
  },
}
const metrics: Metrics = { count: () => {}, set: () => {} }
const empty = {
  stream: 'in',
  kind: 'empty' as const,
  count: 0,
  raw: new Uint8Array(0),
  received: 1,
  timeMin: Number.NaN,
  timeMax: Number.NaN,
}

interface World {
  readonly set: SourceSet
  readonly contexts: Map<string, SourceContext>
  readonly running: Set<string>
  broken: string | undefined
  readonly host: ReturnType<typeof fakeHost>
  readonly journal: Awaited<ReturnType<typeof openJournal>>
}

async function world(): Promise<World> {
  const host = fakeHost(1)
  const journal = await openJournal({ host, directory: '/journal', epoch: 1 })
  const contexts = new Map<string, SourceContext>()
  const running = new Set<string>()
  const state: { broken: string | undefined } = { broken: undefined }
  const definition: SourceDefinition<unknown> = {
    type: 'test',
    build(_settings, context): Promise<Source> {
      if (context.id === state.broken) return Promise.reject(new Error('the port is taken'))
      contexts.set(context.id, context)
      running.add(context.id)
      return Promise.resolve({
        addresses: [`test://${context.id}`],
        run: (signal) =>
          new Promise((resolve) =>
            signal.addEventListener('abort', () => {
              if (context.id === 'deaf') return
              running.delete(context.id)
              resolve()
            }),
          ),
      })
    },
  }
  const set = new SourceSet({
    host,
    log,
    metrics,
    journal,
    awaited: () => new AwaitedTestSink(0),
    load: () => Promise.resolve(definition),
  })
  return Object.assign(state, { set, contexts, running, host, journal })
}

const entry = (id: string, settings: unknown = {}): SourceEntry => ({ id, type: 'test', settings })

describe('the sources of a worker', () => {
  it('start, stop and change with the configuration; those that did not change run on', async () => {
    const { set, contexts, running } = await world()
    await set.apply([entry('a'), entry('b')])
    const a = contexts.get('a')
    expect(await set.apply([entry('a'), entry('b', { port: 2 }), entry('c')])).toMatchObject({ changed: ['b', 'c'] })
    expect(contexts.get('a')).toBe(a)
    expect(await set.apply([entry('a')])).toMatchObject({ changed: ['b', 'c'] })
    expect([...running]).toEqual(['a'])
  })

  it('are put back as they were when one of them cannot be built', async () => {
    const given = await world()
    await given.set.apply([entry('a'), entry('b')])
    given.broken = 'c'
    expect(await given.set.apply([entry('a', { port: 2 }), entry('c')])).toMatchObject({
      changed: [],
      failed: { id: 'c', message: 'the port is taken' },
    })
    expect([...given.running].sort()).toEqual(['a', 'b'])
    expect(
      given.set
        .report()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'b'])
  })

  it('have their shed rows added up and written with their next unit', async () => {
    const { set, contexts, journal } = await world()
    await set.apply([entry('a')])
    const a = contexts.get('a')
    a?.shed('full', 3)
    a?.shed('full', 4)
    a?.shed('odd', 1)
    await a?.append(empty)
    expect(journal.totals().get('a')?.shed).toEqual({ full: 7, odd: 1 })
    await a?.append(empty)
    expect(journal.totals().get('a')?.shed).toEqual({ full: 7, odd: 1 })
  })

  it('that do not stop are left behind, and named', async () => {
    const { set, host } = await world()
    await set.apply([entry('deaf'), entry('a')])
    const stopped = set.stop()
    await host.advance(8001)
    await stopped
    expect([set.report(), errors]).toEqual([[], [expect.stringContaining('source deaf did not stop within 8000 ms')]])
  })

  it('lose no count when the journal refuses a unit', async () => {
    const { set, contexts, journal, host } = await world()
    await set.apply([entry('a')])
    const a = contexts.get('a')
    await a?.append(empty)
    a?.shed('full', 3)
    host.disk.failNext('sync', 'EIO', { match: '/journal' })
    await expect(a?.append(empty)).rejects.toMatchObject({ code: 'WEIR_JOURNAL_SYNC' })
    a?.shed('full', 2)
    await a?.append(empty)
    expect(journal.totals().get('a')?.shed).toEqual({ full: 5 })
  })
})
