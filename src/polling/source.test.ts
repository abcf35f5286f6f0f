import { expect, onTestFinished, test } from 'vitest'
import { configFrom } from '../schema/index.ts'
import { CtsScene, ctsStart, minute } from '../../test/kit/cts-scene.ts'
import { sharing, SharedLeadership } from '../../test/kit/shared-leadership.ts'
import { otcCtsSchema } from '../connectors/otc-cts/config.ts'
import { pollingSource } from './source.ts'
import { openOtcCts } from '../connectors/otc-cts/source.ts'

async function scene(): Promise<{
  readonly it: CtsScene
  readonly shared: SharedLeadership
  weir(instance: string): Promise<{ readonly lines: string[]; stop(): Promise<void> }>
  emitted(...ids: readonly string[]): Promise<void>
}> {
  const it = await CtsScene.start()
  onTestFinished(() => it.stop())
  const shared = new SharedLeadership()
  const config = configFrom(otcCtsSchema, {
    iam: `${it.server.url}/v3`,
    auth: {
      type: 'password',
      user: it.server.user.name,
      password: it.server.user.password,
      domain: it.server.domain.name,
    },
    projects: [{ name: 'eu-de_prod' }],
    look_back: '5m',
  })
  return {
    it,
    shared,
    async emitted(...ids) {
      await expect.poll(() => it.ids, { interval: 2, timeout: 20_000 }).toEqual(ids)
    },
    async weir(instance) {
      const lines: string[] = []
      const context = sharing(it.context(), shared, instance, lines)
      const source = await openOtcCts(config, context)
      const abort = new AbortController()
      const running = source.run(abort.signal)
      const stop = async (): Promise<void> => {
        abort.abort()
        await running
      }
      onTestFinished(stop)
      return { lines, stop }
    },
  }
}

const trace = (id: string, time: number): object => ({ trace_id: id, time, trace_name: 'stop' })

test('of two instances with one journal one reads, and the other resumes from its end without duplicates', async () => {
  const { it, shared, weir, emitted } = await scene()
  it.server.put(it.project, [trace('t1', ctsStart - minute)])
  const one = await weir('one')
  await emitted('t1')
  const two = await weir('two')
  it.server.put(it.project, [trace('t2', ctsStart - minute + 1)])
  await emitted('t1', 't2')
  expect(shared.holder).toMatch(/^one /)
  expect(two.lines).toEqual([])
  await one.stop()
  it.server.put(it.project, [trace('t3', ctsStart - minute + 2)])
  await emitted('t1', 't2', 't3')
  expect(two.lines.join()).toMatch(/This instance reads traces now.*restored from the journal/)
})

test('an unrenewed lease expires after ten seconds; a restart under the same name takes it over at once', async () => {
  const { it, shared, weir, emitted } = await scene()
  shared.put({ holder: 'one 0', instance: 'one', state: { places: {}, behind: 0, of: '' } })
  it.server.put(it.project, [trace('t', ctsStart - minute)])
  const two = await weir('two')
  await expect.poll(() => it.slept.length, { interval: 2, timeout: 20_000 }).toBeGreaterThan(20)
  expect([two.lines, shared.holder]).toEqual([[], 'one 0'])
  it.now += 10_000
  await emitted('t')
  expect(shared.holder).toMatch(/^two /)
  await two.stop()
  shared.put({ holder: 'three 0', instance: 'three', state: undefined })
  await weir('three')
  await expect.poll(() => shared.holder, { interval: 2, timeout: 20_000 }).toMatch(/^three [0-9a-f]{12}$/)
})

test('a leader that ends before its first renewal leaves its state to the next one', async () => {
  const { it, shared, weir, emitted } = await scene()
  it.server.put(it.project, [trace('t1', ctsStart - minute)])
  const record = Promise.withResolvers<unknown>()
  const put = shared.put.bind(shared)
  shared.put = (value) => {
    record.resolve(structuredClone(value))
    return put(value)
  }
  const one = await weir('one')
  await emitted('t1')
  await one.stop()
  put({ ...((await record.promise) as object), holder: '' })
  it.server.put(it.project, [trace('t2', ctsStart - minute + 1)])
  await weir('two')
  await emitted('t1', 't2')
  expect(shared.holder).toMatch(/^two /)
})

test('a leader stops reading when another one holds the lease', async () => {
  const { it, shared, weir } = await scene()
  const one = await weir('one')
  await expect.poll(() => it.queries().length, { interval: 2, timeout: 20_000 }).toBeGreaterThan(1)
  shared.put({ holder: 'ghost 0', instance: 'ghost', state: undefined })
  await expect.poll(() => one.lines.join(), { interval: 2, timeout: 20_000 }).toMatch(/another instance is the leader/)
  expect(shared.holder).toBe('ghost 0')
  const polls = it.queries().length
  await expect
    .poll(() => it.slept.filter((ms) => ms === 1000).length, { interval: 2, timeout: 20_000 })
    .toBeGreaterThan(10)
  expect(it.queries()).toHaveLength(polls)
})

test('a response from before a takeover is not recorded, however late the old leader observes it', async () => {
  const { it, shared } = await scene()
  const lines: string[] = []
  const abort = new AbortController()
  const tried: unknown[] = []
  const source = await pollingSource(
    { context: sharing(it.context(), shared, 'one', lines), retentionMs: minute, what: 'traces' },
    (checkpoint) => ({
      places: [
        {
          status: () => undefined,
          async run(signal) {
            await checkpoint.record(
              'a',
              [{ id: 'first', source: '/s', type: 't', family: 'event', encoding: 'none' }],
              1,
              signal,
            )
            // Frozen, with its timers; the response is read first.
            it.now += 9000
            await checkpoint
              .record('a', [{ id: 'late', source: '/s', type: 't', family: 'event', encoding: 'none' }], 2, signal)
              .catch((error: unknown) => {
                tried.push(error, signal.aborted)
              })
            abort.abort()
          },
        },
      ],
      close: () => undefined,
    }),
  )
  await source.run(abort.signal)
  expect([it.ids, tried]).toEqual([['first'], [new Error('another instance is the leader'), true]])
})

test('a sink without acknowledgement is no sink that has settled everything', async () => {
  const { it } = await scene()
  const { awaited: _, ...context } = it.context()
  await expect(
    pollingSource({ context, retentionMs: minute, what: 'traces', sink: 'out' }, () => ({
      places: [],
      close: () => undefined,
    })),
  ).rejects.toThrow('the sink does not support this setting')
})

test('a leader that leads again knows all emitted events, and retains no frames meanwhile', async () => {
  const { it, shared } = await scene()
  const known: boolean[][] = []
  const abort = new AbortController()
  const state = { places: { a: ctsStart }, seen: [['a', [['elsewhere', ctsStart + 1]]]] }
  const source = await pollingSource(
    {
      context: it.context(),
      retentionMs: minute,
      what: 'traces',
      lease: { record: shared.by('one'), durationMs: 10_000, close: () => undefined },
    },
    (checkpoint) => ({
      places: [
        {
          status: () => undefined,
          async run(signal) {
            known.push([checkpoint.has('a', 'own'), checkpoint.has('a', 'elsewhere')])
            if (known.length > 1) return abort.abort()
            const ended = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
            await checkpoint.record(
              'a',
              [{ id: 'own', source: '/s', type: 't', family: 'event', encoding: 'none', time: ctsStart + 2 }],
              ctsStart,
              signal,
            )
            shared.put({ holder: 'two 1', instance: 'two', state })
            await ended
          },
        },
      ],
      close: () => undefined,
    }),
  )
  const ran = source.run(abort.signal)
  await expect.poll(() => it.heldFrom, { interval: 2, timeout: 20_000 }).toBe(Infinity)
  shared.put({ holder: '', instance: 'two', state })
  await ran
  expect(known).toEqual([
    [false, false],
    [true, true],
  ])
})
