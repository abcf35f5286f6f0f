import type { JournalLimits } from '../../src/journal/index.ts'
import { checkJournal, journalSource, openJournal, openReader } from '../../src/journal/index.ts'
import type { Frame, JournalReader, JournalWriter, Tail, UnreadableRange } from '../../src/journal/types.ts'
import type { Position } from '../../src/model/positions.ts'
import { nowhere } from '../../src/model/positions.ts'
import type { FakeHost } from '../kit/fake-host.ts'
import { fakeHost } from '../kit/fake-host.ts'
import type { Flip, Operation, Run } from './operations.ts'
import { readers } from './operations.ts'
import { Reference, violated } from './reference.ts'
import { makeUnit } from './units.ts'

export const directory = '/data/journal'

interface Place {
  readonly position: Position
  readonly accepted: Readonly<Record<string, number>>
}

interface ModelReader {
  open: JournalReader | undefined
  /** Read so far in this life. */
  place: Place
  /** The position after a crash. */
  committed: Place
}

/** Reads everything between two positions of a journal without a writer. */
export async function readAll(host: FakeHost, tail: Tail): Promise<{ frames: Frame[]; unreadable: UnreadableRange[] }> {
  const stop = new AbortController()
  const unreadable: UnreadableRange[] = []
  const reader = openReader({
    host,
    directory,
    after: nowhere,
    onUnreadable: (stretch) => unreadable.push(stretch),
    tail: {
      durable: () => tail.durable(),
      // Stops when all rows are read.
      moved: async () => stop.abort(),
    },
  })
  const frames: Frame[] = []
  while (!stop.signal.aborted) frames.push(...(await reader.next(1_000_000, stop.signal)))
  await reader.close()
  return { frames: frames.filter((frame) => frame.header.source !== journalSource), unreadable }
}

/** The tail of a journal without a writer. */
export const atRest: Tail = {
  durable: () => ({ segment: '~', offset: 0, sequence: Number.MAX_SAFE_INTEGER, row: 0 }),
  moved: () => Promise.resolve(),
}

export class World {
  readonly reference = new Reference()
  #host: FakeHost
  readonly #limits: Partial<JournalLimits>
  #journal: JournalWriter | undefined
  #epoch = 0
  readonly #readers: ModelReader[]

  constructor(run: Run) {
    this.#host = fakeHost(run.seed)
    this.#limits = { ...run.limits, reserveBytes: 1000 }
    const start: Place = { position: nowhere, accepted: {} }
    this.#readers = Array.from({ length: readers }, () => ({ open: undefined, place: start, committed: start }))
  }

  async start(): Promise<void> {
    // The folder above the journal is durable.
    await this.#host.disk.makeDirectory('/data')
    await this.#host.disk.syncDirectory('/')
    await this.#open()
  }

  async finish(): Promise<void> {
    this.#host.disk.faults.clear()
    this.#host.disk.roomy()
    await this.#settle()
    await this.#end('crash')
    await this.#verify()
    await this.#end('close')
    await this.#verify()
    await this.#end('close')
    if (this.#found !== undefined) throw this.#found
  }

  /** The first violation in a response. */
  #found: Error | undefined

  async step(operation: Operation): Promise<void> {
    await this.#take(operation)
    if (this.#found !== undefined) throw this.#found
  }

  async #take(operation: Operation): Promise<void> {
    const { disk } = this.#host
    switch (operation.do) {
      case 'append':
        for (const shape of operation.units) {
          const unit = makeUnit(this.reference.units.length, shape, this.#host.clock.now())
          const life = this.#host
          this.reference.call(unit)
          this.#journal
            ?.append(unit.unit)
            .then(
              (appended) => this.reference.accept(unit, appended),
              (error: unknown) => {
                if (life === this.#host && !disk.isDown) this.reference.refuse(unit, error)
              },
            )
            .catch((found: unknown) => (this.#found ??= found instanceof Error ? found : new Error(String(found))))
        }
        return
      case 'settle':
        return this.#settle()
      case 'pass':
        return this.#host.advance(operation.ms)
      case 'jump':
        return this.#host.jump(operation.ms)
      case 'read':
        return this.#read(operation.reader, operation.bytes)
      case 'commit': {
        const reader = this.#readers[operation.reader]
        if (reader !== undefined && !disk.isDown) reader.committed = reader.place
        return
      }
      case 'release': {
        if (disk.isDown) return
        const released = Math.min(...this.#readers.map((reader) => reader.committed.position.sequence))
        this.reference.release(released)
        await this.#journal?.release(released).catch((error: unknown) => this.#tolerate('release', error))
        return
      }
      case 'fail':
        return disk.failNext(operation.call, 'EIO', { match: directory, skip: operation.skip, times: operation.times })
      case 'fill':
        return disk.fullAfter(operation.bytes)
      case 'empty':
        return disk.roomy()
      case 'stop-after':
        this.#stop = operation.how
        return disk.powerOffAfter(operation.calls)
      case 'end':
        return this.#end(operation.how, operation.flip)
      case 'verify':
        return this.#verify()
    }
  }

  /** How the life ends if the disk fails during a call. */
  #stop: 'crash' | 'kill' = 'crash'

  /** A call may fail as the run requested; other errors are findings. */
  #tolerate(what: string, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EIO' || code === 'ECRASHED' || code === 'ENOSPC') return
    violated(`${what} failed with ${String(error)}`)
  }

  async #settle(): Promise<void> {
    await this.#host.settle()
    if (this.#host.disk.isDown) await this.#end(this.#stop)
  }

  async #end(how: 'crash' | 'kill' | 'close', flip?: Flip): Promise<void> {
    const ending =
      how === 'close' ? this.#journal?.close().catch((error: unknown) => this.#tolerate('close', error)) : undefined
    if (ending !== undefined) {
      await this.#host.settle()
      if (!this.#host.disk.isDown) await ending
      for (const reader of this.#readers) reader.committed = reader.place
    }
    this.reference.endLife()
    const ended = how === 'close' && this.#host.disk.isDown ? this.#stop : how
    // A stop without a crash keeps everything too.
    this.#host = ended === 'crash' ? this.#host.crash() : this.#host.kill()
    this.#journal = undefined
    for (const reader of this.#readers) {
      reader.open = undefined
      reader.place = reader.committed
    }
    if (flip !== undefined) await this.#damage(flip)
    await this.#open()
  }

  async #open(): Promise<void> {
    for (;;) {
      try {
        this.#journal = await openJournal({
          host: this.#host,
          directory,
          epoch: ++this.#epoch,
          limits: this.#limits,
          evidence: this.#readers.map((reader) => reader.committed),
        })
        break
      } catch (error) {
        if (this.#host.disk.faults.struck > 0) {
          // The journal must start once the disk works.
          this.#host.disk.faults.clear()
          continue
        }
        if (!this.#host.disk.isDown)
          violated(`the journal does not start: ${error instanceof Error ? error.stack : String(error)}`)
        this.#host = this.#host[this.#stop]()
      }
    }
    const { frames } = await readAll(this.#host, this.#journal.tail)
    this.reference.opened(frames, this.#journal)
  }

  async #read(index: number, bytes: number): Promise<void> {
    const reader = this.#readers[index]
    const journal = this.#journal
    if (reader === undefined || journal === undefined || this.#host.disk.isDown) return
    reader.open ??= openReader({ host: this.#host, directory, after: reader.place.position, tail: journal.tail })
    const stop = new AbortController()
    const reading = reader.open.next(bytes, stop.signal).catch((error: unknown) => {
      this.#tolerate('read', error)
      return undefined
    })
    await this.#host.settle()
    stop.abort()
    await this.#host.settle()
    if (this.#host.disk.isDown) return this.#end(this.#stop)
    const frames = await reading
    if (frames === undefined) {
      reader.open = undefined
      return
    }
    let { position } = reader.place
    const accepted = { ...reader.place.accepted }
    this.reference.delivered(
      position,
      frames.filter((frame) => frame.header.source !== journalSource),
    )
    for (const { header } of frames) {
      position = { sequence: header.sequence, row: header.firstRow + header.count }
      if (header.source !== journalSource) accepted[header.source] = header.sourceRows + header.count
    }
    reader.place = { position, accepted }
  }

  async #verify(): Promise<void> {
    await this.#settle()
    const journal = this.#journal
    if (journal === undefined) return
    this.#host.disk.faults.clear()
    this.#host.disk.powerOffAfter(Number.POSITIVE_INFINITY)
    const { frames, unreadable } = await readAll(this.#host, journal.tail)
    const check = await checkJournal({ host: this.#host, directory })
    this.reference.holds(frames, journal, check, unreadable)
  }

  /** Flips one bit while nothing runs, and determines the unreadable rows. */
  async #damage(flip: Flip): Promise<void> {
    const { disk } = this.#host
    const segments = disk.names(directory).filter((name) => name.endsWith('.seg'))
    const segment = segments[Math.floor(flip.segment * segments.length)]
    if (segment === undefined) return
    const path = `${directory}/${segment}`
    const size = disk.contents(path).length
    if (size === 0) return
    const before = (await readAll(this.#host, atRest)).frames
    const checkBefore = await checkJournal({ host: this.#host, directory })
    disk.flipBit(path, Math.floor(flip.at * size) * 8 + flip.bit)
    const after = (await readAll(this.#host, atRest)).frames
    const checkAfter = await checkJournal({ host: this.#host, directory })
    this.reference.flipped(before, after, checkBefore, checkAfter)
  }
}

/** Plays one run; throws its findings. */
export async function play(run: Run): Promise<void> {
  const world = new World(run)
  await world.start()
  for (const operation of run.operations) await world.step(operation)
  await world.finish()
}
