import { expect, onTestFinished, test } from 'vitest'
import { testContext } from '../../test/conformance/batches.ts'
import { MemoryBus } from '../../test/kit/memory-bus.ts'
import { Alerts, type AlertRule } from '../alerts/index.ts'
import { ruleOf as writtenRule } from '../alerts/testing/rule.ts'
import type { StoreReader } from '../engine/control.ts'
import { SharedRecords } from '../engine/cluster/records.ts'
import { frameOf, Units } from '../engine/cluster/units.ts'
import { realHost } from '../host/index.ts'
import { decodeBatch, type JournalBus } from '../journal/index.ts'
import type { EventBatch } from '../model/batches.ts'
import { eventId } from '../model/events.ts'
import { SharedAlerts } from './shared-alerts.ts'

const host = realHost()
const { log, metrics } = testContext()
const polling = { timeout: 60_000, interval: 5 }
const leaseMs = 500
const everyMs = 20

const ruleOf = (name: string, forMs = 0): AlertRule => writtenRule(name, { every: everyMs, for: forMs })

/** The bus as one instance reaches it: while it is suspended, its writes wait. */
class Line {
  readonly bus: JournalBus
  #gate = Promise.withResolvers<void>()
  waiting = 0

  constructor(of: MemoryBus) {
    this.#gate.resolve()
    const passed = async () => {
      this.waiting++
      await this.#gate.promise
      this.waiting--
    }
    this.bus = {
      where: of.where,
      partitions: of.partitions,
      read: (...call) => of.read(...call),
      bounds: (channel) => of.bounds(channel),
      close: () => of.close(),
      claim: async (name) => {
        const writer = await of.claim(name)
        return {
          write: (...call) => passed().then(() => writer.write(...call)),
          fence: (...call) => passed().then(() => writer.fence(...call)),
          close: () => writer.close(),
        }
      },
    }
  }

  suspend(): void {
    this.#gate = Promise.withResolvers()
  }

  resume(): void {
    this.#gate.resolve()
  }
}

async function* rowsOf(value: number) {
  yield Buffer.from(`${JSON.stringify({ value, n: value })}\n`)
}

/** Instances on one bus, and a store in which the value of every rule is the same. */
class Scene {
  readonly bus = new MemoryBus(4)
  value = 0

  async instance(name: string, rules: readonly AlertRule[]) {
    const line = new Line(this.bus)
    const stop = new AbortController()
    const records = new SharedRecords({ bus: line.bus, host, log })
    const reading = records.run(stop.signal)
    const evaluated = { count: 0 }
    const store: StoreReader = {
      query: async () => {
        evaluated.count++
        return rowsOf(this.value)
      },
      edges: () => Promise.resolve([]),
    }
    const shared = new SharedAlerts({
      joined: { bus: line.bus, records },
      instance: name,
      evaluates: true,
      host,
      log,
      leaseMs,
      make: (journal) => new Alerts({ host, log, metrics, journal, store: () => store, url: () => 'http://weir' }),
    })
    onTestFinished(async () => {
      line.resume()
      await shared.stop()
      stop.abort()
      await reading
    })
    await shared.apply(rules)
    return { shared, evaluated, line }
  }

  /** Rule and state of all alert events, as readers of the bus get them. */
  async events(): Promise<readonly string[]> {
    const ids: string[] = []
    for (let partition = 0; partition < this.bus.partitions; partition++) {
      const { last } = await this.bus.bounds(partition)
      if (last === 0) continue
      const units = new Units(() => undefined)
      reading: for await (const some of this.bus.read(partition, 0, new AbortController().signal))
        for (const record of some) {
          const unit = units.take(record)
          const frame = unit === undefined ? undefined : frameOf(unit)
          if (frame !== undefined && frame.header.count > 0) {
            const batch = decodeBatch('events', frame.body()) as EventBatch
            for (let row = 0; row < batch.count; row++) ids.push(eventId(batch, row))
          }
          if (record.position >= last) break reading
        }
    }
    return ids.map((id) => id.replace(/\/[0-9a-f]{16}\/\d+\//, ' '))
  }
}

type Instance = Awaited<ReturnType<Scene['instance']>>

const alertOf = ({ shared }: Instance) => [...(shared.list()[0]?.instances.values() ?? [])][0]
const stateOf = (instance: Instance) => alertOf(instance)?.state

async function pair(scene: Scene, rules: readonly AlertRule[]) {
  const a = await scene.instance('a', rules)
  await expect.poll(() => a.evaluated.count, polling).toBeGreaterThan(0)
  return { a, b: await scene.instance('b', rules) }
}

test('one instance evaluates, both list the states, and the other resumes after an orderly stop', async () => {
  const scene = new Scene()
  const { a, b } = await pair(scene, [ruleOf('tripped')])
  scene.value = 1
  await expect.poll(() => [stateOf(a), stateOf(b)], polling).toEqual(['firing', 'firing'])
  await expect.poll(() => b.shared.list()[0]?.last?.at, polling).toBeGreaterThan(0)
  expect([a.shared.evaluator, b.shared.evaluator, b.evaluated.count]).toEqual(['a', 'a', 0])
  expect(await b.shared.test('tripped')).toMatchObject({ samples: [{ value: 1, met: true }] })
  const since = alertOf(a)?.active
  await a.shared.stop()
  const before = b.evaluated.count
  await expect.poll(() => b.evaluated.count, polling).toBeGreaterThan(before + 2)
  expect([b.shared.evaluator, alertOf(b)?.active]).toEqual(['b', since])
  expect(await scene.events()).toEqual(['tripped firing'])
  scene.value = 0
  await expect.poll(() => stateOf(b), polling).toBeUndefined()
  expect(await scene.events()).toEqual(['tripped firing', 'tripped resolved'])
})

test('after a crash the clock of `for` continues, and an alert of the former leader is resolved once', async () => {
  const scene = new Scene()
  const rule = ruleOf('slow', 4 * leaseMs)
  const { a, b } = await pair(scene, [rule])
  scene.value = 1
  await expect.poll(() => stateOf(b), polling).toBe('pending')
  const since = alertOf(b)?.active
  a.line.suspend()
  await expect.poll(() => b.shared.evaluator, polling).toBe('b')
  await expect.poll(() => stateOf(b), polling).toBe('firing')
  expect(alertOf(b)?.active).toBe(since)
  scene.value = 0
  await expect.poll(() => stateOf(b), polling).toBeUndefined()
  expect(await scene.events()).toEqual(['slow firing', 'slow resolved'])
})

test('an event that a suspended leader was writing is refused; the next leader has sent its own', async () => {
  const scene = new Scene()
  const { a, b } = await pair(scene, [ruleOf('tripped')])
  a.line.suspend()
  scene.value = 1
  // The renewal of the lease and the event.
  await expect.poll(() => a.line.waiting, polling).toBeGreaterThan(1)
  await expect.poll(() => [b.shared.evaluator, stateOf(b)], polling).toEqual(['b', 'firing'])
  a.line.resume()
  await expect.poll(() => a.line.waiting, polling).toBe(0)
  await expect.poll(() => stateOf(a), polling).toBe('firing')
  const { count } = b.evaluated
  await expect.poll(() => b.evaluated.count, polling).toBeGreaterThan(count + 5)
  expect(await scene.events()).toEqual(['tripped firing'])
})

test('without rules an instance never ends the alerts of others; removing the last rule ends them', async () => {
  const scene = new Scene()
  const { a } = await pair(scene, [ruleOf('tripped')])
  const none = await scene.instance('none', [])
  scene.value = 1
  await expect.poll(() => stateOf(a), polling).toBe('firing')
  expect([none.shared.list(), none.shared.evaluator]).toEqual([[], 'a'])
  await a.shared.apply([])
  expect(await scene.events()).toEqual(['tripped firing', 'tripped resolved'])
  expect(none.evaluated.count).toBe(0)
})
