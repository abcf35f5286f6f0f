import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { realHost } from '../../host/index.ts'
import { encodeBatch, openJournal, type SegmentWriter } from '../../journal/index.ts'
import { eventAt, toEventBatch } from '../../model/events.ts'
import { DeadLetterFile } from './dead-letter-file.ts'
import { defaultDelivery } from './settings.ts'
import { Follower } from '../follower.ts'
import { makeLedger } from '../ledger/ledger.ts'
import { SinkSet, type SinkEntry } from './sinks.ts'
import { verifyLedger } from '../ledger/verify.ts'

const host = realHost()
const patience = { timeout: 30_000, interval: 10 }
let data = ''
let journal: SegmentWriter
let follower: Follower
let sinks: SinkSet
let isAway = true
let taken: string[] = []
let next = 0
let lines: { level: string; message: string; fields: unknown }[] = []

async function open(epoch: number): Promise<void> {
  const directory = `${data}/journal`
  journal = await openJournal({ host, directory, epoch, limits: { segmentBytes: 1024 } })
  const accepted = new Map([...journal.totals()].map(([name, total]) => [name, total.accepted]))
  follower = new Follower({ host, directory, tail: journal.tail, after: { sequence: 0, row: 0 }, accepted })
  const { metrics } = testContext()
  const say =
    (level: string) =>
    (message: string, fields?: unknown): void =>
      void lines.push({ level, message, fields })
  const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  sinks = new SinkSet({
    host,
    log,
    metrics,
    directory,
    deadLetters: (sink) => new DeadLetterFile(host, `${data}/dead-letters`, sink),
    tail: journal.tail,
    follower,
    accepted: () => follower.accepted(),
    load: () =>
      Promise.resolve({
        type: 'test',
        accepts: ['events'],
        idempotency: 'none',
        build: () =>
          Promise.resolve({
            send: ({ pieces, count }) => {
              if (isAway)
                return Promise.resolve(
                  Array.from({ length: count }, (_, index) => ({ index, is: 'retry', reason: 'away' }) as const),
                )
              for (const { batch, rows } of pieces)
                for (const row of rows) if (batch.kind === 'events') taken.push(eventAt(batch, row).id)
              return Promise.resolve([])
            },
            close: () => Promise.resolve(),
          }),
      }),
  })
}
async function close(): Promise<void> {
  await sinks.stop()
  await follower.close()
  await journal.close()
}
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'weir-former-'))
  ;[isAway, taken, next, lines] = [true, [], 0, []]
  await open(1)
})
afterEach(async () => {
  await close()
  await rm(data, { recursive: true, force: true })
})

const entry = (id: string, written = '1'): SinkEntry => ({
  id,
  type: 'test',
  settings: {},
  written,
  delivery: { ...defaultDelivery, retry: { firstMs: 1, maxMs: 5 } },
})
async function push(count: number): Promise<string[]> {
  const prefix = `p${next++}-`
  await journal.append({
    source: 'in',
    stream: 'in',
    kind: 'events',
    count,
    raw: encodeBatch(toEventBatch(numberedEvents(count, prefix))),
    received: host.clock.now(),
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  })
  return numberedEvents(count, prefix).map(({ id }) => id)
}
async function ledger(): Promise<ReturnType<typeof makeLedger>> {
  await follower.catchUp()
  const sources = [...follower.accepted()].map(([name, accepted]) => ({ name, accepted, duplicates: 0, shed: {} }))
  return makeLedger(sources, sinks.books())
}
const books = async (sink = 'out'): Promise<unknown> => (await ledger()).sinks.find(({ name }) => name === sink)

describe('a sink that is removed with pending rows', () => {
  it('retains rows and delivers them with later ones when the sink returns under its name', async () => {
    await sinks.apply([entry('out')])
    const before = await push(3)
    await expect.poll(() => sinks.get('out')?.error, patience).toContain('away')
    await sinks.apply([])
    const during = await push(2)
    isAway = false
    await sinks.apply([entry('out', '2')])
    await expect.poll(() => taken, patience).toEqual([...before, ...during])
    await sinks.apply([entry('out', '2')])
    expect(await books()).toMatchObject({ delivered: 5, pending: 0, dropped: {} })
  })

  it('is in the ledger as orphaned, also after a start without it, and `verify` agrees', async () => {
    await sinks.apply([entry('out'), entry('other')])
    await push(3)
    await expect.poll(() => sinks.get('out')?.error, patience).toContain('away')
    const applied = await sinks.apply([entry('other')])
    expect(applied.orphaned).toEqual([{ id: 'out', rows: 3 }])
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('3 rows') as string }),
    )
    expect(await books()).toMatchObject({ state: 'orphaned', pending: 3, dropped: {} })
    await close()
    await open(2)
    await sinks.apply([])
    expect(await books('other')).toMatchObject({ state: 'orphaned', pending: 3 })
    const verified = await verifyLedger({ host, data, store: undefined })
    expect(verified).toMatchObject({
      balanced: true,
      sinks: [
        { name: 'other', state: 'orphaned', pending: 3 },
        { name: 'out', state: 'orphaned', pending: 3 },
      ],
    })
  })

  it('holds the journal until it gives its oldest rows up for room, with an ERROR line and their number', async () => {
    await sinks.apply([entry('out')])
    for (let at = 0; at < 30; at++) await push(4)
    await expect.poll(() => sinks.get('out')?.error, patience).toContain('away')
    await sinks.apply([])
    await follower.catchUp()
    const hold = sinks.holds() ?? Infinity
    expect(hold).toBeLessThan(journal.tail.durable().sequence)
    await sinks.dropOrphaned(hold + 10)
    expect(sinks.holds()).toBe(hold + 10)
    const found = (await books()) as { pending: number; dropped: { orphaned: number } }
    expect(found.dropped.orphaned).toBeGreaterThan(20)
    expect(found.pending + found.dropped.orphaned).toBe(120)
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: { sink: 'out', rows: found.dropped.orphaned } }),
    )
    expect((await ledger()).balanced).toBe(true)
  })

  it('drops forgotten rows with an ERROR line; the ledger counts them as dropped and stays balanced', async () => {
    await sinks.apply([entry('out')])
    await push(3)
    await expect.poll(() => sinks.get('out')?.error, patience).toContain('away')
    await expect(sinks.forget('out')).rejects.toMatchObject({ code: 'WEIR_SINK_CONFIGURED' })
    await sinks.apply([])
    expect(await sinks.forget('out')).toBe(3)
    expect(sinks.holds()).toBeUndefined()
    await expect(sinks.forget('nobody')).rejects.toMatchObject({ code: 'WEIR_SINK_UNKNOWN' })
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', fields: { sink: 'out', rows: 3 } }))
    await push(2)
    const expected = {
      name: 'out',
      state: 'forgotten',
      pending: 0,
      dropped: { forgotten: 3 },
      filtered: { forgotten: 2 },
    }
    expect(await ledger()).toMatchObject({ balanced: true, sinks: [expected] })
    await close()
    expect(await verifyLedger({ host, data, store: undefined })).toMatchObject({ balanced: true, sinks: [expected] })
    await open(2)
    isAway = false
    await sinks.apply([entry('out')])
    const later = await push(1)
    await expect.poll(() => taken, patience).toEqual(later)
    await sinks.apply([entry('out')])
    expect(await ledger()).toMatchObject({
      balanced: true,
      sinks: [{ delivered: 1, dropped: { forgotten: 3 }, filtered: { forgotten: 2 } }],
    })
  })
})

it('a working sink delivers all rows before its removal and retains nothing', async () => {
  isAway = false
  await sinks.apply([entry('out')])
  const ids = await push(500)
  expect((await sinks.apply([])).orphaned).toEqual([])
  expect(taken).toEqual(ids)
  expect((await ledger()).sinks).toEqual([])
})
