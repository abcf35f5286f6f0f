import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { encodeBatch, openJournal } from '../journal/index.ts'
import { SharedFrames } from '../journal/shared-frames.ts'
import { toEventBatch } from '../model/events.ts'
import { event, recordingLog } from '../store/testing/frames.ts'
import { Feed } from './feed.ts'

async function rig() {
  const host = realHost()
  const folder = await mkdtemp(join(tmpdir(), 'weir-live-'))
  const journal = await openJournal({ host, directory: folder, epoch: 1 })
  onTestFinished(async () => {
    await journal.close()
    await rm(folder, { recursive: true, force: true })
  })
  let looks = 0
  const tail: typeof journal.tail = Object.assign(Object.create(journal.tail) as typeof journal.tail, {
    durable: () => journal.tail.durable(),
    moved: (past: number, signal: AbortSignal) => {
      looks++
      return journal.tail.moved(past, signal)
    },
  })
  const feed = new Feed({ host, log: recordingLog(), directory: folder, tail, frames: new SharedFrames() })
  /** Appends frames, one each five milliseconds, and returns their sequences. */
  const append = async (frames: number) => {
    const written: number[] = []
    for (let frame = 0; frame < frames; frame++) {
      const { position } = await journal.append({
        source: 'http',
        stream: 'http',
        kind: 'events',
        raw: encodeBatch(toEventBatch([event(`e${frame}`)])),
        count: 1,
        received: host.clock.now(),
        timeMin: Number.NaN,
        timeMax: Number.NaN,
      })
      written.push(position.sequence)
      await host.timers.sleep(5)
    }
    return written
  }
  return { feed, append, looks: () => looks }
}

test('frames of a pause are read together, and none is missed', async () => {
  const { feed, append, looks } = await rig()
  const seen: number[] = []
  const stop = feed.watch(({ header }) => {
    if (header.kind !== 'empty') seen.push(header.sequence)
  })
  const written = await append(40)
  await expect.poll(() => seen).toEqual(written)
  expect(looks()).toBeLessThan(20)
  stop()
})

test('without a view, frames are read each second, and within 500 ms after one opens', async () => {
  const { feed, append, looks } = await rig()
  const seen: number[] = []
  let isViewed = false
  const stop = feed.watch(
    ({ header }) => {
      if (header.kind !== 'empty') seen.push(header.sequence)
    },
    () => isViewed,
  )
  const written = await append(60)
  expect(looks()).toBeLessThan(4)
  expect(seen.length).toBeLessThan(written.length)
  isViewed = true
  await expect.poll(() => seen, { timeout: 500 }).toEqual(written)
  stop()
})
