// Conformance of a bus that holds the journal. Each connector's real tests run it on a real server.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { weirSchema } from '../../src/app/config.ts'
import { checkShared } from '../../src/cli/doctor/shared.ts'
import { realHost } from '../../src/host/index.ts'
import { realMachine } from '../../src/host/machine.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import type { Pipeline } from '../../src/engine/control.ts'
import { EventClient } from '../kit/event-client.ts'
import { measured, proves, type Against } from '../kit/proof.ts'
import { WeirGroup } from '../kit/weir-group.ts'
import type { WeirProcess } from '../kit/weir-process.ts'
import { Fenced, fenceKey, type BusRecord, type Channel, type JournalBus } from '../../src/journal/bus.ts'

export interface JournalBusUnderTest {
  /** A separate bus for one test; every call of `open` joins it. */
  fresh(): { open(): Promise<JournalBus> }
  /** Settings of Weirs that share one bus with this number of partitions. */
  config(partitions: number): Readonly<Record<string, unknown>>
  /** The part of the settings that separates journals on one server. */
  named(name: string): Readonly<Record<string, unknown>>
  /** The server stops; `back` starts it with the stored data. */
  away(): Promise<void>
  back(): Promise<void>
}

const patience = { timeout: 60_000, interval: 50 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (record: BusRecord): string => `${record.key}=${new TextDecoder().decode(record.value)}`

/** The first `count` records after `after`, without fence records. */
async function first(bus: JournalBus, channel: Channel, after: number, count: number): Promise<BusRecord[]> {
  const found: BusRecord[] = []
  const stop = AbortSignal.timeout(20_000)
  for await (const some of bus.read(channel, after, stop)) {
    found.push(...some.filter(({ key, value }) => !key.startsWith(fenceKey) && value.length > 0))
    if (found.length >= count) break
  }
  return found
}

export function journalBusConformance(under: () => JournalBusUnderTest, against: Against): void {
  proves('journal', against)

  const opened = async (from = under().fresh()): Promise<JournalBus> => {
    const bus = await from.open()
    onTestFinished(() => bus.close())
    return bus
  }

  test('records are read unchanged and in order, with rising positions', async () => {
    const bus = await opened()
    const writer = await bus.claim('a')
    await writer.fence(1, 'k')
    const last = await writer.write(1, [
      { key: 'k', value: bytes('one') },
      { key: 'k', value: bytes('two') },
    ])
    const again = await writer.write(1, [{ key: 'k', value: bytes('three') }])
    const found = await first(bus, 1, 0, 3)
    expect(found.map(text)).toEqual(['k=one', 'k=two', 'k=three'])
    expect(found.map(({ position: place }) => place)).toEqual([last - 1, last, again])
    expect((await bus.bounds(1)).last).toBe(again)
    expect((await first(bus, 1, last, 1)).map(text)).toEqual(['k=three'])
    measured('as written')
  })

  test('partitions and records are apart', async () => {
    const bus = await opened()
    const writer = await bus.claim('a')
    for (const channel of [0, 1, 'records'] as const) {
      await writer.fence(channel, 'k')
      await writer.write(channel, [{ key: 'k', value: bytes(String(channel)) }])
    }
    for (const channel of [0, 1, 'records'] as const)
      expect((await first(bus, channel, 0, 1)).map(text)).toEqual([`k=${channel}`])
  })

  test('an open reader receives later records', async () => {
    const bus = await opened()
    const writer = await bus.claim('a')
    await writer.fence(0, 'k')
    const reading = first(bus, 0, 0, 2)
    await writer.write(0, [{ key: 'k', value: bytes('one') }])
    await writer.write(0, [{ key: 'k', value: bytes('two') }])
    expect((await reading).map(text)).toEqual(['k=one', 'k=two'])
  })

  test('the latest claim of a name fences earlier ones; their records precede the fence record', async () => {
    const shared = under().fresh()
    const [older, newer] = [await opened(shared), await opened(shared)]
    const before = await older.claim('a')
    await before.fence(0, 'k')
    const place = await before.write(0, [{ key: 'k', value: bytes('old') }])
    const after = await newer.claim('a')
    const mark = await after.fence(0, 'k')
    expect(mark).toBeGreaterThan(place)
    await expect(before.write(0, [{ key: 'k', value: bytes('too late') }])).rejects.toThrow(Fenced)
    expect(await after.write(0, [{ key: 'k', value: bytes('new') }])).toBeGreaterThan(mark)
    expect((await first(newer, 0, 0, 2)).map(text)).toEqual(['k=old', 'k=new'])
  })

  test('names are fenced independently', async () => {
    const shared = under().fresh()
    const bus = await opened(shared)
    const [one, other] = [await bus.claim('a'), await bus.claim('b')]
    await one.fence(0, 'one')
    await other.fence(0, 'other')
    await one.write(0, [{ key: 'one', value: bytes('1') }])
    await other.write(0, [{ key: 'other', value: bytes('2') }])
    await one.write(0, [{ key: 'one', value: bytes('3') }])
    expect((await first(bus, 0, 0, 3)).map(text)).toEqual(['one=1', 'other=2', 'one=3'])
  })

  test('several records of half a megabyte are written together', async () => {
    const bus = await opened()
    const writer = await bus.claim('a')
    await writer.fence(0, 'k')
    const large = Uint8Array.from({ length: 512 * 1024 + 2000 }, (_, at) => (at * 31) % 251)
    await writer.write(
      0,
      Array.from({ length: 6 }, () => ({ key: 'k', value: large })),
    )
    const found = await first(bus, 0, 0, 6)
    expect(found).toHaveLength(6)
    for (const { value } of found) expect(Buffer.compare(value, large)).toBe(0)
  })

  test('a record written during an outage is stored once after recovery', async () => {
    const bus = await opened()
    const writer = await bus.claim('a')
    await writer.fence(0, 'k')
    await writer.write(0, [{ key: 'k', value: bytes('before') }])
    await under().away()
    const records = [{ key: 'k', value: bytes('during') }]
    await expect(writer.write(0, records)).rejects.toThrow()
    await under().back()
    await expect
      .poll(() => writer.write(0, records).catch(() => 0), { timeout: 30_000, interval: 100 })
      .toBeGreaterThan(0)
    await writer.write(0, [{ key: 'k', value: bytes('after') }])
    expect((await first(bus, 0, 0, 3)).map(text)).toEqual(['k=before', 'k=during', 'k=after'])
  })

  test('a frozen collector that lost its name is refused and logs it; accepted events are delivered', async () => {
    await using group = await WeirGroup.start({
      folder: await mkdtemp(join(tmpdir(), 'weir-frozen-')),
      collectors: 1,
      deliverers: 1,
      journal: { on: { ...under().config(2), ...under().named('frozen') } },
    })
    await group.shared(2)
    const frozen = group.collectors[0] as WeirProcess
    const send = (weir: WeirProcess, id: string): Promise<unknown> =>
      weir.post(
        '/events',
        [{ specversion: '1.0', id, source: '/test', type: 'numbered' }],
        'application/cloudevents-batch+json',
      )
    await send(frozen, '1')
    process.kill(frozen.pid, 'SIGSTOP')
    await using successor = await group.another('collector', 1)
    await send(successor, '2')
    process.kill(frozen.pid, 'SIGCONT')
    await expect(send(frozen, '3')).rejects.toThrow(/another instance writes as|WEIR_JOURNAL_SYNC/)
    await expect
      .poll(async () => JSON.stringify(await (await fetch(`${frozen.opsUrl}/healthz/ready`)).json()), patience)
      .toMatch(/another Weir writes as collector-1/)
    await send(successor, '4')
    await expect.poll(() => group.receiver.received.map(({ id }) => id).toSorted(), patience).toEqual(['1', '2', '4'])
    const ledger = await group.caughtUp(3, 30_000)
    expect(ledger.sources.map(({ name, accepted }) => [name, accepted])).toEqual([['http@collector-1', 3]])
    expect(ledger.balanced).toBe(true)
  }, 120_000)

  test('collectors, deliverers and the API share a journal and its counts', async () => {
    await using group = await WeirGroup.start({
      folder: await mkdtemp(join(tmpdir(), 'weir-group-')),
      collectors: 2,
      deliverers: 2,
      journal: { on: under().config(4) },
    })
    await group.shared(4)
    const clients = group.collectors.map(
      (weir, at) => new EventClient({ url: weir.url, connections: 2, batch: 20, pause: 5, source: `/test/${at}` }),
    )
    for (const client of clients) client.start()
    await expect.poll(() => group.receiver.received.length, patience).toBeGreaterThan(2000)
    for (const client of clients) await client.stop()
    const sent = clients.reduce((sum, client) => sum + client.sent, 0)
    const ledger = await group.caughtUp(sent, 30_000)
    expect(
      ledger.sources.map(({ name, accepted }) => [name, accepted] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ).toEqual(clients.map((client, at) => [`http@collector-${at + 1}`, client.sent]))
    expect(ledger.sinks.map(({ name, delivered, pending }) => [name, delivered, pending])).toEqual([
      ['store', sent, 0],
      ['out', sent, 0],
    ])
    expect(ledger.balanced).toBe(true)
    const pipeline = await group.api.get<Pipeline>('/api/v1/pipeline')
    expect(
      pipeline.sources.map(({ name, type }) => [name, type]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    ).toEqual([
      ['http@collector-1', 'http'],
      ['http@collector-2', 'http'],
    ])
    // Deliverers publish the state of their sinks every few seconds.
    await expect
      .poll(async () => (await group.api.get<Pipeline>('/api/v1/pipeline')).sinks, patience)
      .toMatchObject([{ name: 'store' }, { name: 'out', type: 'http', state: 'running' }])
    const [found] = await checkShared({
      host: realHost(),
      machine: realMachine,
      running: undefined,
      config: configFrom(weirSchema, { journal: { on: under().config(4) } } as WrittenConfigOf<typeof weirSchema>),
    })
    expect(found).toMatchObject({
      status: 'ok',
      fact: expect.stringMatching(/4 partitions, delivered by deliverer-1, deliverer-2; 2 sources$/) as string,
    })
    expect(group.receiver.received).toHaveLength(sent)
    expect(
      await group.api.sql('SELECT count(*)::INT AS rows, count(DISTINCT (source, id))::INT AS ids FROM events'),
    ).toEqual([{ rows: sent, ids: sent }])
    // Dead letters of a deliverer are listed and redriven from another Weir.
    group.receiver.status = 400
    await group.collectors[0]?.post(
      '/events',
      { specversion: '1.0', id: 'refused', source: '/test', type: 'numbered' },
      'application/cloudevents+json',
    )
    await expect
      .poll(() => group.api.get('/api/v1/dead-letters?bodies=false'), patience)
      .toMatchObject([{ sink: 'out', state: 'open' }])
    expect((await group.caughtUp(sent + 1, 30_000)).sinks[1]).toMatchObject({
      name: 'out',
      delivered: sent,
      dead_lettered: 1,
      quarantined: 0,
    })
    group.receiver.status = 204
    expect(await group.api.post('/api/v1/dead-letters/out/retry', {})).toEqual({ retried: 1 })
    await expect.poll(() => group.receiver.received.at(-1)?.id, patience).toBe('refused')
    await expect
      .poll(async () => (await group.collectors[1]?.ledger())?.sinks.find(({ name }) => name === 'out'), patience)
      .toMatchObject({ delivered: sent + 1, dead_lettered: 0 })
  }, 120_000)
}
