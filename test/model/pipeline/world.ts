import type { StoredDeadLetter } from '../../../src/engine/delivery/dead-letters.ts'
import type { FakeHost } from '../../kit/fake-host.ts'
import { fakeHost } from '../../kit/fake-host.ts'
import { violated } from '../reference.ts'
import { atRest, readAll } from '../world.ts'
import { begin, type Life } from './life.ts'
import { buried, idsOf, storedRows } from './observed.ts'
import type { Flip, Operation, Run } from './operations.ts'
import { sinks } from './operations.ts'
import { OtherSide } from './other-side.ts'
import { Reference, type ModelUnit } from './reference.ts'

/** Longer than every backoff. */
const whileMs = 6000

/** A machine with a whole Weir, two target systems, and clients that push. */
export class World {
  readonly reference = new Reference()
  readonly #run: Run
  readonly #others: readonly OtherSide[]
  #host: FakeHost
  #life: Life | undefined
  /** Calls of a journal or store of an ended life. */
  #stop: 'crash' | 'kill' = 'crash'
  #underWay = new Set<ModelUnit>()
  readonly #pushed: ModelUnit[] = []
  #full = false
  /** This life began on a full disk: a loss is recorded with the first unit that fits. */
  #beganFull = false

  constructor(run: Run) {
    this.#run = run
    this.#host = fakeHost(run.seed)
    this.#others = sinks.map(() => new OtherSide(this.#host.random.fork()))
  }

  async start(): Promise<void> {
    await this.#host.disk.makeDirectory('/data')
    await this.#host.disk.syncDirectory('/')
    await this.#begin()
  }

  async step(operation: Operation): Promise<void> {
    const { disk } = this.#host
    const life = this.#life
    if (life === undefined) return
    switch (operation.do) {
      case 'append':
        for (const shape of operation.units) this.#push(this.reference.make(shape, this.#host.clock.now()))
        return
      case 'push-again': {
        const unit = this.#pushed.at(-1 - operation.back)
        if (unit !== undefined && !this.#underWay.has(unit)) this.#push(unit)
        return
      }
      case 'settle':
        return this.#settle()
      case 'pass':
        await this.#host.advance(operation.ms)
        return this.#settle()
      case 'jump':
        return this.#host.jump(operation.ms)
      case 'mood':
        this.#others[operation.sink]?.turn(operation.mood)
        return
      case 'feed':
        return this.#try(async () => life.store.projection.apply(await life.reader.ready(operation.bytes)))
      case 'commit':
        return this.#try(() => life.store.projection.commit())
      case 'maintain':
        return this.#try(() => life.store.maintain())
      case 'snapshot':
        return this.#try(() => life.snapshot())
      case 'letters':
        return this.#try(async () => {
          const name = sinks[operation.sink] ?? sinks[0]
          await life.runtime.deadLetters[operation.act](name)
        })
      case 'fail':
        return disk.failNext(operation.call, 'EIO', {
          match: operation.where,
          skip: operation.skip,
          times: operation.times,
        })
      case 'fill':
        this.#full = true
        return disk.fullAfter(operation.bytes)
      case 'empty':
        this.#full = false
        return disk.roomy()
      case 'stop-after':
        if (disk.isDown) return
        this.#stop = operation.how
        return disk.powerOffAfter(operation.calls)
      case 'end':
        return this.#end(operation.how, operation.flip)
      case 'verify':
        return this.#verify()
    }
  }

  /** All accepted rows arrive once the disk and the targets work. */
  async finish(): Promise<void> {
    await this.#settle()
    // Recovery must not need a restart.
    if (this.#run.seed % 2 === 0) await this.#end('crash')
    this.#mend()
    await this.#verify()
    this.#beganFull = false
    this.#push(this.reference.make({ source: 2, rows: 1, key: 0, type: 0 }, this.#host.clock.now()))
    await this.#settle()
    for (let round = 0; ; round++) {
      await this.#host.advance(whileMs)
      await this.#ended('feeding the store', this.#feedAll())
      const ledger = await this.#ended('a ledger', (this.#life as Life).runtime.ledger())
      if (ledger.sinks.every((sink) => sink.pending === 0)) break
      if (round === 40) violated(`rows pend although nothing blocks them: ${JSON.stringify(ledger)}`)
    }
    await this.#verify(true)
    await this.#end('close')
    await this.#verify(true)
    const life = this.#life as Life
    this.reference.finish(
      this.#others,
      sinks.map((name) => buried(life, name)),
      await life.runtime.ledger(),
      this.#run.drop,
    )
    await this.#end('close')
  }

  #mend(): void {
    this.#host.disk.faults.clear()
    this.#host.disk.roomy()
    this.#full = false
    this.#host.disk.powerOffAfter(Number.POSITIVE_INFINITY)
    for (const other of this.#others) other.turn('accept')
  }

  #push(unit: ModelUnit): void {
    const life = this.#life
    if (life === undefined) return
    const again = unit.unit.source === 'alpha'
    this.#underWay.add(unit)
    if (again && !this.#pushed.includes(unit)) this.#pushed.push(unit)
    const appending: Promise<unknown> = again ? life.admission.append(unit.unit) : life.journal.append(unit.unit)
    appending
      .then(
        () => this.reference.accept(unit),
        () => this.reference.doubt(unit),
      )
      .finally(() => this.#underWay.delete(unit))
      .catch(() => {})
  }

  /** Waits while time passes. An endless operation is a finding. */
  async #ended<T>(what: string, promise: Promise<T>): Promise<T> {
    const host = this.#host
    let over = false
    const end = (): void => {
      over = true
    }
    promise.then(end, end)
    await host.settle()
    for (let round = 0; !over; round++) {
      // A disk without power refuses calls, so this ends as well.
      if (round > 40) violated(`${what} never ends`)
      await host.advance(round < 5 ? 100 : whileMs)
    }
    return promise
  }

  /** Operations that a faulty disk refuses are retried later; the final comparison finds any loss. */
  async #try(act: () => Promise<unknown>): Promise<void> {
    if (this.#host.disk.isDown) return this.#end(this.#stop)
    const { faults } = this.#host.disk
    await this.#ended('a step', act()).catch((error: unknown) => {
      if (faults.struck === 0 && !this.#host.disk.isDown && !String(error).includes('ENOSPC')) throw error
    })
    return this.#settle()
  }

  async #settle(): Promise<void> {
    await this.#host.settle()
    if (this.#host.disk.isDown) await this.#end(this.#stop)
  }

  async #end(how: 'crash' | 'kill' | 'close', flip?: Flip): Promise<void> {
    const life = this.#life
    const stores = sinks.map((name) => life?.sinks.get(name)?.deadLetters)
    if (how === 'close' && life !== undefined && !this.#host.disk.isDown) {
      await this.#ended('a stop', life.stop()).catch(() => {})
    }
    // A send that the stop ended may have added some.
    const letters = stores.flatMap((store) => store?.all() ?? [])
    // After a clean stop the machine may lose power too.
    const ended = this.#host.disk.isDown ? this.#stop : how === 'kill' ? 'kill' : 'crash'
    if (this.#host.disk.faults.struck > 0) for (const unit of this.#underWay) this.reference.doubt(unit)
    this.#underWay = new Set()
    this.#life = undefined
    for (const other of this.#others) other.life++
    this.#host = ended === 'crash' ? this.#host.crash() : this.#host.kill()
    if (flip !== undefined) await this.#flip(flip, letters)
    await this.#begin()
  }

  /** Flips one bit while nothing runs, and determines the lost rows. */
  async #flip({ folder, file, at, bit }: Flip, letters: readonly StoredDeadLetter[]): Promise<void> {
    const { disk } = this.#host
    const path = `/data/${folder}`
    const names = disk.names(path).filter((name) => !name.endsWith('.parquet') && !disk.isFolder(`${path}/${name}`))
    const name = names[Math.floor(file * names.length)]
    if (name === undefined) return
    const size = disk.contents(`${path}/${name}`).length
    if (size === 0) return
    const before = (await readAll(this.#host, atRest)).frames
    disk.flipBit(`${path}/${name}`, Math.floor(at * size) * 8 + bit)
    const after = (await readAll(this.#host, atRest)).frames
    for (const other of this.#others)
      for (const { rows } of other.attempts) for (const row of rows) this.reference.place(row.position, row.id)
    // An unreadable dead letter counts as quarantined; its rows are not expected at the sink.
    const lost = folder === 'dead-letters' ? this.reference.idsAt(letters.map((letter) => letter.id)) : []
    this.reference.flip(
      [...idsOf(before), ...lost],
      idsOf(after).filter((id) => !lost.includes(id)),
    )
  }

  async #begin(): Promise<void> {
    for (;;) {
      const { disk } = this.#host
      try {
        this.#beganFull = this.#full
        this.#life = await this.#ended('a start', begin(this.#host, this.#run, this.#others))
        return
      } catch (error) {
        const excuse = disk.isDown || disk.faults.struck > 0 || String(error).includes('ENOSPC')
        if (!excuse) violated(`it does not start: ${error instanceof Error ? error.stack : String(error)}`)
        for (const other of this.#others) other.life++
        if (disk.faults.struck > 0) this.reference.doubtAll()
        if (disk.isDown) this.#host = this.#host[this.#stop]()
        else {
          // The process ends with an error; the operator repairs the disk and restarts it.
          disk.roomy()
          this.#full = false
          this.#host = this.#host.kill()
        }
      }
    }
  }

  async #feedAll(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    for (;;) {
      const frames = await life.reader.ready(1_000_000)
      if (frames.length === 0) break
      await life.store.projection.apply(frames)
    }
    await life.store.projection.commit()
    while (await life.store.maintain());
  }

  async #verify(caughtUp = false): Promise<void> {
    await this.#settle()
    const life = this.#life
    if (life === undefined) return
    const { disk } = this.#host
    disk.powerOffAfter(Number.POSITIVE_INFINITY)
    const refused = disk.faults.struck > 0
    disk.faults.clear()
    // A manifest record that the disk refused may be lost in a crash, so it is written again.
    if (refused) await this.#ended('a commit', life.store.projection.commit()).catch(() => {})
    this.reference.journal((await readAll(this.#host, life.journal.tail)).frames)
    this.reference.store(await storedRows(this.#host), caughtUp)
    sinks.forEach((name, index) => {
      const other = this.#others[index]
      if (other !== undefined) this.reference.sink(name, other, buried(life, name), this.#run.giveUp)
    })
    this.reference.ledger(await this.#ended('a ledger', life.runtime.ledger()), this.#beganFull)
  }
}

/** Plays one run; throws its findings. */
export async function play(run: Run): Promise<void> {
  const world = new World(run)
  await world.start()
  for (const operation of run.operations) await world.step(operation)
  await world.finish()
}
