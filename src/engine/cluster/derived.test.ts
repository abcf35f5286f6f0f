import { expect, test } from 'vitest'
import { collector, deliver, derived, expected, recordsOf } from '../../../test/kit/derived-partition.ts'
import { MemoryBus } from '../../../test/kit/memory-bus.ts'
import { makeLedger } from '../ledger/ledger.ts'
import { sharedLedger } from './shared-ledger.ts'
import { partitionOf } from './names.ts'

const patience = { timeout: 10_000, interval: 5 }
const [zero = '', one = ''] = [0, 1].map(
  (partition) => ['a', 'b', 'c', 'd', 'e', 'f'].find((name) => partitionOf(`in@${name}`, 2) === partition) ?? '',
)

test('each partition is derived by its deliverer, continues after a takeover, and the ledger balances', async () => {
  const bus = new MemoryBus(2)
  const list: string[] = []
  const [send, sendOther] = [await collector(bus, zero), await collector(bus, one)]
  const first = await deliver(bus, 0, list)
  await deliver(bus, 1, list)
  await Promise.all([send(5), sendOther(12)])
  await expect.poll(() => list.length, patience).toBe(5 + 11)
  await first.close()
  await send(3)
  await deliver(bus, 0, list)
  await expect.poll(() => list.length, patience).toBe(8 + 11)
  expect(await derived(bus, 0)).toEqual(expected(zero, 8))
  expect(await derived(bus, 1)).toEqual(expected(one, 12))
  expect(list.toSorted()).toEqual([...expected(zero, 8), ...expected(one, 12)].toSorted())
  const records = recordsOf(bus)
  const ledger = async (): Promise<ReturnType<typeof makeLedger>> => {
    await records.sync(new AbortController().signal)
    const { sources, sinks } = sharedLedger(records, [])
    return makeLedger(sources, sinks)
  }
  await expect
    .poll(async () => (await ledger()).sources.map(({ name, accepted }) => `${name} ${accepted}`).toSorted(), patience)
    .toEqual([`in@${zero} 8`, `in@${one} 12`, 'marked@partition-0 8', 'marked@partition-1 11'].toSorted())
  await expect
    .poll(async () => (await ledger()).sinks.map(({ name, pending }) => `${name} ${pending}`).toSorted(), patience)
    .toEqual(['marked 0', 'out 0'])
  const books = await ledger()
  expect(books.sinks.find(({ name }) => name === 'marked')).toMatchObject({ routed: 20, delivered: 19 })
  expect(books.balanced).toBe(true)
})

test('rows that the bus removed before they were derived are counted, and the others are derived', async () => {
  const bus = new MemoryBus(2)
  const send = await collector(bus, zero)
  await (await deliver(bus, 0)).close()
  await send(4)
  const { last } = await bus.bounds(0)
  await send(2)
  bus.forget(0, last)
  const worker = await deliver(bus, 0)
  await expect.poll(() => derived(bus, 0), patience).toEqual(expected(zero, 6).slice(4))
  await expect
    .poll(() => worker.sinks.get('marked')?.record.sources[`in@${zero}`], patience)
    .toMatchObject({ quarantined: 4, delivered: 2 })
})
