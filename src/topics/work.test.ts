import { expect, test } from 'vitest'
import { Work } from './work.ts'

function watched() {
  const clock = { ms: 0 }
  const work = () => new Work({ monotonic: () => clock.ms })
  return { clock, work }
}

test('a request waits, verifies files and reads rows, and then has no progress', () => {
  const { work: make } = watched()
  const work = make()
  expect(work.progress()).toBeUndefined()
  const statement = work.begin()
  expect(work.progress()).toEqual({ state: 'waiting' })
  statement.start()
  statement.onProgress({ unit: 'files', done: 2, total: 9 })
  expect(work.progress()).toEqual({ state: 'verifying', unit: 'files', done: 2, total: 9 })
  statement.onProgress({ unit: 'rows', done: 10, total: 100 })
  expect(work.progress()).toEqual({ state: 'reading', unit: 'rows', done: 10, total: 100 })
  statement.end()
  expect(work.progress()).toBeUndefined()
})

test('expected statements count as the largest one, and the share never falls', () => {
  const { clock, work: make } = watched()
  const work = make()
  const shares: number[] = []
  const note = () => {
    const { done = 0, total = 1 } = work.progress() ?? {}
    shares.push(done / total)
  }
  work.expect(4)
  for (let part = 0; part < 4; part++) {
    const statement = work.begin()
    statement.start()
    for (const done of [1000, 500, 2000]) {
      clock.ms += 1000
      statement.onProgress({ unit: 'rows', done, total: 2000 })
      note()
    }
    if (part === 1) expect(work.progress()).toMatchObject({ done: 4000, total: 8000, remainingMs: expect.any(Number) })
    statement.end()
  }
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
})

test('the share does not fall when an expected statement begins to read', () => {
  const { work: make } = watched()
  const work = make()
  work.expect(2)
  const sample = work.begin()
  sample.start()
  sample.onProgress({ unit: 'rows', done: 50, total: 100 })
  sample.end()
  const statement = work.begin()
  statement.start()
  expect(work.progress()).toMatchObject({ done: 50, total: 150 })
  statement.onProgress({ unit: 'rows', done: 0, total: 100 })
  expect(work.progress()).toMatchObject({ done: 50, total: 150 })
})

test('the share does not fall after a sample of few rows, nor if a statement reads more than expected', () => {
  const { work: make } = watched()
  const work = make()
  work.expect(3, 1000)
  const sample = work.begin()
  sample.start()
  expect(work.progress()).toEqual({ state: 'reading' })
  sample.onProgress({ unit: 'rows', done: 90, total: 100 })
  expect(work.progress()).toMatchObject({ done: 90, total: 2100 })
  sample.end()
  const statement = work.begin()
  statement.start()
  statement.onProgress({ unit: 'rows', done: 0, total: 5000 })
  const { done = 0, total = 1 } = work.progress() ?? {}
  expect(total).toBe(10_090)
  expect(done / total).toBeCloseTo(90 / 2100, 3)
})

test('a statement that ended early counts the rows that it read', () => {
  const { work: make } = watched()
  const work = make()
  const sample = work.begin()
  sample.start()
  sample.onProgress({ unit: 'rows', done: 20, total: 2000 })
  sample.end()
  work.expect(1)
  work.begin().start()
  expect(work.progress()).toEqual({ state: 'reading', unit: 'rows', done: 20, total: 2020 })
})

test('the remaining time follows from the rows read since the first report', () => {
  const { clock, work: make } = watched()
  const work = make()
  const statement = work.begin()
  clock.ms = 60_000
  statement.start()
  statement.onProgress({ unit: 'rows', done: 100, total: 1000 })
  expect(work.progress()).not.toHaveProperty('remainingMs')
  clock.ms += 2000
  statement.onProgress({ unit: 'rows', done: 500, total: 1000 })
  expect(work.progress()).toMatchObject({ remainingMs: 2500 })
})

test('a request that shares the run of another has its progress', () => {
  const { work: make } = watched()
  const [first, second] = [make(), make()]
  const statement = first.begin()
  second.join(first)
  statement.start()
  statement.onProgress({ unit: 'rows', done: 1, total: 2 })
  expect(second.progress()).toEqual(first.progress())
  expect(second.progress()).toMatchObject({ done: 1, total: 2 })
})
