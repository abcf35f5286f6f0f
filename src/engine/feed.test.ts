import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { encodeBatch, openJournal } from '../journal/index.ts'
import { SharedFrames } from '../journal/shared-frames.ts'
import { toEventBatch } from '../model/events.ts'
import { event, recordingLog } from '../store/testing/frames.ts'
import { Feed } from './feed.ts'

test('frames of a pause are read together, and none is missed', async () => {
  const host = realHost()
  const folder = await mkdtemp(join(tmpdir(), 'weir-live-'))
  const journal = await openJournal({ host, directory: folder, epoch: 1 })
  let looks = 0
  const tail: typeof journal.tail = Object.assign(Object.create(journal.tail) as typeof journal.tail, {
    durable: () => journal.tail.durable(),
    moved: (past: number, signal: AbortSignal) => {
      looks++
      return journal.tail.moved(past, signal)
    },
  })
  const feed = new Feed({ host, log: recordingLog(), directory: folder, tail, frames: new SharedFrames() })
  const seen: number[] = []
  const { promise: all, resolve } = Promise.withResolvers<void>()
  const frames = 40
  const stop = feed.watch(({ header }) => {
    if (header.kind !== 'empty') seen.push(header.sequence)
    if (seen.length === frames) resolve()
  })
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
  await all
  expect(seen).toEqual(written)
  expect(looks).toBeLessThan(frames / 2)
  stop()
  await journal.close()
  await rm(folder, { recursive: true, force: true })
})
