import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ForgetfulDisk } from '../../../test/kit/forgetful-disk.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { realHost } from '../../host/index.ts'
import type { Log } from '../../telemetry/ports.ts'
import { IncidentBook } from './book.ts'
import { changeKey } from './event.ts'
import { incidentFile, type RecordedChange } from './file.ts'
import { incidentLimits, type IncidentRequest } from './schema.ts'
import { candidate, incident, pin } from './testing/incident.ts'

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-incidents-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const nothing = () => {}
const quiet: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }

function bookOf(folder: string | undefined, record?: (changes: readonly RecordedChange[]) => Promise<void>) {
  const recorded: RecordedChange[] = []
  const warned: string[] = []
  const book = new IncidentBook({
    host: realHost(),
    log: { ...quiet, warn: (message) => void warned.push(message) },
    folder,
    record: record ?? (async (changes) => void recorded.push(...changes)),
  })
  onTestFinished(() => book.record())
  const put = (id: string, change: Partial<IncidentRequest> = {}) =>
    book.put({ id, request: { ...incident, ...change }, by: 'ann' })
  return { book, put, recorded, warned }
}

const refused = async (answer: Promise<unknown>) =>
  answer.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  )

test('of two editors only the first replaces a version, and none an incident that exists', async () => {
  const { book, put } = bookOf(await temporary())
  const first = await put('a')
  expect(first).toMatchObject({ id: 'a', version: 1, state: 'open', created_by: 'ann', by: 'ann' })
  expect(await refused(put('a'))).toBe('WEIR_API_CONFLICT')
  const answers = await Promise.all(
    ['x', 'y'].map((notes) => refused(book.put({ id: 'a', request: { ...incident, notes, before: 1 }, by: 'bob' }))),
  )
  expect(answers).toEqual(['accepted', 'WEIR_API_CONFLICT'])
  expect(await book.find('a')).toMatchObject({ version: 2, notes: 'x', by: 'bob', created_by: 'ann' })
  expect(await refused(book.remove({ id: 'a', before: 1, by: 'ann' }))).toBe('WEIR_API_CONFLICT')
  await book.remove({ id: 'a', before: 2, by: 'ann' })
  expect(await refused(put('a', { before: 2 }))).toBe('WEIR_API_CONFLICT')
  expect(await refused(book.remove({ id: 'a', before: undefined, by: 'ann' }))).toBe('WEIR_API_NOT_FOUND')
})

test('incidents survive a restart, concurrent changes are all stored, and the latest is first', async () => {
  const folder = await temporary()
  const { put } = bookOf(folder)
  await Promise.all(Array.from({ length: 9 }, (_, at) => put(`i${at}`, { from: `2026-11-0${at + 1}T00:00:00Z` })))
  const again = await bookOf(folder).book.list()
  expect(again.map(({ id }) => id)).toEqual(['i8', 'i7', 'i6', 'i5', 'i4', 'i3', 'i2', 'i1', 'i0'])
})

test('times are stored as fixed ones, and a pin with a relative time is refused', async () => {
  const { put } = bookOf(await temporary())
  const now = Date.now()
  const stored = await put('a', { from: 'now-1h', to: 'now', onset: 'now-30m', question: { at: 'now-30m' } })
  const minutes = [stored.from, stored.onset, stored.question.at, stored.to].map((iso) =>
    Math.round((Date.parse(String(iso)) - now) / 60_000),
  )
  expect(minutes).toEqual([-60, -30, -30, 0])
  const moving = put('b', { pins: [pin({ path: '/flows?v=1&t=now-1h..now' })] })
  await expect(moving).rejects.toThrow('The pin "Orders before the fall" has a relative time')
  await expect(put('b', { from: 'now', to: 'now-1h' })).rejects.toThrow('ends')
  await expect(put('b', { candidates: [candidate({ time: 'yesterday' })] })).rejects.toThrow(
    '"candidates.time" is not a time: yesterday.',
  )
  const two = [candidate({ selected: true }), candidate({ selected: true, pos: 'j:1:2:4' })]
  await expect(put('b', { candidates: two })).rejects.toThrow('Several candidates are selected')
})

test('each change is recorded once, with the fields that differ, also after the journal refused it', async () => {
  const folder = await temporary()
  const { book, put, warned } = bookOf(folder, () => Promise.reject(new Error('journal full')))
  await put('a')
  await put('a', { before: 1, notes: 'x', state: 'resolved' })
  await book.remove({ id: 'a', before: 2, by: 'bob' })
  await book.record()
  expect(warned[0]).toContain('are not in the journal yet')
  expect(await book.recent('a')).toHaveLength(3)
  const again = bookOf(folder)
  await again.book.record()
  expect(again.recorded.map(({ action, fields, incident: { version, by } }) => [action, version, by, fields])).toEqual([
    [
      'created',
      1,
      'ann',
      ['title', 'state', 'namespaces', 'from', 'to', 'question', 'onset', 'verdict', 'candidates', 'pins', 'notes'],
    ],
    ['changed', 2, 'ann', ['state', 'notes']],
    ['deleted', 3, 'bob', []],
  ])
  expect(new Set(again.recorded.map(changeKey)).size).toBe(3)
  await again.book.record()
  await bookOf(folder).book.record()
  expect(again.recorded).toHaveLength(3)
  expect((await again.book.recent('a')).map(({ action }) => action)).toEqual(['created', 'changed', 'deleted'])
  expect(await bookOf(folder).book.recent('a')).toEqual([])
})

test('a damaged file is reported, never overwritten, and read again after a repair', async () => {
  const folder = await temporary()
  const first = bookOf(folder)
  await first.put('a')
  await first.book.record()
  const path = join(folder, 'incidents.json')
  const whole = await readFile(path, 'utf8')
  const { book, put } = bookOf(folder)
  for (const damaged of [
    whole.slice(0, -20),
    whole.replace('orders-db', 'orders-dc'),
    '',
    '{}',
    '{"version":99,"incidents":[],"unrecorded":[]}',
    '{"version":1,"incidents":[{"id":1}],"unrecorded":[]}',
  ]) {
    await writeFile(path, damaged)
    expect([await refused(book.list()), await refused(put('b'))]).toEqual(['WEIR_API_INCIDENTS', 'WEIR_API_INCIDENTS'])
    expect(await readFile(path, 'utf8')).toBe(damaged)
  }
  await writeFile(path, whole)
  expect((await book.list()).map(({ id }) => id)).toEqual(['a'])
})

test('limits are refused with the limit', async () => {
  const folder = await temporary()
  const { book, put } = bookOf(folder)
  await expect(put('a', { pins: Array.from({ length: 201 }, () => pin()) })).rejects.toThrow(
    `"pins" has 201 items; the limit is ${incidentLimits.pins}.`,
  )
  await expect(put('a', { candidates: Array.from({ length: 51 }, () => candidate()) })).rejects.toThrow(
    'the limit is 50',
  )
  const stored = await put('a')
  await book.record()
  const many = Array.from({ length: incidentLimits.incidents }, (_, at) => ({ ...stored, id: `i${at}` }))
  await incidentFile(realHost().disk, folder).write({ incidents: many, unrecorded: [] })
  const full = bookOf(folder)
  await expect(full.put('more')).rejects.toThrow('The limit is 1000 incidents.')
  expect(await full.put('i0', { before: 1 })).toMatchObject({ version: 2 })
  await full.book.record()
  const large = many.slice(0, 127).map((one) => ({ ...one, notes: 'ü'.repeat(32_768) }))
  await incidentFile(realHost().disk, folder).write({ incidents: large, unrecorded: [] })
  await expect(bookOf(folder).put('more', { notes: 'ü'.repeat(65_536) })).rejects.toThrow(
    'The size limit of all incidents is 8 MiB.',
  )
})

test('without a folder no incident can be stored, with an error', async () => {
  const { book, put } = bookOf(undefined)
  expect([await refused(book.list()), await refused(put('a'))]).toEqual(['WEIR_API_INCIDENTS', 'WEIR_API_INCIDENTS'])
})

test('after a power failure every acknowledged incident is stored, and its change is recorded', async () => {
  let interrupted = 0
  for (let seed = 1; seed <= 100; seed++) {
    const disk = new ForgetfulDisk(seed)
    await disk.makeDirectory('/data')
    await disk.syncDirectory('/')
    const recorded = new Set<string>()
    const open = () =>
      new IncidentBook({
        host: { clock: { now: () => 1, monotonic: () => 1 }, disk },
        log: quiet,
        folder: '/data',
        record: async (changes) => changes.forEach((change) => recorded.add(change.incident.id)),
      })
    const book = open()
    const acknowledged: string[] = []
    disk.powerOffAfter(new SeededRandom(seed).integer(1, 90))
    for (let index = 0; index < 6; index++) {
      try {
        await book.put({ id: `i${index}`, request: incident, by: 'ann' })
        acknowledged.push(`i${index}`)
      } catch {
        break
      }
    }
    await book.record()
    if (acknowledged.length < 6) interrupted++
    disk.crash()
    const after = open()
    await after.record()
    const ids = (await after.list()).map(({ id }) => id).toSorted()
    // The unacknowledged change may be stored, too.
    expect([acknowledged, [...acknowledged, `i${acknowledged.length}`]], `seed ${seed}`).toContainEqual(ids)
    expect([...recorded].toSorted(), `seed ${seed}`).toEqual(ids)
  }
  expect(interrupted).toBeGreaterThan(25)
})
