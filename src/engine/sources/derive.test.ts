import { describe, expect, it } from 'vitest'
import { frameHeader } from '../../journal/frame-header.ts'
import { decodeBatch, encodeBatch } from '../../journal/index.ts'
import type { Unit } from '../../journal/types.ts'
import type { Batch } from '../../model/batches.ts'
import { eventId, toEventBatch } from '../../model/events.ts'
import { deriveSink } from './derive.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { oneRow, selectRows } from '../../model/select.ts'
import type { BatchTransform, Sink, SinkBatch, SinkPiece, Transform } from '../contracts.ts'

function piece(sequence: number, ids: readonly string[]): SinkPiece {
  return {
    header: frameHeader({ sequence, kind: 'events', source: 'in', count: ids.length, received: 5 }),
    batch: toEventBatch(ids.map((id) => ({ id, source: '/s', type: 't', encoding: 'none' as const }))),
    rows: Uint32Array.from(ids, (_, row) => row),
    firstRow: 0,
  }
}

function batch(pieces: readonly SinkPiece[], retried = false): SinkBatch {
  return { token: 'x', count: pieces.reduce((sum, { rows }) => sum + rows.length, 0), pieces, retried }
}

const upper: Transform = {
  apply: (event) =>
    event.id.startsWith('drop')
      ? { is: 'drop', reason: 'filtered' }
      : event.id.startsWith('bad')
        ? { is: 'reject', reason: 'bad' }
        : { is: 'pass', event: { ...event, id: event.id.toUpperCase() } },
}

/** The journal's part: keeps units and, as the journal does, the cursor with them. */
class Kept {
  readonly ids: string[] = []
  last: Uint8Array | undefined
  fail = false
  readonly cursor = (): Promise<Uint8Array | undefined> => Promise.resolve(this.last)
  readonly append = async (unit: Unit): Promise<void> => {
    if (this.fail) throw new Error('the disk is full')
    this.last = unit.cursor
    if (unit.kind !== 'events') return
    const rows = decodeBatch('events', unit.raw)
    if (rows.kind === 'events') for (let row = 0; row < rows.count; row++) this.ids.push(eventId(rows, row))
    expect(encodeBatch(rows).length).toBeGreaterThan(0)
  }
}

const signal = new AbortController().signal

describe('a derived stream', () => {
  it('shows each row with what became of it, without another result', async () => {
    const kept = new Kept()
    const sink = deriveSink({ id: 'up', transform: upper, journal: kept })
    const shown: (readonly [string, string])[] = []
    let [skipped, closed] = [0, 0]
    const idOf = (rows: Batch | undefined, row: number): string => (rows?.kind === 'events' ? eventId(rows, row) : '-')
    const stop = sink.watch?.({
      derived(derivations, more) {
        skipped += more
        for (const { before, outputs, failure } of derivations)
          shown.push([idOf(before?.batch, before?.rows[0] ?? 0), failure?.reason ?? idOf(outputs[0]?.batch, 0)])
      },
      closed: () => void closed++,
    })
    expect(await sink.send(batch([piece(1, ['a', 'drop1']), piece(2, ['b', 'bad1'])]), signal)).toEqual([
      { index: 1, is: 'drop', reason: 'filtered' },
      { index: 3, is: 'reject', reason: 'bad' },
    ])
    expect(shown.splice(0)).toEqual([
      ['a', 'A'],
      ['drop1', 'filtered'],
      ['b', 'B'],
      ['bad1', 'bad'],
    ])
    kept.fail = true
    await expect(sink.send(batch([piece(3, ['c'])]), signal)).rejects.toThrow('full')
    expect(shown).toEqual([])
    kept.fail = false
    await sink.send(batch([piece(3, ['c'])]), signal)
    expect(shown).toEqual([['c', 'C']])
    const ids = Array.from({ length: 1000 }, (_, number) => `n${number}`)
    await sink.send(batch([piece(4, ids)]), signal)
    expect([shown.length, skipped]).toEqual([501, 500])
    expect(kept.ids).toEqual(['A', 'B', 'C', ...ids.map((id) => id.toUpperCase())])
    await sink.close()
    expect(closed).toBe(1)
    stop?.()
  })

  it('writes passed rows and reports dropped and rejected ones', async () => {
    const kept = new Kept()
    const sink = deriveSink({ id: 'up', transform: upper, journal: kept })
    expect(await sink.send(batch([piece(1, ['a', 'drop1', 'b', 'bad1'])]), signal)).toEqual([
      { index: 1, is: 'drop', reason: 'filtered' },
      { index: 3, is: 'reject', reason: 'bad' },
    ])
    expect(kept.ids).toEqual(['A', 'B'])
  })

  it('derives nothing twice from a repeated range, and the ledger stays the same', async () => {
    const kept = new Kept()
    const first = deriveSink({ id: 'up', transform: upper, journal: kept })
    const range = batch([piece(1, ['a', 'b']), piece(2, ['drop1', 'c'])])
    const books = await first.send(range, signal)
    const again = deriveSink({ id: 'up', transform: upper, journal: kept })
    expect(await again.send(range, signal)).toEqual(books)
    await again.send(batch([piece(2, ['drop1', 'c', 'd'])]), signal)
    expect(kept.ids).toEqual(['A', 'B', 'C', 'D'])
  })

  it('continues after the last written unit when the journal rejects one', async () => {
    const kept = new Kept()
    const sink = deriveSink({ id: 'up', transform: upper, journal: kept })
    kept.fail = true
    await expect(sink.send(batch([piece(1, ['a'])]), signal)).rejects.toThrow('the disk is full')
    kept.fail = false
    await sink.send(batch([piece(1, ['a'])]), signal)
    expect(kept.ids).toEqual(['A'])
  })

  it('accepts a redriven dead letter although later rows were derived', async () => {
    const kept = new Kept()
    const sink = deriveSink({ id: 'up', transform: upper, journal: kept })
    await sink.send(batch([piece(1, ['a']), piece(2, ['b'])]), signal)
    await sink.send(batch([piece(1, ['late'])], true), signal)
    await sink.send(batch([piece(2, ['b']), piece(3, ['c'])]), signal)
    expect(kept.ids).toEqual(['A', 'B', 'LATE', 'C'])
  })

  it('counts filtered rows with one failure, and each output has its own position', async () => {
    const journal = new Outputs()
    const transform: BatchTransform = {
      take: ({ batch, rows }) => ({
        outputs: ['odd', 'even'].map((to, parity) => ({
          to,
          batch: selectRows(
            batch,
            rows.filter((row) => row % 2 !== parity),
          ),
        })),
        failures: [{ index: 0, is: 'filter', reason: 'filtered', rows: Uint32Array.of(0) }],
      }),
    }
    const build = (): Sink => deriveSink({ id: 'r', transform, journal, outputs: ['odd', 'even'] })
    const range = batch([piece(1, ['a', 'b', 'c']), piece(2, ['d', 'e'])])
    journal.refused.add('r.even')
    await expect(build().send(range, signal)).rejects.toThrow('full')
    journal.refused.clear()
    expect(await build().send(range, signal)).toEqual([
      { index: 0, is: 'filter', reason: 'filtered', rows: Uint32Array.of(0) },
      { index: 3, is: 'filter', reason: 'filtered', rows: Uint32Array.of(3) },
    ])
    expect(journal.ids).toEqual({ 'r.odd': ['b', 'e'], 'r.even': ['a', 'c', 'd'] })
  })

  it('marks derived flows, so that nothing names their addresses again', async () => {
    const units: Unit[] = []
    const journal = { cursor: () => Promise.resolve(undefined), append: async (unit: Unit) => void units.push(unit) }
    const transform: BatchTransform = { take: ({ batch }) => ({ outputs: [{ to: '', batch }], failures: [] }) }
    const flows = new FlowBuilder(2)
    flows.reserve(2)
    flows.column('dst_port').items.set([80, 443])
    flows.column('dst_port').markRows(0, 2)
    flows.commit(2)
    const input = flows.batch()
    const header = frameHeader({ sequence: 1, kind: 'flows', source: 'in', count: 2, received: 5 })
    await deriveSink({ id: 'f', transform, journal }).send(
      batch([{ header, batch: input, rows: Uint32Array.of(0, 1), firstRow: 0 }]),
      signal,
    )
    const read = decodeBatch('flows', units[0]?.raw ?? new Uint8Array(0))
    expect(read).toMatchObject({ derived: true, count: 2 })
    expect(read.kind === 'flows' && read.columns).toEqual(input.columns)
    expect(decodeBatch('flows', encodeBatch(input))).not.toHaveProperty('derived')
    // Parts of a batch and dead letters keep the mark.
    expect(decodeBatch('flows', encodeBatch(oneRow(read, 1)))).toMatchObject({ derived: true, count: 1 })
  })

  it('writes what a closed window holds once, although the journal rejects the first attempt', async () => {
    const journal = new Outputs()
    let open = ['w']
    const transform: BatchTransform = {
      take: () => ({ outputs: [], failures: [] }),
      windows: {
        begin: () => {},
        at: () => {},
        holds: () => ({ sequence: 0, row: 0, time: 0 }),
        due: () => (open.length > 0 ? 1 : undefined),
        close: () =>
          open
            .splice(0)
            .map((id) => ({ to: '', batch: toEventBatch([{ id, source: '/s', type: 't', encoding: 'none' }]) })),
      },
    }
    const { windows } = deriveSink({ id: 'a', transform, journal })
    journal.refused.add('a')
    await expect(windows?.close(5)).rejects.toThrow('full')
    journal.refused.clear()
    await windows?.close(6)
    await windows?.close(7)
    expect(journal.ids).toEqual({ a: ['w'] })
    open = []
  })
})

/** A journal of several sources that refuses some. */
class Outputs {
  readonly ids: Record<string, string[]> = {}
  readonly refused = new Set<string>()
  readonly #cursors = new Map<string, Uint8Array | undefined>()
  readonly cursor = (id: string): Promise<Uint8Array | undefined> => Promise.resolve(this.#cursors.get(id))
  readonly append = (unit: Unit): Promise<void> => {
    if (this.refused.has(unit.source)) return Promise.reject(new Error('full'))
    this.#cursors.set(unit.source, unit.cursor)
    const rows = decodeBatch('events', unit.raw)
    if (rows.kind === 'events')
      for (let row = 0; row < rows.count; row++) (this.ids[unit.source] ??= []).push(eventId(rows, row))
    return Promise.resolve()
  }
}
