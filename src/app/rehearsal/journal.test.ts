import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { framesOfFolder } from '../../../test/kit/journal-frames.ts'
import { realHost } from '../../host/index.ts'
import { openJournal } from '../../journal/index.ts'
import { planRange, readFrames } from './range.ts'
import { emptyScene, flowUnit, rehearsed, scene, type Scene } from './testing/scene.ts'

const running = `
sinks:
  lines: { type: file, path: /tmp/weir-rehearsal-never/lines.ndjson, from: [netflow] }
`
const candidate = running.replace('from: [netflow]', 'from: [netflow], only: { filter: dst.port = 443 }')
const texts = { running, candidate }

async function lost(made: Scene, options: Parameters<typeof rehearsed>[2] = {}) {
  const { sinks, range, notes, equal } = await rehearsed(made, texts, options)
  return { equal, range, notes, lost: sinks.find(({ sink }) => sink === 'lines')?.differences.lost }
}

test('a damaged frame is reported, and the others are rehearsed', async () => {
  const made = await scene()
  const directory = join(made.data, 'journal')
  const frame = (await framesOfFolder(directory)).find(({ ids }) => ids.length > 0)
  const file = await open(join(directory, frame?.segment ?? ''), 'r+')
  await file.write(Buffer.from('damage'), 0, 6, (frame?.offset ?? 0) + (frame?.headerBytes ?? 0) + 20)
  await file.close()
  const result = await lost(made)
  expect(result.range.rows).toBe(290)
  expect(result.range.unreadable).toEqual({ bytes: expect.any(Number) as number, rows: 10, unknown: false })
  expect(result.notes.join()).toContain('cannot be read (10 rows)')
})

test('rows beyond the limit are left out, the oldest first, and reported', async () => {
  const result = await lost(await scene(), { limits: { sinceMs: 24 * 3600_000, rows: 100 } })
  expect(result.range).toMatchObject({ rows: 100, skipped: 200, from: '2026-11-30T12:40:30.000Z' })
  expect(result.lost).toBe(30)
  expect(result.notes.join()).toContain('200 older rows')
})

test('a frame larger than the limit is rehearsed whole', async () => {
  const result = await lost(await scene(), { limits: { sinceMs: 24 * 3600_000, rows: 1 } })
  expect(result.range).toMatchObject({ rows: 10, skipped: 290, sources: { http: 10 } })
})

test('the range begins a time before the newest row', async () => {
  const result = await lost(await scene(), { limits: { sinceMs: 15 * 60_000, rows: 100_000 } })
  expect(result.range).toMatchObject({ rows: 100, skipped: 0, from: '2026-11-30T12:40:30.000Z' })
})

test('an empty journal has no rows, and settings are still compared', async () => {
  const made = await emptyScene()
  const journal = await openJournal({ host: realHost(), directory: join(made.data, 'journal'), epoch: 1 })
  await journal.close()
  const result = await rehearsed(made, { running, candidate: `${running}store: { age: 1d }\n` })
  expect(result).toMatchObject({ equal: false, range: { rows: 0, from: null, to: null } })
  expect(result.notes.join()).toContain('no rows in this range')
  expect(result.settings).toMatchObject([{ setting: 'store.age', running: 'unset', candidate: '1d', effect: 'unseen' }])
})

test('a journal that is written meanwhile is read up to its last frame of the beginning', async () => {
  const made = await scene({ limits: { segmentBytes: 16 * 1024 } })
  const directory = join(made.data, 'journal')
  const { disk } = realHost()
  const journal = await openJournal({ host: realHost(), directory, epoch: 2, limits: { segmentBytes: 16 * 1024 } })
  const plan = await planRange(disk, directory, { sinceMs: 24 * 3600_000, rows: 100_000 }, () => true)
  const sequences: number[] = []
  for await (const { header } of readFrames(disk, directory, plan, () => expect.unreachable())) {
    sequences.push(header.sequence)
    await journal.append(flowUnit('netflow', 6))
  }
  expect(plan.rows).toBe(300)
  expect(sequences).toHaveLength(18)
  expect(sequences.at(-1)).toBe(plan.last)
  await journal.append(flowUnit('netflow', 6))
  const result = await lost(made)
  expect(result.range.rows).toBe(300 + 19 * 20)
  // The writer continues: the rehearsal took no lock and changed no file.
  await journal.append(flowUnit('netflow', 6))
  await journal.close()
  expect(await readdir(made.data)).toEqual(['journal'])
})

test('a half-written frame at the end is not part of the range', async () => {
  const made = await scene()
  const directory = join(made.data, 'journal')
  const [name = ''] = (await readdir(directory))
    .filter((file) => file.endsWith('.seg'))
    .toSorted()
    .toReversed()
  const frames = await framesOfFolder(directory)
  const end = frames.at(-1)
  const file = await open(join(directory, name), 'r+')
  await file.truncate((end?.offset ?? 0) + (end?.headerBytes ?? 0) + 10)
  await file.close()
  const result = await lost(made)
  expect(result.range).toMatchObject({ rows: 290, unreadable: { bytes: 0 } })
})
