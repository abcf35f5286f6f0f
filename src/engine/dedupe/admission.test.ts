import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeHost, type FakeHost } from '../../../test/kit/fake-host.ts'
import { realHost } from '../../host/index.ts'
import { encodeBatch, openJournal, type SegmentWriter, type Unit } from '../../journal/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { Admission } from './admission.ts'
import { DuplicateWindow } from './duplicates.ts'
import { idHashes } from './id-hashes.ts'

let host: FakeHost
let journal: SegmentWriter
let admission: Admission

beforeEach(async () => {
  host = fakeHost(1)
  await host.disk.makeDirectory('/data')
  journal = await openJournal({ host, directory: '/data/journal', epoch: 1 })
  admission = new Admission(journal, await DuplicateWindow.open(host, '/data/state/duplicates'))
})
afterEach(() => journal.close())

function unit(...ids: string[]): Unit {
  const raw = encodeBatch(toEventBatch(ids.map((id) => ({ id, source: '/s', type: 't', encoding: 'none' as const }))))
  return {
    source: 'http',
    stream: 'http',
    kind: 'events',
    count: ids.length,
    raw,
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

const accepted = (): number => journal.totals().get('http')?.accepted ?? 0

describe('admission', () => {
  it('skips and counts rows that were pushed before', async () => {
    expect(await admission.append(unit('a', 'b'))).toMatchObject({ accepted: 2, duplicates: 0 })
    expect(await admission.append(unit('b', 'c', 'c'))).toMatchObject({ accepted: 1, duplicates: 2 })
    expect(await admission.append(unit('a'))).toMatchObject({ accepted: 0, duplicates: 1 })
    expect(journal.totals().get('http')).toMatchObject({ accepted: 3, duplicates: 3 })
  })

  it('uses the hashes that a unit carries, and decodes no unit without duplicates', async () => {
    const hashes = idHashes(toEventBatch([{ id: 'a', source: '/s', type: 't', encoding: 'none' }]))
    const opaque = { ...unit('a'), raw: Uint8Array.of(1, 2, 3) }
    expect(await admission.append({ ...opaque, hashes })).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(await admission.append(unit('a'))).toMatchObject({ accepted: 0, duplicates: 1 })
    expect(await admission.append({ ...opaque, hashes })).toMatchObject({ accepted: 0, duplicates: 1 })
  })

  it('takes again what the journal refused', async () => {
    host.disk.failNext('sync', 'EIO', { match: '/data/journal' })
    await expect(admission.append(unit('a'))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_SYNC' })
    expect(await admission.append(unit('a'))).toMatchObject({ accepted: 1, duplicates: 0 })
    expect(accepted()).toBe(1)
  })

  it('does not call a push a duplicate of one that fails under way', async () => {
    host.disk.failNext('sync', 'EIO', { match: '/data/journal' })
    const answers = await Promise.allSettled([admission.append(unit('a')), admission.append(unit('a'))])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await admission.append(unit('a'))).toMatchObject({ accepted: 1, duplicates: 0 })
  })
})

describe('admission for a sink that acknowledges and may be given an event twice', () => {
  it('leaves out only what the sink has not settled, and names the frames that hold it', async () => {
    const first = await admission.append(unit('a', 'b'), 0)
    expect(first).toMatchObject({ accepted: 2, duplicates: 0, repeats: [] })
    const second = await admission.append(unit('b', 'c', 'c'), 0)
    expect(second).toMatchObject({
      accepted: 1,
      duplicates: 2,
      repeats: [first.position.sequence, second.position.sequence],
    })
    expect(await admission.append(unit('a', 'b', 'c'), first.position.sequence)).toMatchObject({
      accepted: 2,
      duplicates: 1,
      repeats: [second.position.sequence],
    })
    expect(journal.totals().get('http')).toMatchObject({ accepted: 5, duplicates: 3 })
  })

  it('takes one event of two pushes at the same time, and none of them for a duplicate of one that fails', async () => {
    const both = await Promise.all([admission.append(unit('a'), 0), admission.append(unit('a'), 0)])
    expect(both).toMatchObject([
      { accepted: 1, duplicates: 0, repeats: [] },
      { accepted: 0, duplicates: 1, repeats: [both[0]?.position.sequence] },
    ])
    host.disk.failNext('sync', 'EIO', { match: '/data/journal' })
    const answers = await Promise.allSettled([admission.append(unit('b'), 0), admission.append(unit('b'), 0)])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await admission.append(unit('b'), 0)).toMatchObject({ accepted: 1, duplicates: 0 })
  })

  it('uses the window again when no sink acknowledges', async () => {
    await admission.append(unit('a'), 0)
    expect(await admission.append(unit('a'))).toMatchObject({ accepted: 0, duplicates: 1 })
  })
})

describe('the duplicate window', () => {
  it('restores its state from a real disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-window-'))
    try {
      const real = realHost()
      const batch = toEventBatch(
        Array.from({ length: 5000 }, (_, i) => ({ id: `e${i}`, source: '/s', type: 't', encoding: 'none' as const })),
      )
      const window = await DuplicateWindow.open(real, `${folder}/state/duplicates`)
      const hashes = idHashes(batch)
      expect(window.admit(hashes).seen.length).toBe(0)
      window.confirm(hashes)
      window.reached({ sequence: 9, row: 5000 })
      await window.commit()
      const again = await DuplicateWindow.open(real, `${folder}/state/duplicates`)
      expect(again.position()).toEqual({ 0: { sequence: 9, row: 5000 } })
      expect(again.admit(hashes).fresh.length).toBe(0)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('remembers at least as many events as it promises, and forgets the oldest', async () => {
    const window = new DuplicateWindow(host, '/data/state/small', { events: 100, ageMs: 3600_000 })
    const one = (id: number): Uint32Array =>
      idHashes(toEventBatch([{ id: `${id}`, source: '/s', type: 't', encoding: 'none' }]))
    for (let id = 0; id < 350; id++) {
      const hashes = one(id)
      window.admit(hashes)
      window.confirm(hashes)
    }
    for (let id = 250; id < 350; id++) expect(window.admit(one(id)).fresh.length).toBe(0)
    expect(window.admit(one(0)).fresh.length).toBe(1)
  })
})
