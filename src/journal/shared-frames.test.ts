import { expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { toEventBatch } from '../model/events.ts'
import { nowhere } from '../model/positions.ts'
import { encodeBatch, openJournal, openReader, type SegmentWriter, type Unit } from './index.ts'
import type { Frame } from './types.ts'
import { frameBatch, SharedFrames } from './shared-frames.ts'

function unit(id: string): Unit {
  return {
    source: 'http',
    stream: 'http',
    kind: 'events',
    count: 1,
    raw: encodeBatch(toEventBatch([{ id, source: '/s', type: 't', encoding: 'none' }])),
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

async function open(...ids: string[]): Promise<{ journal: SegmentWriter; host: ReturnType<typeof fakeHost> }> {
  const host = fakeHost(1)
  const journal = await openJournal({ host, directory: '/journal', epoch: 1 })
  for (const id of ids) await journal.append(unit(id))
  return { journal, host }
}

/** Without the journal's own checkpoint. */
const eventsOf = (frames: readonly Frame[]): Frame[] => frames.filter(({ header }) => header.kind === 'events')

test('readers of one thread that keep pace share frames and their decoded columns', async () => {
  const { journal, host } = await open('a', 'b')
  const shared = new SharedFrames()
  const options = { host, directory: '/journal', tail: journal.tail, after: nowhere, shared }
  const [first, second, alone] = [
    openReader(options),
    openReader(options),
    openReader({ ...options, shared: new SharedFrames() }),
  ]
  const frames = eventsOf(await first.ready(1 << 20))
  expect(frames.length).toBe(2)
  const others = eventsOf(await second.ready(1 << 20))
  expect(others.map((frame, index) => frame === frames[index])).toEqual([true, true])
  expect(others.map((frame, index) => frameBatch(frame) === frameBatch(frames[index] as typeof frame))).toEqual([
    true,
    true,
  ])
  const separate = eventsOf(await alone.ready(1 << 20))
  expect(separate.map((frame, index) => frame === frames[index])).toEqual([false, false])
  expect(separate.map(frameBatch)).toEqual(frames.map(frameBatch))
  for (const reader of [first, second, alone]) await reader.close()
  await journal.close()
})

test('frames of another journal with the same sequence are not shared', async () => {
  const shared = new SharedFrames()
  const read = async (...ids: string[]) => {
    const { journal, host } = await open(...ids)
    const reader = openReader({ host, directory: '/journal', tail: journal.tail, after: nowhere, shared })
    const frames = eventsOf(await reader.ready(1 << 20))
    await reader.close()
    await journal.close()
    return frames
  }
  const [one] = await read('a')
  const [two] = await read('another-id')
  expect([one, two].map((frame) => frame?.header.sequence)).toEqual([2, 2])
  expect(two).not.toBe(one)
})
