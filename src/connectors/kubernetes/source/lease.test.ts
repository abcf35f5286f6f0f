import { expect, test } from 'vitest'
import { testContext } from '../../../../test/conformance/batches.ts'
import { fakeHost, type FakeHost } from '../../../../test/kit/fake-host.ts'
import { SeededRandom } from '../../../../test/kit/random.ts'
import type { LeaseClient, LeaseRecord, LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'
import { LeaseKeeper } from './lease.ts'

const durationMs = 10_000
const ref = { namespace: 'weir', name: 'weir' }

/** The Lease of an API server with compare-and-set. */
class Server {
  record: LeaseRecord | undefined
  #version = 0

  /** `link`: the state of this client's connection. */
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
      write: async (before, update) => {
        reach()
        if (before?.version !== this.record?.version) return undefined
        this.record = { ...update, version: String(++this.#version), object: {} }
        // Written, but the response is lost.
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
  readonly received: LeaseCheckpoint[]
  readonly turns: boolean[]
  checkpoint: LeaseCheckpoint
  /** Advances the time while the process is frozen. */
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
  const [received, turns]: [LeaseCheckpoint[], boolean[]] = [[], []]
  const ended = new AbortController()
  const one: Replica = {
    host: fake,
    link,
    received,
    turns,
    checkpoint: {},
    keeper: new LeaseKeeper({
      host,
      log: testContext().log,
      id: identity,
      client: server.client(link),
      ref,
      identity,
      durationMs,
      checkpoint: () => one.checkpoint,
      onHeld: () => undefined,
      onCheckpoint: (checkpoint) => received.push(checkpoint),
      onLeadership: (leads) => turns.push(leads),
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

const isLeader = ({ keeper }: Replica): boolean => keeper.epoch() !== undefined

/** Advances the time of all replicas; returns the elapsed time when the condition holds, or undefined. */
async function until(all: readonly Replica[], condition: () => boolean, mostMs: number): Promise<number | undefined> {
  for (let passed = 0; passed <= mostMs; passed += 50) {
    if (condition()) return passed
    for (const { host } of all) await host.advance(50)
  }
  return undefined
}

test('the first one leads, and another one knows the leader and its checkpoint', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  a.checkpoint = { '/pods': '7' }
  const b = replica(server, 'b')
  await b.host.settle()
  expect([a.keeper.epoch(), b.keeper.epoch()]).toEqual([1, undefined])
  expect(await until([a, b], () => b.received.at(-1)?.['/pods'] === '7', 10_000)).toBeLessThan(4000)
  expect(b.keeper.status()).toEqual({
    ...ref,
    state: 'stands by',
    holder: 'a',
    epoch: 1,
    since: '2026-01-01T00:00:00.000000Z',
  })
  expect(a.keeper.status()).toEqual({
    ...ref,
    state: 'holds',
    holder: 'a',
    epoch: 1,
    since: '2026-01-01T00:00:00.000000Z',
  })
  expect(await until([a, b], () => isLeader(b) || !isLeader(a), 120_000), 'it stays so').toBeUndefined()
  expect([a.turns, b.turns]).toEqual([[true], []])
})

test('when the leader is killed another replica takes over within 15 s, with another epoch', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 7000)
  a.kill()
  const took = await until([b], () => isLeader(b), 30_000)
  expect(took).toBeLessThan(15_000)
  expect(took).toBeGreaterThan(durationMs * 0.7)
  expect(b.keeper.epoch()).toBe(2)
})

test('after a clean stop another replica takes over at once and knows the checkpoint', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 3000)
  a.checkpoint = { '/pods': '99' }
  await a.stop()
  expect(isLeader(a)).toBe(false)
  expect(await until([b], () => isLeader(b), 10_000)).toBeLessThanOrEqual(1200)
  expect(b.received.at(-1)).toEqual({ '/pods': '99' })
  expect(b.keeper.checkpointOf('/pods')).toBe('99')
  // Collections without new changes keep their old checkpoint.
  b.checkpoint = { '/nodes': '3' }
  await until([b], () => false, 5000)
  expect(server.record?.checkpoint).toEqual({ '/pods': '99', '/nodes': '3' })
  b.checkpoint = { '/nodes': '3', '/pods': '100' }
  await until([b], () => false, 5000)
  expect([server.record?.checkpoint, b.keeper.checkpointOf('/pods')]).toEqual([
    { '/nodes': '3', '/pods': '100' },
    undefined,
  ])
})

test('a leader that cannot renew stops before another one begins', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 5000)
  a.link.is = 'away'
  expect(await until([a, b], () => !isLeader(a), 20_000)).toBeLessThanOrEqual(durationMs * 0.8)
  expect(isLeader(b)).toBe(false)
  expect(await until([a, b], () => isLeader(b), 20_000)).toBeDefined()
  expect(a.keeper.status()).toMatchObject({ state: 'stands by', problem: 'no route' })
  a.link.is = 'well'
  await until([a, b], () => false, 5000)
  expect(a.keeper.status()).toEqual({
    ...ref,
    state: 'stands by',
    holder: 'b',
    epoch: 2,
    since: expect.any(String) as string,
  })
})

test('a machine that slept does not lead when it wakes, although its monotonic clock stood still', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  expect(isLeader(a)).toBe(true)
  a.host.jump(9000)
  expect(isLeader(a)).toBe(false)
  expect(await until([a], () => isLeader(a), 5000)).toBeDefined()
  expect(a.keeper.epoch(), 'no other replica led').toBe(1)
})

test('a lost response does not create two leaders', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  a.link.is = 'deaf'
  await a.host.settle()
  expect([isLeader(a), server.record?.holder]).toEqual([false, 'a'])
  a.link.is = 'well'
  expect(await until([a], () => isLeader(a), 5000)).toBeDefined()
  expect(a.keeper.epoch()).toBe(1)
  a.link.is = 'deaf'
  await until([a], () => false, 3000)
  a.link.is = 'well'
  expect(await until([a], () => !isLeader(a), 60_000)).toBeUndefined()
  expect(a.turns).toEqual([true])
})

test('a removed Lease is not taken while its leader may still lead, and no epoch is reused', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  const b = replica(server, 'b')
  await until([a, b], () => false, 5000)
  a.link.is = 'away'
  server.record = undefined
  expect(await until([a, b], () => isLeader(b), 30_000)).toBeGreaterThanOrEqual(durationMs * 0.8)
  expect([isLeader(a), b.keeper.epoch()]).toEqual([false, 2])
})

test('a label on the Lease does not end the leadership', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  await a.host.settle()
  server.record = { ...(server.record as LeaseRecord), version: 'labelled' }
  expect(await until([a], () => !isLeader(a), 20_000)).toBeUndefined()
  expect(a.turns).toEqual([true])
})

test('a replica that may not read the Lease does not lead and reports the reason', async () => {
  const server = new Server()
  const a = replica(server, 'a')
  a.link.is = 'forbidden'
  await until([a], () => false, 5000)
  expect([isLeader(a), a.keeper.status()]).toEqual([false, { ...ref, state: 'stands by', problem: '403' }])
})

test('whatever fails, no two of three replicas lead at the same time or under one epoch', async () => {
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
          // It continues with the elapsed time.
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
      const telling = all.filter((one) => isLeader(one) && (frozen.get(one) ?? 0) <= 0)
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
