// Kills a deliverer with transforms at each of its writes. Slow: each killed process takes a second to end.
import { expect, test } from 'vitest'
import { collector, deliver, derived, expected } from '../../../test/kit/derived-partition.ts'
import { MemoryBus } from '../../../test/kit/memory-bus.ts'
import { Fenced, type BusWriter, type JournalBus } from '../../journal/index.ts'
import { partitionOf } from './names.ts'

const patience = { timeout: 30_000, interval: 10 }

/** A bus that ignores every call after the write of this number, as a killed process would. */
function dyingAt(bus: MemoryBus, writes: number): JournalBus & { readonly dead: boolean } {
  let left = writes
  const dying = (writer: BusWriter): BusWriter => ({
    write: (channel, records) => (left-- > 0 ? writer.write(channel, records) : Promise.reject(new Fenced('killed'))),
    fence: (channel, key) => (left-- > 0 ? writer.fence(channel, key) : Promise.reject(new Fenced('killed'))),
    close: () => writer.close(),
  })
  return {
    get dead() {
      return left < 0
    },
    where: bus.where,
    partitions: bus.partitions,
    claim: async (name) => dying(await bus.claim(name)),
    read: (...args) => bus.read(...args),
    bounds: (channel) => bus.bounds(channel),
    close: () => bus.close(),
  }
}

test.each([4, 6, 8, 11])(
  'a deliverer killed at write %i leaves its successor each row derived once and in order',
  async (writes) => {
    const bus = new MemoryBus(2)
    const partition = partitionOf('in@a', 2)
    // A new transform starts with the rows after its creation.
    await (await deliver(bus, partition)).close()
    const send = await collector(bus, 'a')
    for (let at = 0; at < 4; at++) await send(3)
    const killed = dyingAt(bus, writes)
    await deliver(killed, partition).catch(() => undefined)
    await expect.poll(() => killed.dead, patience).toBe(true)
    await deliver(bus, partition)
    await expect.poll(async () => (await derived(bus, partition)).length, patience).toBeGreaterThanOrEqual(11)
    await send(1)
    await expect.poll(async () => (await derived(bus, partition)).at(-1), patience).toBe('a-12!')
    expect(await derived(bus, partition)).toEqual(expected('a', 13))
  },
)
