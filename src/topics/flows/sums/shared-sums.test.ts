import { expect, test } from 'vitest'
import { flowBatch } from '../../../store/testing/frames.ts'
import { startStored, type StoredApi } from '../../../api/testing/stored.ts'

type Held = { runs: number; release: () => void }

/** Statements read the store at once, and their rows wait for `release`. */
function holdAnswers({ control }: StoredApi): Held {
  const store = control.store!
  const { promise, resolve } = Promise.withResolvers<void>()
  const held: Held = { runs: 0, release: resolve }
  control.store = {
    ...store,
    async query(...about) {
      const answer = await store.query(...about)
      held.runs++
      await promise
      return answer
    },
  }
  return held
}

test('equal panels of several clients share a run, although their ranges end now', async () => {
  const api = await startStored()
  const now = Date.now()
  await api.add([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 70 }], now - 1000)
  const held = holdAnswers(api)
  const get = (parameters: Readonly<Record<string, string>>) =>
    api.get('flows', { group: 'src_addr', source: 'raw', ...parameters })
  const equal = Array.from({ length: 8 }, () => get({ from: 'now-1h' }))
  await expect.poll(() => held.runs).toBe(1)
  const others = [
    get({ from: 'now-1h', filter: 'bytes > 1' }),
    get({ from: 'now-1h', limit: '5' }),
    get({ from: String(now - 3_600_000), to: String(now) }),
    get({ from: String(now - 3_600_001), to: String(now - 1) }),
  ]
  // Two run at once.
  await expect.poll(() => held.runs).toBe(2)
  held.release()
  const answers = await Promise.all([...equal, ...others])
  for (const { status, body } of answers)
    expect([status, body['rows']]).toEqual([200, [['10.0.0.1', 70, expect.anything(), 1]]])
  expect(new Set(answers.slice(0, 8).map(({ body }) => JSON.stringify(body['span']))).size).toBe(1)
  expect(held.runs).toBe(5)
})

test('a client that knows that its flows are stored joins no run from before', async () => {
  const api = await startStored()
  api.control.acknowledges = (source) => source === 'test'
  api.control.storeLag = () => undefined
  const now = Date.now()
  const flows = (bytes: number) => [{ src: '10.0.0.1', dst: '10.0.0.2', bytes }]
  await api.add(flows(1), now - 1000)
  const held = holdAnswers(api)
  const get = async () => {
    const { body } = await api.get('flows', { group: 'src_addr', source: 'raw', from: 'now-1h' })
    return (body['rows'] as number[][])[0]?.[1]
  }
  const before = get()
  await expect.poll(() => held.runs).toBe(1)
  await api.add(flows(10), now - 1000)
  const ofDatagrams = get()
  await api.addBatch(flowBatch(flows(100), now - 1000), now - 1000)
  const after = [get(), get()]
  await expect.poll(() => held.runs).toBe(2)
  held.release()
  expect(await Promise.all([before, ofDatagrams, ...after])).toEqual([1, 1, 111, 111])
  expect(held.runs).toBe(2)
})

test('a joined answer states that newer rows are not stored', async () => {
  const api = await startStored()
  let requests = 0
  let lag: number | undefined
  api.control.storeLag = () => {
    requests++
    return lag
  }
  await api.add([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 70 }], Date.now() - 1000)
  const held = holdAnswers(api)
  const get = async () => (await api.get('topology', { from: 'now-1h', source: 'raw' })).body
  const first = get()
  await expect.poll(() => held.runs).toBe(1)
  lag = 0
  const joined = get()
  await expect.poll(() => requests).toBe(2)
  // Stored before the answer, and after the run has read the store.
  lag = undefined
  held.release()
  const [own, other] = await Promise.all([first, joined])
  expect(held.runs).toBe(1)
  expect(own['stored_to']).toBeUndefined()
  expect(other['span']).toEqual(own['span'])
  const { to } = other['span'] as { to: string }
  expect(Date.parse(String(other['stored_to']))).toBeLessThanOrEqual(Date.parse(to))
})

test('pairs and topology over many flows share a run, each with its number of groups', async () => {
  const api = await startStored()
  const now = Date.now()
  const flows = Array.from({ length: 40 }, (_, at) => ({ src: `10.0.0.${at % 8}`, dst: '10.0.1.1', bytes: 1 + at }))
  await api.add(flows, now - 1000)
  const store = api.control.store!
  let statements = 0
  api.control.store = {
    ...store,
    query: (...about) => (statements++, store.query(...about)),
    // The store has few flows, and states many.
    async sums() {
      const sums = (await store.sums?.())!
      const hours = sums.flows.hours?.map((hour) => ({ ...hour, rows: 2_000_000 }))
      return { ...sums, flows: { ...sums.flows, rows: 2_000_000, ...(hours === undefined ? {} : { hours }) } }
    },
  }
  const rowsOf = async (path: string, parameters: Readonly<Record<string, string>>) =>
    (await api.get(path, { from: 'now-1h', ...parameters })).body['rows'] as unknown[][]
  const topology = await rowsOf('topology', { scope: 'addr' })
  const alone = statements
  const pairs = { group: 'src_addr,dst_addr', limit: '3' }
  const both = await Promise.all([rowsOf('topology', { scope: 'addr' }), rowsOf('flows', pairs)])
  expect(statements).toBe(2 * alone)
  expect(both).toEqual([topology, topology.slice(0, 3)])
  expect(topology).toHaveLength(8)
  // Other parameters have their own run.
  await Promise.all([rowsOf('topology', { scope: 'addr' }), rowsOf('flows', { ...pairs, by: 'flows' })])
  expect(statements).toBe(4 * alone)
})
