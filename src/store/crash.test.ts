import { describe, expect, it } from 'vitest'
import { fakeHost, startOfTime, type FakeHost } from '../../test/kit/fake-host.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { seeds } from '../../test/kit/seeds.ts'
import type { Frame } from '../journal/types.ts'
import { filePartition } from '../model/positions.ts'
import { openStore, type Store } from './index.ts'
import { holdsRows, parseFileName } from './names.ts'
import { filesOf } from './rollup/cover.ts'
import { rollups } from './rollup/schema.ts'
import { readManifest } from './manifest.ts'
import { DiskWriter, readLines } from './testing/disk-writer.ts'
import { event, FrameMaker, recordingLog, recordingMetrics, resolver } from './testing/frames.ts'
import { messageOf } from '../model/errors.ts'

const directory = '/data/store'

async function open(host: FakeHost): Promise<Store> {
  return openStore({
    host,
    directory,
    resolver,
    log: recordingLog(),
    metrics: recordingMetrics(),
    writer: () => Promise.resolve(new DiskWriter(host.disk)),
  })
}

async function storedRows(host: FakeHost): Promise<string[]> {
  const { state } = await readManifest(host.disk, directory)
  const rows: string[] = []
  for (const file of state.files.values())
    if (holdsRows(file.stream)) rows.push(...(await readLines(host.disk, `${directory}/${file.name}`)))
  return rows.sort()
}

async function rolledUp(host: FakeHost): Promise<number[]> {
  const { state } = await readManifest(host.disk, directory)
  return Promise.all(
    rollups.map(async (rollup) => {
      let flows = 0
      for (const file of filesOf(rollup, [...state.files.values()]))
        for (const line of await readLines(host.disk, `${directory}/${file.name}`)) flows += Number(line)
      return flows
    }),
  )
}

function expectedRows(frames: readonly Frame[], reached: number, numbers: Readonly<Record<string, number>>): string[] {
  const rows: string[] = []
  for (const { header } of frames) {
    if (header.sequence > reached) break
    for (let row = 0; row < header.count; row++)
      rows.push(`${numbers[header.source]}:${header.epoch}:${header.sourceSequence}:${row}`)
  }
  return rows.sort()
}

class Model {
  readonly random: SeededRandom
  host: FakeHost
  store: Store
  readonly maker = new FrameMaker()
  readonly frames: Frame[] = []
  received = startOfTime
  promised = 0
  applied = 0

  constructor(seed: number, host: FakeHost, store: Store) {
    this.random = new SeededRandom(seed)
    this.host = host
    this.store = store
  }

  async step(): Promise<void> {
    const dice = this.random.integer(1, 100)
    if (dice <= 40) await this.apply()
    else if (dice <= 72) await this.commit()
    else if (dice <= 82) await this.store.maintain().catch(() => undefined)
    else if (dice <= 84) void this.store.maintain().catch(() => undefined)
    else if (dice <= 92) this.break()
    else if (dice <= 95) await this.restart()
    else if (dice <= 97) await this.flip()
    else await this.host.advance(this.random.integer(1, 40) * 60_000)
  }

  async apply(): Promise<void> {
    this.received = this.host.clock.now()
    const source = ['netflow', 'http', 'nats'][this.random.integer(0, 2)] ?? ''
    const count = this.random.integer(0, 3)
    const frame =
      source === 'netflow'
        ? this.maker.flows(
            Array.from({ length: count }, () => ({ src: `10.0.0.${this.random.integer(1, 9)}`, dst: '10.0.0.1' })),
            this.received,
          )
        : count === 0
          ? this.maker.empty(source, this.received)
          : this.maker.events(
              Array.from({ length: count }, (_, i) => event(`${i}`)),
              this.received,
              source,
            )
    this.frames.push(frame)
    await this.store.projection.apply([frame]).catch(() => undefined)
    this.applied = frame.header.sequence
  }

  async commit(): Promise<void> {
    try {
      await this.store.projection.commit()
      this.promised = this.applied
    } catch {
      // Injected disk failure: nothing is promised.
    }
  }

  break(): void {
    const operation =
      (['sync', 'write', 'rename', 'syncDirectory', 'open', 'remove'] as const)[this.random.integer(0, 5)] ?? 'sync'
    this.host.disk.faults.failNext(operation, 'EIO', {
      match: directory,
      skip: this.random.integer(0, 4),
      times: this.random.integer(1, 3),
    })
  }

  async restart(): Promise<void> {
    if (this.random.integer(0, 1) === 0) {
      this.host.disk.powerOffAfter(this.random.integer(0, 30))
      await this.store.projection.commit().then(
        () => (this.promised = this.applied),
        () => undefined,
      )
      await this.store.maintain().catch(() => undefined)
    }
    this.host = this.host.crash()
    this.store = await open(this.host)
    await this.check()
  }

  async flip(): Promise<void> {
    this.host.disk.faults.clear()
    await this.commit()
    const held = this.store.projection.holds()[filePartition]?.sequence ?? 0
    this.host = this.host.crash()
    const manifests = (await this.host.disk.list(directory)).filter((name) => name.startsWith('manifest-'))
    const file = await this.host.disk.open(
      `${directory}/${manifests[this.random.integer(0, manifests.length - 1)]}`,
      'write',
    )
    const at = this.random.integer(0, (await file.size()) - 1)
    const byte = new Uint8Array(1)
    await file.read(byte, at)
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ (1 << this.random.integer(0, 7))), at)
    await file.sync()
    await file.close()
    this.promised = held
    this.store = await open(this.host)
    await this.check()
  }

  async check(): Promise<void> {
    const reached = this.store.projection.position()[filePartition]?.sequence ?? 0
    const repeated = this.frames.filter(
      ({ header }) => header.sequence > reached && header.sequence <= this.promised && header.count > 0,
    )
    expect(repeated.map(({ header }) => header.sequence)).toEqual([])
    const { sources } = (await readManifest(this.host.disk, directory)).state
    const numbers = Object.fromEntries(Object.entries(sources).map(([name, { id }]) => [name, id]))
    expect(await storedRows(this.host)).toEqual(expectedRows(this.frames, reached, numbers))
    const flows = this.frames
      .filter(({ header }) => header.kind === 'flows' && header.sequence <= reached)
      .reduce((sum, { header }) => sum + header.count, 0)
    expect(await rolledUp(this.host)).toEqual([flows, flows, flows])
    const names = await this.host.disk.list(directory)
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(names.filter((name) => parseFileName(name) !== undefined).length).toBe(this.store.status().files)
    const stored = Object.values(this.store.ledger().stored).reduce((sum, rows) => sum + rows, 0)
    expect(stored).toBe(this.store.status().rows)
    const again = this.frames.filter(({ header }) => header.sequence > reached)
    await this.store.projection.apply(again)
    this.promised = reached
  }
}

async function checkRun(seed: number, steps: number): Promise<void> {
  const host = fakeHost(seed, { jitter: false })
  await host.disk.makeDirectory('/data')
  await host.disk.syncDirectory('/')
  const model = new Model(seed, host, await open(host))
  for (let step = 0; step < steps; step++) await model.step()
  model.host.disk.faults.clear()
  await model.restart()
  await model.commit()
  await model.check()
}

describe('on a disk that loses unsynced data', () => {
  const drawn = seeds(100, 300)
  for (let at = 0; at < drawn.length; at += 50) {
    const some = drawn.slice(at, at + 50)
    it(`stores rows once despite disk failures and power loss (seeds ${some[0]} to ${some.at(-1)})`, async () => {
      for (const seed of some) {
        await checkRun(seed, 60).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${messageOf(error)}`, { cause: error })
        })
      }
    })
  }
})
