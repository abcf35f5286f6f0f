/** Damages journal folders, in memory and on a real disk. */
import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { realHost, type Host } from '../../src/host/index.ts'
import {
  checkJournal,
  openJournal,
  openReader,
  type Frame,
  type JournalLimits,
  type SegmentWriter,
  type Unit,
  type UnreadableRange,
} from '../../src/journal/index.ts'
import { nowhere } from '../../src/model/positions.ts'
import { fakeHost } from './fake-host.ts'
import { faultyDisk } from './faulty-disk.ts'
import type { FaultOptions, Operation } from './faults.ts'
import { SeededRandom } from './random.ts'

export interface Place {
  readonly host: Host
  readonly directory: string
}

export interface Folder extends Place {
  failNext(operation: Operation, error: string, options?: FaultOptions): void
  fullAfter(bytes: number): void
  roomy(): void
  readOnly(code: 'EACCES' | false): void
  jump(ms: number): void
  names(): Promise<string[]>
  get(name: string): Promise<Uint8Array>
  put(name: string, bytes: Uint8Array): Promise<void>
  take(name: string): Promise<void>
  end(): Promise<void>
}

export const disks: Readonly<Record<string, () => Promise<Folder>>> = {
  'the forgetful disk': async () => {
    const host = fakeHost(7)
    const directory = '/data/journal'
    await host.disk.makeDirectory('/data')
    const { disk } = host
    return {
      host,
      directory,
      failNext: (...fault) => disk.failNext(...fault),
      fullAfter: (bytes) => disk.fullAfter(bytes),
      roomy: () => disk.roomy(),
      readOnly: (code) => disk.readOnly(code),
      jump: (ms) => host.jump(ms),
      names: async () => disk.names(directory),
      get: async (name) => disk.contents(`${directory}/${name}`),
      put: async (name, bytes) => disk.put(`${directory}/${name}`, bytes),
      take: async (name) => disk.take(`${directory}/${name}`),
      end: () => Promise.resolve(),
    }
  },
  'a real folder': async () => {
    const root = await mkdtemp(join(tmpdir(), 'weir-damage-'))
    const directory = `${root}/journal`
    const real = realHost()
    const disk = faultyDisk(real.disk)
    let ahead = 0
    const host: Host = {
      ...real,
      disk,
      clock: { now: () => real.clock.now() + ahead, monotonic: () => real.clock.monotonic() },
    }
    return {
      host,
      directory,
      failNext: (...fault) => disk.failNext(...fault),
      fullAfter: (bytes) => disk.fullAfter(bytes),
      roomy: () => disk.roomy(),
      readOnly: (code) => disk.readOnly(code),
      jump: (ms) => {
        ahead += ms
      },
      names: async () => (await readdir(directory)).sort(),
      get: async (name) => new Uint8Array(await readFile(`${directory}/${name}`)),
      put: (name, bytes) => writeFile(`${directory}/${name}`, bytes),
      take: (name) => unlink(`${directory}/${name}`),
      end: () => rm(root, { recursive: true }),
    }
  },
}

let epoch = 0
export const nextEpoch = (): number => ++epoch

export function open({ host, directory }: Place, limits: Partial<JournalLimits> = {}): Promise<SegmentWriter> {
  return openJournal({ host, directory, epoch: nextEpoch(), limits: { reserveBytes: 0, ...limits } })
}

/** Two rows with an incompressible body; `name` is the stream. */
export function unit(name: string, bytes = 200, source = 'http'): Unit {
  return {
    source,
    stream: name,
    kind: 'events',
    count: 2,
    raw: new SeededRandom(bytes).bytes(bytes),
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
    cursor: new TextEncoder().encode(name),
  }
}

/** Readable units by name, and unreadable ranges. */
export async function read({
  host,
  directory,
}: Place): Promise<{ names: string[]; unreadable: readonly UnreadableRange[]; lost: number | null }> {
  const stop = new AbortController()
  const reader = openReader({
    host,
    directory,
    after: nowhere,
    tail: {
      durable: () => ({ segment: '~', offset: 0, sequence: Number.MAX_SAFE_INTEGER, row: 0 }),
      moved: async () => stop.abort(),
    },
  })
  const frames: Frame[] = []
  while (!stop.signal.aborted) frames.push(...(await reader.next(1 << 20, stop.signal)))
  await reader.close()
  const { unreadable, events } = await checkJournal({ host, directory })
  const names = frames.filter((frame) => frame.header.count > 0).map((frame) => frame.header.stream)
  expect(events).toBe(2 * names.length)
  const reported = unreadable.map((stretch) => stretch.events)
  return {
    names,
    unreadable,
    lost: reported.includes(null) ? null : reported.reduce<number>((sum, rows) => sum + (rows ?? 0), 0),
  }
}
