// Faults that model runs found, each in its smallest form.
import { describe, expect, it } from 'vitest'
import { DeadLetters, type StoredDeadLetter } from '../../src/engine/delivery/dead-letters.ts'
import { sendAll } from '../../src/engine/delivery/send.ts'
import { defaultDelivery } from '../../src/engine/delivery/settings.ts'
import { DuplicateWindow } from '../../src/engine/dedupe/duplicates.ts'
import { idHashes } from '../../src/engine/dedupe/id-hashes.ts'
import type { Log, Metrics, Resolver, SinkBatch } from '../../src/engine/contracts.ts'
import {
  encodeBatch,
  openJournal,
  openReader,
  segmentName,
  type FrameHeader,
  type Unit,
} from '../../src/journal/index.ts'
import { toEventBatch } from '../../src/model/events.ts'
import type { Failure } from '../../src/model/outcome.ts'
import { nowhere } from '../../src/model/positions.ts'
import { openStore } from '../../src/store/index.ts'
import { fakeHost, type FakeHost } from '../kit/fake-host.ts'
import { MemoryTables } from '../kit/memory-tables.ts'
import { begin } from './pipeline/life.ts'
import type { Run } from './pipeline/operations.ts'
import { OtherSide } from './pipeline/other-side.ts'

const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const metrics: Metrics = { count: () => {}, set: () => {} }
const resolver: Resolver = { generation: 1, resolve: () => ({ is: 'unknown' }) }

async function machine(seed = 1): Promise<FakeHost> {
  const host = fakeHost(seed)
  await host.disk.makeDirectory('/data')
  return host
}

function hashesOf(id: string): Uint32Array {
  return idHashes(batchOf(id))
}

function batchOf(id: string): ReturnType<typeof toEventBatch> {
  return toEventBatch([{ id, source: '/s', type: 't', encoding: 'none' }])
}

function unit(id: string, source = 'http'): Unit {
  return {
    source,
    stream: source,
    kind: 'events',
    count: 1,
    raw: encodeBatch(batchOf(id)).slice(),
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

function letter(sequence: number): Omit<StoredDeadLetter, 'state' | 'id'> {
  return {
    source: 'http',
    kind: 'events',
    epoch: 1,
    sourceSequence: sequence,
    row: 0,
    sequence,
    received: 1,
    time: 1,
    reason: 'poison',
    attempts: 1,
    body: '',
  }
}

describe('dead letters', () => {
  it('that no offset record reached stay void when the offset passes them later', async () => {
    const host = await machine()
    const first = await DeadLetters.open(host, '/data/letters', 'sink', 5)
    await first.add([letter(7)])
    await first.close()
    // The next life sends the row again, and it is accepted.
    const second = await DeadLetters.open(host, '/data/letters', 'sink', 5)
    expect(second.all()).toEqual([])
    await second.settleVoids()
    await second.close()
    const third = await DeadLetters.open(host, '/data/letters', 'sink', 9)
    expect(third.waiting()).toEqual([])
    await third.close()
  })

  it('are all present when an operator moves one while another is added', async () => {
    const host = await machine()
    const letters = await DeadLetters.open(host, '/data/letters', 'sink', 0)
    await letters.add([letter(1)])
    await Promise.all([letters.mark(['http:1:1:0'], 'retrying'), letters.add([letter(2)])])
    await letters.close()
    const again = await DeadLetters.open(host, '/data/letters', 'sink', 9)
    expect(again.all().map(({ id, state }) => [id, state])).toEqual([
      ['http:1:1:0', 'retrying'],
      ['http:1:2:0', 'open'],
    ])
    await again.close()
  })
})

describe('a disk that refuses a dead letter once', () => {
  it('receives the row again', async () => {
    const host = await machine()
    const letters = await DeadLetters.open(host, '/data/letters', 'sink', 0)
    host.disk.failNext('write', 'ENOSPC')
    let outcome = 'nothing'
    letters.add([letter(1)]).then(
      () => (outcome = 'added'),
      () => (outcome = 'refused'),
    )
    await host.settle()
    expect(outcome).toBe('refused')
    await letters.add([letter(1)])
  })
})

describe('a clean stop', () => {
  it('keeps each segment that a sink still needs', async () => {
    const host = await machine()
    const run: Run = { seed: 1, segmentBytes: 300, drop: false, batchEvents: 1, giveUp: false, operations: [] }
    const others = [new OtherSide(host.random), new OtherSide(host.random)]
    others[0]?.turn('away')
    const life = await begin(host, run, others)
    for (const id of ['a', 'b', 'c']) await life.journal.append(unit(id))
    await life.store.projection.apply(await life.reader.ready(1 << 20))
    await life.store.projection.commit()
    await life.journal.append(unit('d'))
    await life.store.projection.apply(await life.reader.ready(1 << 20))
    await life.store.projection.commit()
    const stopping = life.stop()
    await host.advance(10_000)
    await stopping
    const again = await begin(host, run, others)
    others[0]?.turn('accept')
    await host.advance(100_000)
    expect(others[0]?.taken.map((row) => row.id)).toEqual(['a', 'b', 'c', 'd'])
    const ending = again.stop()
    await host.advance(10_000)
    await ending
  })
})

describe('a sink on a disk that fails for a while', () => {
  const run: Run = { seed: 1, segmentBytes: 1 << 20, drop: false, batchEvents: 1, giveUp: false, operations: [] }

  async function delivered(fail: (host: FakeHost) => void): Promise<string[]> {
    const host = await machine()
    const others = [new OtherSide(host.random), new OtherSide(host.random)]
    const life = await begin(host, run, others)
    await host.settle()
    fail(host)
    await life.journal.append(unit('a'))
    await host.advance(600_000)
    host.disk.faults.clear()
    host.disk.roomy()
    await life.journal.append(unit('b')).catch(() => {})
    await host.advance(100_000)
    return [...new Set(others[0]?.taken.map((row) => row.id))]
  }

  it('resumes after its journal could not be read', async () => {
    expect(await delivered((host) => host.disk.failNext('read', 'EIO', { match: '.seg', times: 3 }))).toEqual([
      'a',
      'b',
    ])
  })

  it('continues after its offset could not be written for ten minutes', async () => {
    expect(await delivered((host) => host.disk.failNext('sync', 'EIO', { match: '.offset', times: 100_000 }))).toEqual([
      'a',
      'b',
    ])
  })
})

describe('a token', () => {
  it('always names the same rows, also when other rows of the batch are left for a retry', async () => {
    const host = await machine()
    const names = new Map<string, string>()
    const clashes: string[] = []
    const rows = toEventBatch(
      Array.from({ length: 6 }, (_, row) => ({ id: String(row), source: '/s', type: 't', encoding: 'none' as const })),
    )
    const header = { source: 'http', epoch: 1, sourceSequence: 1 } as FrameHeader
    // The same batch in two lives; in each, three of six rows are refused the first time.
    for (const refused of [
      [0, 1, 5],
      [0, 3, 5],
    ]) {
      let attempt = 0
      const send = (batch: SinkBatch): Promise<readonly Failure[]> => {
        const sent = batch.pieces.flatMap((piece) => [...piece.rows]).join()
        if ((names.get(batch.token) ?? sent) !== sent)
          clashes.push(`${batch.token}: ${names.get(batch.token)} and ${sent}`)
        names.set(batch.token, sent)
        return Promise.resolve(attempt++ === 0 ? refused.map((index) => ({ index, is: 'retry', reason: 'busy' })) : [])
      }
      const sending = sendAll(
        {
          id: 'sink',
          sink: () => ({ send, close: () => Promise.resolve() }),
          idempotency: 'none',
          settings: () => defaultDelivery,
          clock: host.clock,
          timers: host.timers,
          random: () => 0.5,
          log,
          behind: () => Promise.resolve(false),
          onState: () => {},
        },
        [{ header, batch: rows, rows: Uint32Array.of(0, 1, 2, 3, 4, 5), firstRow: 0 }],
        100,
        new AbortController().signal,
      )
      await host.advance(10_000)
      await sending
    }
    expect(names.size).toBeGreaterThan(1)
    expect(clashes).toEqual([])
  })
})

describe('a name', () => {
  it('of the dead-letter file is synced before a letter counts, also after a failed first try', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const host = fakeHost(seed)
      await host.disk.makeDirectory('/data/letters')
      await host.disk.syncDirectory('/')
      await host.disk.syncDirectory('/data')
      const letters = await DeadLetters.open(host, '/data/letters', 'sink', 0)
      host.disk.failNext('syncDirectory', 'EIO')
      await letters.add([letter(1)]).catch(() => letters.add([letter(1)]))
      const again = await DeadLetters.open(host.crash(), '/data/letters', 'sink', 9)
      expect(again.all()).toHaveLength(1)
    }
  })

  it('of a folder is synced by the start that relies on it, even if the folder exists', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const first = await machine(seed)
      await first.disk.syncDirectory('/')
      first.disk.failNext('syncDirectory', 'EIO')
      await openJournal({ host: first, directory: '/data/journal', epoch: 1 }).catch(() => {})
      const second = first.kill()
      const journal = await openJournal({ host: second, directory: '/data/journal', epoch: 2 })
      await journal.append(unit('a'))
      const third = await openJournal({ host: second.crash(), directory: '/data/journal', epoch: 3 })
      expect(third.totals().get('http')?.accepted).toBe(1)
    }
  })
})

describe('the duplicate window', () => {
  it('opens whichever bit of its snapshot was flipped, with all entries or none', async () => {
    const host = await machine()
    const window = await DuplicateWindow.open(host, '/data/window')
    window.admit(hashesOf('a'))
    window.confirm(hashesOf('a'))
    window.reached({ sequence: 4, row: 1 })
    await window.commit()
    const bytes = host.disk.contents('/data/window')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      host.disk.put('/data/window', bytes)
      host.disk.flipBit('/data/window', bit)
      const again = await DuplicateWindow.open(host, '/data/window')
      expect([...again.admit(hashesOf('a')).fresh]).toEqual([0])
    }
  })

  it('saved during an append does not contain its events, which may never reach the journal', async () => {
    const host = await machine()
    const window = await DuplicateWindow.open(host, '/data/window')
    window.admit(hashesOf('a'))
    window.reached({ sequence: 4, row: 1 })
    await window.commit()
    const again = await DuplicateWindow.open(host, '/data/window')
    expect([...again.admit(hashesOf('a')).fresh]).toEqual([0])
  })

  it('saved after a refused append does not contain its events', async () => {
    const host = await machine()
    const window = await DuplicateWindow.open(host, '/data/window')
    window.admit(hashesOf('a'))
    window.withdraw(hashesOf('a'))
    window.reached({ sequence: 4, row: 1 })
    await window.commit()
    const again = await DuplicateWindow.open(host, '/data/window')
    expect([...again.admit(hashesOf('a')).fresh]).toEqual([0])
  })
})

describe('a journal that ends in damage', () => {
  async function tornJournal(): Promise<FakeHost> {
    const host = await machine()
    const journal = await openJournal({ host, directory: '/data/journal', epoch: 1 })
    for (const id of ['a', 'b']) await journal.append(unit(id))
    await journal.close()
    const path = `/data/journal/${segmentName(1)}`
    host.disk.tear(path, host.disk.contents(path).length - 10)
    return host
  }

  it('is read to its durable end, so that waiting for settlement ends', async () => {
    const host = await tornJournal()
    const { tail } = await openJournal({ host, directory: '/data/journal', epoch: 2 })
    const reader = openReader({ host, directory: '/data/journal', after: nowhere, tail })
    const frames = await reader.ready(1 << 20)
    expect(frames.at(-1)?.header.sequence).toBe(tail.durable().sequence)
    await reader.close()
  })

  it('reports the sources with lost rows that only an offset record still has', async () => {
    const host = await machine()
    const journal = await openJournal({ host, directory: '/data/journal', epoch: 1 })
    await journal.append(unit('a'))
    await journal.append(unit('b', 'other'))
    await journal.close()
    const path = `/data/journal/${segmentName(1)}`
    host.disk.flipBit(path, 8 * (Buffer.from(host.disk.contents(path)).indexOf('httphttp') - 80))
    const evidence = [{ position: { sequence: 3, row: 2 }, accepted: { http: 1, other: 1 } }]
    const { tail } = await openJournal({ host, directory: '/data/journal', epoch: 2, evidence })
    const store = await openStore({
      host,
      directory: '/data/store',
      resolver,
      log,
      metrics,
      writer: () => Promise.resolve(new MemoryTables(host.disk)),
    })
    const reader = openReader({ host, directory: '/data/journal', after: nowhere, tail })
    await store.projection.apply(await reader.ready(1 << 20))
    await store.projection.commit()
    expect(store.ledger()).toMatchObject({ stored: { other: 1 }, quarantined: { http: 1 } })
    await reader.close()
    await store.close()
  })

  it('has its lost rows counted by the store as soon as a checkpoint has them', async () => {
    const host = await tornJournal()
    const journal = await openJournal({ host, directory: '/data/journal', epoch: 2 })
    await journal.append(unit('c', 'other'))
    const store = await openStore({
      host,
      directory: '/data/store',
      resolver,
      log,
      metrics,
      writer: () => Promise.resolve(new MemoryTables(host.disk)),
    })
    const reader = openReader({ host, directory: '/data/journal', after: nowhere, tail: journal.tail })
    await store.projection.apply(await reader.ready(1 << 20))
    await store.projection.commit()
    expect(store.ledger()).toMatchObject({ stored: { http: 1, other: 1 }, quarantined: { http: 1 } })
    await reader.close()
    await store.close()
    await journal.close()
  })
})
