import { expect, test } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import { UnitQueue } from './source-units.ts'

const event = (number: number): WeirEvent => ({ id: String(number), source: '/s', type: 't', encoding: 'none' })

async function addAll(queue: UnitQueue, rows: number): Promise<void> {
  for (let row = 0; row < rows; row++) {
    queue.add(event(row))
    if (queue.isFull) await queue.flush()
  }
}

test('all rows are appended once, in units, at most eight at a time', async () => {
  const units: number[] = []
  const ids = new Set<string>()
  let [now, most] = [0, 0]
  const queue = new UnitQueue(async (events) => {
    most = Math.max(most, ++now)
    units.push(events.length)
    for (const { id } of events) ids.add(id)
    await new Promise(setImmediate)
    now--
  })
  await addAll(queue, 6100)
  await queue.end()
  expect(units).toEqual([...Array<number>(12).fill(500), 100])
  expect([ids.size, most, now]).toEqual([6100, 8, 0])
})

test('a unit that is not appended rejects the file, after the units that had begun', async () => {
  let begun = 0
  let settled = 0
  const queue = new UnitQueue(async () => {
    const number = ++begun
    await new Promise(setImmediate)
    settled++
    if (number === 2) throw new Error('the disk is full')
  })
  await expect(addAll(queue, 50_000)).rejects.toThrow('the disk is full')
  await queue.settled()
  expect(begun).toBeLessThan(100)
  expect(settled).toBe(begun)
  await expect(queue.end()).rejects.toThrow('the disk is full')
})
