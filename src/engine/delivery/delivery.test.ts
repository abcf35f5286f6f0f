import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realHost } from '../../host/index.ts'
import { encodeBatch, openJournal, type SegmentWriter, type Unit } from '../../journal/index.ts'
import type { Batch, EventBatch } from '../../model/batches.ts'
import { eventAt, toEventBatch } from '../../model/events.ts'
import type { Failure } from '../../model/outcome.ts'
import { deadLetterAdmin, localDeadLetters } from './dead-letter-admin.ts'
import { Follower } from '../follower.ts'
import { makeLedger } from '../ledger/ledger.ts'
import type { FrameHeader, Log, Metrics, SinkBatch, SinkDefinition } from '../contracts.ts'
import { noFlows, sinkRows } from './rows.ts'
import { SinkSet, type SinkEntry } from './sinks.ts'
import { DeadLetters, toDeadLetter } from './dead-letters.ts'
import { DeadLetterFile } from './dead-letter-file.ts'
import { defaultDelivery, type DeliverySettings } from './settings.ts'
import { sum } from './tally.ts'

const host = realHost()
const lines: string[] = []
const say = (message: string): void => void lines.push(message)
const log: Log = { debug: say, info: say, warn: say, error: say }
const metrics: Metrics = { count: () => {}, set: () => {} }

class OtherSide {
  readonly taken: string[] = []
  readonly tokens: string[] = []
  answer: (batch: SinkBatch, ids: readonly string[]) => readonly Failure[] | Promise<readonly Failure[]> = () => []

  definition(): SinkDefinition<unknown> {
    return {
      type: 'test',
      accepts: ['events', 'flows'],
      idempotency: 'none',
      build: async () => ({
        send: async (batch) => {
          const ids = [...sinkRows(batch, noFlows)].map((row) => row.event.id)
          this.tokens.push(batch.token)
          const failures = await this.answer(batch, ids)
          const failed = new Set(failures.map((failure) => failure.index))
          ids.forEach((id, index) => {
            if (!failed.has(index)) this.taken.push(id)
          })
          return failures
        },
        close: async () => {},
      }),
    }
  }
}

let data = ''
let journal: SegmentWriter
let follower: Follower
let sinks: SinkSet
let other: OtherSide
let next = 0

async function open(epoch: number): Promise<void> {
  const directory = `${data}/journal`
  journal = await openJournal({ host, directory, epoch })
  const accepted = new Map([...journal.totals()].map(([name, total]) => [name, total.accepted]))
  follower = new Follower({ host, directory, tail: journal.tail, after: { sequence: 0, row: 0 }, accepted })
  sinks = new SinkSet({
    host,
    log,
    metrics,
    directory,
    deadLetters: (sink) => new DeadLetterFile(host, `${data}/dead-letters`, sink),
    tail: journal.tail,
    follower,
    load: () => Promise.resolve(other.definition()),
    accepted: () => follower.accepted(),
  })
}

async function close(): Promise<void> {
  await sinks.stop()
  await follower.close()
  await journal.close()
}

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'weir-delivery-'))
  lines.length = 0
  next = 0
  other = new OtherSide()
  await open(1)
})
afterEach(async () => {
  await close()
  await rm(data, { recursive: true, force: true })
})

function entry(more: Partial<DeliverySettings> = {}, id = 'out'): SinkEntry {
  const delivery = { ...defaultDelivery, retry: { firstMs: 1, maxMs: 5 }, ...more }
  return { id, type: 'test', settings: {}, delivery, written: JSON.stringify(delivery) }
}

function unit(source: string, ids: readonly string[], type = 'a.b'): Unit {
  const raw = encodeBatch(toEventBatch(ids.map((id) => ({ id, source: '/s', type, encoding: 'none' as const }))))
  return {
    source,
    stream: source,
    kind: 'events',
    count: ids.length,
    raw,
    received: host.clock.now(),
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

async function push(count: number, source = 'in', type = 'a.b'): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `e${next++}`)
  await journal.append(unit(source, ids, type))
  return ids
}

async function books(): Promise<ReturnType<typeof makeLedger>> {
  await follower.catchUp()
  const sources = [...follower.accepted()].map(([name, accepted]) => ({ name, accepted, duplicates: 0, shed: {} }))
  return makeLedger(
    sources,
    sinks.all().map(({ entry: { id }, delivery }) => ({
      name: id,
      takes: (source) => delivery.takes(source),
      tallies: delivery.record.sources,
      deadLetters: delivery.deadLetters,
      ahead: new Map(
        [...follower.seen(id)].map(([source, rows]) => [
          source,
          rows - (delivery.record.sources[source]?.accounted ?? 0),
        ]),
      ),
    })),
  )
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await host.timers.sleep(2)
}

const pending = (id = 'out'): number => {
  const delivery = sinks.get(id)
  const seen = [...follower.accepted()]
    .filter(([source]) => delivery?.takes(source))
    .reduce((total, [, rows]) => total + rows, 0)
  return (
    seen -
    sum(
      Object.fromEntries(
        Object.entries(delivery?.record.sources ?? {}).map(([source, tally]) => [source, tally.accounted]),
      ),
    )
  )
}

async function settled(id = 'out'): Promise<void> {
  await follower.catchUp()
  await until(() => pending(id) === 0)
}

describe('delivery to one sink', () => {
  it('filters rows by the given filter and counts them', async () => {
    const filter = (batch: Batch) => (row: number) => batch.kind === 'events' && eventAt(batch, row).id !== 'b'
    await sinks.apply([entry({ only: { filter } })])
    await journal.append(unit('alpha', ['a', 'b', 'c']))
    await journal.append(unit('alpha', ['b']))
    await expect.poll(() => sinks.get('out')?.record.sources['alpha']?.accounted).toBe(4)
    expect(other.taken).toEqual(['a', 'c'])
    expect(sinks.get('out')?.record.sources['alpha']).toMatchObject({ delivered: 2, filtered: { filter: 2 } })
    await follower.catchUp()
    expect(makeLedger([{ name: 'alpha', accepted: 4, duplicates: 0, shed: {} }], sinks.books())).toMatchObject({
      balanced: true,
      sinks: [{ routed: 2, delivered: 2 }],
    })
  })

  it('delivers in order and the ledger adds up', async () => {
    await sinks.apply([entry()])
    const ids = [...(await push(3)), ...(await push(2)), ...(await push(4, 'other'))]
    await settled()
    expect(other.taken).toEqual(ids)
    const ledger = await books()
    expect(ledger.balanced).toBe(true)
    expect(ledger.sinks[0]).toMatchObject({ routed: 9, delivered: 9, pending: 0, from: ['in', 'other'] })
  })

  it('resumes after a restart and delivers rows accepted meanwhile', async () => {
    await sinks.apply([entry()])
    const before = await push(3)
    await settled()
    await close()
    await open(2)
    const away = await push(2)
    await sinks.apply([entry()])
    await settled()
    expect(other.taken).toEqual([...before, ...away])
    expect((await books()).balanced).toBe(true)
  })

  it('counts rows before a new sink as filtered, not as delivered', async () => {
    await push(5)
    await sinks.apply([entry()])
    const ids = await push(2)
    await settled()
    expect(other.taken).toEqual(ids)
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ filtered: { before_start: 5 }, routed: 2, delivered: 2 })
    expect(ledger.balanced).toBe(true)
  })

  it('tries again only what failed and keeps the order of the rest', async () => {
    await sinks.apply([entry()])
    let refused = 0
    other.answer = (_batch, ids) =>
      ids.includes('e1') && refused++ < 3 ? [{ index: ids.indexOf('e1'), is: 'retry', reason: 'busy' }] : []
    await push(3)
    await settled()
    expect(other.taken).toEqual(['e0', 'e2', 'e1'])
    expect((await books()).balanced).toBe(true)
  })

  it('ignores dead letters of a range that a crash left uncommitted, also after later starts', async () => {
    await sinks.apply([entry()])
    await close()
    await open(2)
    const [id = ''] = await push(1)
    const { sequence } = journal.tail.durable()
    const crashed = await DeadLetters.open(host, `${data}/dead-letters`, 'out', sequence - 1)
    const header: Partial<FrameHeader> = {
      source: 'in',
      kind: 'events',
      epoch: 2,
      sourceSequence: 1,
      sequence,
      received: host.clock.now(),
    }
    const rejection = { reason: 'poison', attempts: 1, time: host.clock.now() }
    await crashed.add([toDeadLetter(header as FrameHeader, 0, new Uint8Array(), rejection)])
    await crashed.close()
    await sinks.apply([entry()])
    await settled()
    expect(other.taken).toEqual([id])
    await close()
    await open(3)
    await sinks.apply([entry()])
    await settled()
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ routed: 1, delivered: 1, dead_lettered: 0, pending: 0 })
    expect(ledger.balanced).toBe(true)
  })

  it('stores rejected rows as dead letters, which an operator can redeliver or drop', async () => {
    await sinks.apply([entry()])
    other.answer = (_batch, ids) =>
      ids.flatMap((id, index) =>
        id === 'e1' || id === 'e2' ? [{ index, is: 'reject' as const, reason: 'poison' }] : [],
      )
    await push(4)
    await settled()
    const delivery = sinks.get('out')
    const letters = delivery?.deadLetters.waiting() ?? []
    expect(letters.map((letter) => [letter.reason, letter.row])).toEqual([
      ['poison', 1],
      ['poison', 2],
    ])
    expect((await books()).sinks[0]).toMatchObject({ delivered: 2, dead_lettered: 2, pending: 0 })
    other.answer = () => []
    await delivery?.deadLetters.mark([letters[0]?.id ?? ''], 'retrying')
    await delivery?.deadLetters.mark([letters[1]?.id ?? ''], 'dropped')
    expect((await books()).sinks[0]).toMatchObject({
      delivered: 2,
      dead_lettered: 0,
      pending: 1,
      dropped: { dead_letter: 1 },
    })
    delivery?.nudge()
    await until(() => delivery?.deadLetters.waiting().length === 0)
    expect(other.taken).toEqual(['e0', 'e3', 'e1'])
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ delivered: 3, dead_lettered: 0, pending: 0, dropped: { dead_letter: 1 } })
    expect(ledger.balanced).toBe(true)
  })

  it('delivers an edited dead letter under its ids, also after a restart, and the ledger balances', async () => {
    await sinks.apply([entry()])
    other.answer = (_batch, ids) =>
      ids.flatMap((id, index) =>
        id === 'e1' || id === 'e2' ? [{ index, is: 'reject' as const, reason: 'poison' }] : [],
      )
    await push(3)
    await settled()
    const admin = deadLetterAdmin(localDeadLetters(sinks))
    const [letter, second] = (await admin.list({ sink: 'out' }, 10, true)).toSorted((a, b) => a.id.localeCompare(b.id))
    const body = letter?.body as Record<string, unknown>
    await expect(admin.edit('out', letter?.id ?? '', { ...body, id: 'another' })).rejects.toThrow('id and the source')
    await expect(admin.edit('out', letter?.id ?? '', { ...body, colour: 'red' })).rejects.toThrow('"colour"')
    await expect(admin.edit('out', letter?.id ?? '', { ...body, time: 'soon' })).rejects.toThrow('`time`')
    expect(await admin.edit('out', 'nothing', body)).toBe(false)
    // Still refused: it waits again, and as it was edited.
    expect(await admin.edit('out', letter?.id ?? '', { ...body, type: 'mended', data: { sum: 1 } })).toBe(true)
    await until(() => sinks.get('out')?.deadLetters.get(letter?.id ?? '')?.state === 'open')
    expect(await admin.show(letter?.id ?? '', 'out')).toMatchObject({
      attempts: 2,
      reason: 'poison',
      body: { id: 'e1', type: 'mended', data: { sum: 1 } },
    })
    expect((await books()).sinks[0]).toMatchObject({ delivered: 1, dead_lettered: 2, pending: 0 })
    await close()
    await open(2)
    other.answer = () => []
    await sinks.apply([entry()])
    const again = deadLetterAdmin(localDeadLetters(sinks))
    expect((await again.show(letter?.id ?? '', undefined))?.body).toMatchObject({ type: 'mended' })
    const got: EventBatch[] = []
    other.answer = (batch) => {
      got.push(...batch.pieces.map((piece) => piece.batch as EventBatch))
      return []
    }
    expect(await again.retry('out', { ids: [letter?.id ?? ''] })).toBe(1)
    await until(() => sinks.get('out')?.deadLetters.get(letter?.id ?? '')?.state === 'delivered')
    expect(eventAt(got[0] as EventBatch, 0)).toMatchObject({ id: 'e1', type: 'mended' })
    expect(await again.edit('out', letter?.id ?? '', body)).toBe(false)
    expect(await again.drop('out', { ids: [second?.id ?? ''] })).toBe(1)
    expect(await again.show(second?.id ?? '', 'out')).toMatchObject({ state: 'dropped' })
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({
      routed: 3,
      delivered: 2,
      dead_lettered: 0,
      pending: 0,
      dropped: { dead_letter: 1 },
    })
    expect(ledger.balanced).toBe(true)
  })

  it('repeats exactly the intended range with the same token after a stop before the commit', async () => {
    await sinks.apply([entry({ batch: { events: 2, bytes: 1 << 20, waitMs: 0 } })])
    other.answer = (_batch, ids) => ids.map((_, index) => ({ index, is: 'retry' as const, reason: 'away' }))
    await push(3)
    await until(() => other.tokens.length > 0)
    const token = other.tokens[0]
    await close()
    other.tokens.length = 0
    other.answer = () => []
    await open(2)
    await push(2)
    await sinks.apply([entry({ batch: { events: 5, bytes: 1 << 20, waitMs: 0 } })])
    await settled()
    expect(other.tokens[0]).toBe(token)
    expect(other.taken).toEqual(['e0', 'e1', 'e2', 'e3', 'e4'])
    expect((await books()).balanced).toBe(true)
  })

  it('drops its oldest rows, loudly and only for itself, once it is behind its retain', async () => {
    await sinks.apply([entry({ retain: { bytes: 2000, ageMs: 3600_000 } }), entry({}, 'healthy')])
    other.answer = (batch, ids) =>
      batch.token.startsWith('out/') ? ids.map((_, index) => ({ index, is: 'retry' as const, reason: 'away' })) : []
    for (let i = 0; i < 60; i++) await push(5)
    await settled('healthy')
    await until(() => (sinks.get('out')?.record.sources['in']?.dropped['behind'] ?? 0) > 0)
    const ledger = await books()
    expect(ledger.balanced).toBe(true)
    expect(ledger.sinks.find((sink) => sink.name === 'healthy')).toMatchObject({ delivered: 300, pending: 0 })
    expect(lines.some((line) => line.includes('oldest rows are dropped'))).toBe(true)
    other.answer = () => []
    await settled('out')
    const after = await books()
    const out = after.sinks.find((sink) => sink.name === 'out')
    expect((out?.delivered ?? 0) + (out?.dropped['behind'] ?? 0)).toBe(300)
    expect(after.balanced).toBe(true)
  })

  // After a clock jump of a day, pending rows of a working sink must not be dropped.
  it('drops rows by age only when the sink fails, because a changed clock makes all rows old', async () => {
    await sinks.apply([entry({ retain: { bytes: 1 << 30, ageMs: -1 } })])
    const ids = await push(3)
    await settled()
    expect(other.taken).toEqual(ids)
    other.answer = () => Promise.reject(new Error('away'))
    await push(2)
    await settled()
    other.answer = () => []
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ delivered: 3, dropped: { behind: 2 } })
    expect(ledger.balanced).toBe(true)
  })

  it('filters by family and type and counts what did not match', async () => {
    await sinks.apply([entry({ only: { type: ['a.*'] } })])
    const ids = await push(2)
    await push(3, 'in', 'c.d')
    await settled()
    expect(other.taken).toEqual(ids)
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ filtered: { only: 3 }, routed: 2, delivered: 2 })
    expect(ledger.balanced).toBe(true)
  })

  it('counts unreadable rows as quarantined and delivers all others', async () => {
    await sinks.apply([entry()])
    await push(1)
    await settled()
    await close()
    await open(2)
    await push(2)
    const lost = await push(3)
    const { segment, offset } = journal.tail.durable()
    await push(4)
    await close()
    const path = `${data}/journal/${segment}`
    const bytes = await readFile(path)
    bytes[offset - 3] = (bytes[offset - 3] ?? 0) ^ 1
    await writeFile(path, bytes)
    await open(3)
    await sinks.apply([entry()])
    await settled()
    expect(other.taken).toHaveLength(7)
    expect(other.taken).not.toContain(lost[0])
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ routed: 10, delivered: 7, quarantined: 3, pending: 0 })
    expect(ledger.sources).toMatchObject([{ name: 'in', accepted: 10, unreadable: 3 }])
    expect(ledger.balanced).toBe(true)
  })

  it('is not held up by a sink that hangs when the configuration changes', async () => {
    await sinks.apply([entry()])
    other.answer = () => new Promise<never>(() => {})
    await push(1)
    await until(() => other.tokens.length > 0)
    const hung = other
    other = new OtherSide()
    await sinks.apply([entry({ batch: { events: 7, bytes: 1 << 20, waitMs: 0 } })])
    await settled()
    expect(other.taken).toEqual(['e0'])
    expect(hung.taken).toEqual([])
    expect((await books()).balanced).toBe(true)
  }, 15_000)

  it('reports the rows that a removed sink missed when it returns', async () => {
    await sinks.apply([entry()])
    await push(2)
    await settled()
    await sinks.apply([])
    await push(3)
    await follower.catchUp()
    await sinks.apply([entry()])
    const ids = await push(1)
    await settled()
    expect(other.taken.slice(2)).toEqual(ids)
    const ledger = await books()
    expect(ledger.sinks[0]).toMatchObject({ delivered: 3, dropped: { removed: 3 } })
    expect(ledger.balanced).toBe(true)
  })
})
