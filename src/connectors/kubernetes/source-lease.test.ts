import { expect, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { fakeHost, type FakeHost } from '../../../test/kit/fake-host.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import type { LeaseClient, LeaseRecord, Told } from '../../net/kubernetes/lease.ts'
import { LeaseKeeper } from './source-lease.ts'

const durationMs = 10_000
const place = { namespace: 'weir', name: 'weir' }

/** The Lease as an API server has it: whoever writes over something else than he has read is refused. */
class Server {
  record: LeaseRecord | undefined
  #version = 0

  /** `link`: how this client reaches it. */
  client(link: { is: 'well' | 'away' | 'deaf' | 'forbidden' }): LeaseClient {
    const reach = (): void => {
      if (link.is === 'away') throw new Error('no route')
      if (link.is === 'forbidden') throw new Error('403')
    }
    return {
      read: async () => {
        reach()
        return this.record
      },
      write: async (before, wish) => {
        reach()
        if (before?.version !== this.record?.version) return undefined
        this.record = { ...wish, version: String(++this.#version), object: {} }
        // It is written, and the answer is lost.
        if (link.is === 'deaf') throw new Error('no answer')
        return this.record
      },
    }
  }
}

interface Replica {
  readonly keeper: LeaseKeeper
  readonly host: FakeHost
  readonly link: { is: 'well' | 'away' | 'deaf' | 'forbidden' }
  readonly heard: Told[]
  readonly turns: boolean[]
  told: Told
  /** Time passes, and the process does nothing at all. */
  freeze(ms: number): void
  /** As `kill -9`. */
  kill(): void
  stop(): Promise<void>
}

let seeds = 1
function replica(server: Server, identity: string): Replica {
  const fake = fakeHost(seeds++)
  let frozen = 0
  const host: FakeHost = {
    ...fake,
    clock: { now: () => fake.clock.now() + frozen, monotonic: () => fake.clock.monotonic() + frozen },
  }
  const link: Replica['link'] = { is: 'well' }
  const [heard, turns]: [Told[], boolean[]] = [[], []]
  const ended = new AbortController()
  const one: Replica = {
    host: fake,
    link,
    heard,
    turns,
    told: {},
    keeper: new LeaseKeeper({
      host,
      log: testContext().log,
      id: identity,
      client: server.client(link),
      place,
      identity,
      durationMs,
      told: () => one.told,
      onHeld: () => undefined,
      onTold: (told) => heard.push(told),
      onTurn: (ours) => turns.push(ours),
    }),
    freeze: (ms) => {
      frozen += ms
    },
    kill: () => {
      fake.kill()
    },
    async stop() {
      ended.abort()
      await running
      await one.keeper.release()
    },
  }
  const running = one.keeper.run(ended.signal)
  return one
}

const tells = ({ keeper }: Replica): boolean => keeper.epoch() !== undefined

/** Lets time pass for all; returns after how much of it the condition held, or undefined. */
async function until(all: readonly Replica[], condition: () => boolean, mostMs: number): Promise<number | undefined> {
  for (let passed = 0; passed <= mostMs; passed += 50) {
    if (condition()) return passed
    for (const { host } of all) await host.advance(50)
  }
  return undefined
}

test('the first tells, another stands by and knows who does and what was told', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  a.told = { '/pods': '7' }
  const b = replica(server, 'b')
  await b.host.settle()
  expect([a.keeper.epoch(), b.keeper.epoch()]).toEqual([1, undefined])
  expect(await until([a, b], () => b.heard.at(-1)?.['/pods'] === '7', 10_000)).toBeLessThan(4000)
  expect(b.keeper.status()).toEqual({
    ...place,
    state: 'stands by',
    holder: 'a',
    epoch: 1,
    since: '2026-01-01T00:00:00.000000Z',
  })
  expect(a.keeper.status()).toEqual({
    ...place,
    state: 'holds',
    holder: 'a',
    epoch: 1,
    since: '2026-01-01T00:00:00.000000Z',
  })
  expect(await until([a, b], () => tells(b) || !tells(a), 120_000), 'it stays so').toBeUndefined()
  expect([a.turns, b.turns]).toEqual([[true], []])
})

test('when the holder is killed another one takes over within 15 s, under another epoch', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 7000)
  a.kill()
  const took = await until([b], () => tells(b), 30_000)
  expect(took).toBeLessThan(15_000)
  expect(took).toBeGreaterThan(durationMs * 0.7)
  expect(b.keeper.epoch()).toBe(2)
})

test('who ends in good order is followed at once, and what it told is known', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 3000)
  a.told = { '/pods': '99' }
  await a.stop()
  expect(tells(a)).toBe(false)
  expect(await until([b], () => tells(b), 10_000)).toBeLessThanOrEqual(1200)
  expect(b.heard.at(-1)).toEqual({ '/pods': '99' })
  expect(b.keeper.toldBefore('/pods')).toBe('99')
  // What nobody has told since stays known; what was told anew takes its place.
  b.told = { '/nodes': '3' }
  await until([b], () => false, 5000)
  expect(server.record?.told).toEqual({ '/pods': '99', '/nodes': '3' })
  b.told = { '/nodes': '3', '/pods': '100' }
  await until([b], () => false, 5000)
  expect([server.record?.told, b.keeper.toldBefore('/pods')]).toEqual([{ '/nodes': '3', '/pods': '100' }, undefined])
})

test('who cannot renew stops telling before anybody else begins', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 5000)
  a.link.is = 'away'
  expect(await until([a, b], () => !tells(a), 20_000)).toBeLessThanOrEqual(durationMs * 0.8)
  expect(tells(b)).toBe(false)
  expect(await until([a, b], () => tells(b), 20_000)).toBeDefined()
  expect(a.keeper.status()).toMatchObject({ state: 'stands by', problem: 'no route' })
  a.link.is = 'well'
  await until([a, b], () => false, 5000)
  expect(a.keeper.status()).toEqual({
    ...place,
    state: 'stands by',
    holder: 'b',
    epoch: 2,
    since: expect.any(String) as string,
  })
})

test('a machine that slept does not tell when it wakes, though its monotonic clock stood still', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  expect(tells(a)).toBe(true)
  a.host.jump(9000)
  expect(tells(a)).toBe(false)
  expect(await until([a], () => tells(a), 5000)).toBeDefined()
  expect(a.keeper.epoch(), 'nobody else had it').toBe(1)
})

test('an answer that is lost does not make a holder of two minds', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  a.link.is = 'deaf'
  await a.host.settle()
  expect([tells(a), server.record?.holder]).toEqual([false, 'a'])
  a.link.is = 'well'
  expect(await until([a], () => tells(a), 5000)).toBeDefined()
  expect(a.keeper.epoch()).toBe(1)
  a.link.is = 'deaf'
  await until([a], () => false, 3000)
  a.link.is = 'well'
  expect(await until([a], () => !tells(a), 60_000)).toBeUndefined()
  expect(a.turns).toEqual([true])
})

test('a Lease that somebody removes is not taken by another one while its holder may still tell, and no epoch comes again', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 5000)
  a.link.is = 'away'
  server.record = undefined
  expect(await until([a, b], () => tells(b), 30_000)).toBeGreaterThanOrEqual(durationMs * 0.8)
  expect([tells(a), b.keeper.epoch()]).toEqual([false, 2])
})

test('a label that somebody puts on the Lease takes it from nobody', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  server.record = { ...(server.record as LeaseRecord), version: 'labelled' }
  expect(await until([a], () => !tells(a), 20_000)).toBeUndefined()
  expect(a.turns).toEqual([true])
})

test('who may not read the Lease tells nothing and says why', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  a.link.is = 'forbidden'
  await until([a], () => false, 5000)
  expect([tells(a), a.keeper.status()]).toEqual([false, { ...place, state: 'stands by', problem: '403' }])
})

test('whatever happens to three replicas and their connections, no two tell at the same time and no epoch has two holders', async () => {
  let changes = 0
  for (let seed = 1; seed <= 25; seed++) {
    const random = new SeededRandom(seed)
    const server = new Server()
    const all = ['a', 'b', 'c'].map((name) => replica(server, name))
    const frozen = new Map<Replica, number>()
    const holders = new Map<number, Replica>()
    for (let time = 0; time < 120_000; time += 100) {
      for (const one of all) {
        const left = frozen.get(one)
        if (left !== undefined && left > 0) {
          // It is thawed at once with all the time that went by.
          frozen.set(one, left - 100)
          one.freeze(100)
          continue
        }
        await one.host.advance(100)
        if (random.next() < 0.004) frozen.set(one, Math.floor(random.next() * 200) * 100)
        if (random.next() < 0.01)
          one.link.is = (['well', 'well', 'well', 'away', 'deaf'] as const)[Math.floor(random.next() * 5)] ?? 'well'
        if (random.next() < 0.002) one.host.jump((random.next() - 0.3) * 10_000)
      }
      const telling = all.filter((one) => tells(one) && (frozen.get(one) ?? 0) <= 0)
      expect(telling.length, `seed ${seed} at ${time}`).toBeLessThanOrEqual(1)
      for (const one of telling) {
        const epoch = one.keeper.epoch() ?? 0
        if (!holders.has(epoch)) changes++
        expect(holders.get(epoch) ?? one, `seed ${seed}, epoch ${epoch}`).toBe(one)
        holders.set(epoch, one)
      }
    }
    for (const one of all) one.kill()
  }
  expect(changes).toBeGreaterThan(50)
}, 60_000)
