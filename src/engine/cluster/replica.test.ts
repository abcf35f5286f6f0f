import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { framesOfFolder } from '../../../test/kit/journal-frames.ts'
import { MemoryBus } from '../../../test/kit/memory-bus.ts'
import { realHost, type Disk } from '../../host/index.ts'
import { encodeBatch, openJournal } from '../../journal/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { SharedRecords } from './records.ts'
import { replicate } from './replica.ts'
import { SharedWriter } from './writer.ts'

test('units of a shared journal that the disk rejected are copied again exactly once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-replica-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const host = realHost()
  const { log, metrics } = testContext()
  const bus = new MemoryBus(1)
  const stop = new AbortController()
  const records = new SharedRecords({ bus, host, log })
  const watching = records.run(stop.signal)
  const writer = await SharedWriter.open({ bus, records, instance: 'a', host, log, queueBytes: 1e6 })
  for (let unit = 1; unit <= 3; unit++) {
    await writer.append({
      source: 'in',
      stream: 'in',
      kind: 'events',
      count: 2,
      raw: encodeBatch(toEventBatch(numberedEvents(2, `unit${unit}-`))),
      received: host.clock.now(),
      timeMin: Number.NaN,
      timeMax: Number.NaN,
    })
  }
  let writes = 0
  const disk: Disk = {
    ...host.disk,
    open: async (path, mode) => {
      const file = await host.disk.open(path, mode)
      return {
        path: file.path,
        sync: () => file.sync(),
        write: (bytes, at) => file.write(bytes, at),
        read: (into, at) => file.read(into, at),
        truncate: (size) => file.truncate(size),
        size: () => file.size(),
        close: () => file.close(),
        writeAll: (pieces, at) =>
          ++writes === 2 ? Promise.reject(new Error('ENOSPC: no space left on device')) : file.writeAll(pieces, at),
      }
    },
  }
  // Each unit is a write group, so that the disk can reject one and accept the next.
  const journal = await openJournal({
    host: { ...host, disk },
    directory,
    epoch: 1,
    limits: { groupBytes: 1, reserveBytes: 0 },
  })
  const copying = replicate({ bus, journal, host, log, metrics, signal: stop.signal })
  await expect.poll(() => journal.totals().get('in@a')?.accepted, { timeout: 20_000 }).toBe(6)
  stop.abort()
  await Promise.all([copying, watching])
  await writer.close()
  await journal.close()
  const ids = (await framesOfFolder(directory)).flatMap((frame) => frame.ids)
  expect(writes).toBeGreaterThan(2)
  expect(ids).toEqual([1, 2, 3].flatMap((unit) => numberedEvents(2, `unit${unit}-`).map(({ id }) => id)))
})
