/** Transforms on a machine that loses power, compared with a naive reference. */
import { isDeepStrictEqual } from 'node:util'
import { flowJson } from '../../../src/codecs/flow-json/index.ts'
import { loadedTransform } from '../../../src/app/transforms.ts'
import { DeadLetterFile } from '../../../src/engine/delivery/dead-letter-file.ts'
import { recordFiles } from '../../../src/engine/delivery/record-store.ts'
import { defaultDelivery } from '../../../src/engine/delivery/settings.ts'
import { lowestPosition, SinkSet, type SinkEntry } from '../../../src/engine/delivery/sinks.ts'
import { Follower } from '../../../src/engine/follower.ts'
import { makeLedger } from '../../../src/engine/ledger/ledger.ts'
import { verifyLedger } from '../../../src/engine/ledger/verify.ts'
import { counterLease } from '../../../src/engine/sources/lease.ts'
import type { LoadedTransform } from '../../../src/engine/sources/derive.ts'
import type { Log, Metrics } from '../../../src/engine/contracts.ts'
import { decodeBatch, encodeBatch, openJournal, openReader, type SegmentWriter } from '../../../src/journal/index.ts'
import type { Frame, Unit } from '../../../src/journal/types.ts'
import { eventAt, toEventBatch } from '../../../src/model/events.ts'
import { FlowBuilder } from '../../../src/model/flow-builder.ts'
import { nowhere, type Position } from '../../../src/model/positions.ts'
import { configFrom } from '../../../src/schema/index.ts'
import { transformSchemas } from '../../../src/components/manifests.ts'
import { fakeHost, type FakeHost } from '../../kit/fake-host.ts'
import { expectedOf, type InputFrame, type ReferenceTick, type Row } from './reference.ts'
import { Outcomes } from './outcomes.ts'
import type { ReferenceEra } from './windows.ts'
import { outputs, settingsOf, typeOf, type Run, type Stage, type Step } from './runs.ts'

const directory = '/data/journal'
const metrics: Metrics = { count: () => {}, set: () => {} }

interface Life {
  readonly journal: SegmentWriter
  readonly follower: Follower
  readonly sinks: SinkSet
}

const idOf = (stage: number): string => `t${stage}`

function sourcesOf(stages: readonly Stage[], stage: number): readonly string[] {
  const names = outputs[stages[stage]?.type ?? 'filter']
  return names === undefined ? [idOf(stage)] : names.map((name) => `${idOf(stage)}.${name}`)
}

function inputsOf(stages: readonly Stage[], stage: number): readonly string[] {
  const from = (stages[stage]?.from ?? 0) % (stage + 1)
  return from === 0 ? ['in'] : sourcesOf(stages, from - 1)
}

class TransformWorld {
  readonly #run: Run
  #host: FakeHost
  #life: Life | undefined
  #stop: 'crash' | 'kill' = 'crash'
  #next = 0
  #windowing = 0
  /** Synced frames, read before they are released. */
  readonly #frames: Frame[] = []
  #read: Position = nowhere
  readonly #errors: string[] = []
  readonly #outcomes = new Outcomes()
  /** Imported before: the fake host does not wait for files of the code. */
  readonly #loaded = new Map<string, LoadedTransform>()

  constructor(run: Run) {
    this.#run = run
    this.#host = fakeHost(run.seed)
  }

  async start(): Promise<void> {
    for (const { type } of this.#run.stages) this.#loaded.set(typeOf(type), await loadedTransform(typeOf(type)))
    await this.#host.disk.makeDirectory('/data')
    await this.#host.disk.syncDirectory('/')
    await this.#begin()
  }

  async step(step: Step): Promise<void> {
    const { disk } = this.#host
    switch (step.do) {
      case 'flows':
        return this.#append(this.#flows(step.rows))
      case 'events':
        return this.#append(this.#events(step.types))
      case 'settle':
        return this.#settle()
      case 'pass':
        await this.#host.advance(step.ms)
        return this.#settle()
      case 'release': {
        await this.#settle()
        const held = this.#life?.sinks.holds()
        try {
          await this.#readAll()
          if (held !== undefined && !disk.isDown) await this.#ended(this.#life?.journal.release(held))
        } catch (error) {
          if (!disk.isDown && disk.faults.struck === 0) throw error
        }
        return this.#settle()
      }
      case 'change':
        this.#windowing = step.windowing
        return this.#reload()
      case 'fail':
        return disk.failNext(step.call, 'EIO', { match: step.where, skip: step.skip, times: step.times })
      case 'stop-after':
        if (disk.isDown) return
        this.#stop = step.how
        disk.powerOffAfter(step.calls)
        return
      case 'end':
        this.#stop = step.how
        return this.#restart()
    }
  }

  async finish(): Promise<void> {
    await this.#settle()
    this.#host.disk.powerOffAfter(Number.POSITIVE_INFINITY)
    this.#host.disk.faults.clear()
    for (let round = 0; ; round++) {
      await this.#host.advance(15_000)
      await this.#settle()
      const life = this.#life as Life
      await this.#checkTotals()
      const { sources, sinks, balanced } = this.#ledger(life)
      if (!balanced) throw new Error(`not balanced: ${JSON.stringify({ sources, sinks })}`)
      if (round > 1 && sinks.every(({ pending }) => pending === 0)) break
      if (round === 30) throw new Error(`rows pend: ${JSON.stringify(sinks)} ${this.#errors.slice(-5).join('\n')}`)
    }
    await this.#readAll()
    const life = this.#life as Life
    const ledger = this.#ledger(life)
    this.#outcomes.checkFrames(this.#frames.map(({ header }) => header))
    this.#outcomes.checkUnreadable(ledger.sources)
    this.#run.stages.forEach((_, stage) => this.#compare(stage, life, ledger))
    await this.#ended(life.sinks.stop())
    await life.follower.close()
    this.#outcomes.end()
    const verified = await verifyLedger({ host: this.#host, data: '/data', store: undefined })
    if (!verified.balanced) throw new Error(`the verified ledger is not balanced: ${JSON.stringify(verified)}`)
    this.#outcomes.check(new Map(verified.sources.map(({ name, accepted }) => [name, accepted])))
    this.#outcomes.checkUnreadable(verified.sources)
    await life.journal.close()
  }

  #compare(stage: number, life: Life, ledger: ReturnType<typeof makeLedger>): void {
    const { stages } = this.#run
    const type = stages[stage]?.type ?? 'filter'
    const from = new Set(inputsOf(stages, stage))
    const own = sourcesOf(stages, stage)
    const ticks = new Map<string, ReferenceTick>()
    let eras: readonly ReferenceEra[] = []
    for (const { header } of this.#frames) {
      if (!own.includes(header.source) || header.cursor === undefined) continue
      const cursor = JSON.parse(new TextDecoder().decode(header.cursor)) as {
        readonly ticks?: readonly ReferenceTick[]
        readonly memo?: string
      }
      if (cursor.memo !== undefined) {
        const newest = erasOf(cursor.memo)
        eras = [...eras.filter(({ since }) => since < (newest[0]?.since ?? 0)), ...newest]
      }
      for (const tick of cursor.ticks ?? []) ticks.set(`${tick.sequence} ${tick.at}`, tick)
    }
    const input = this.#frames.filter(({ header }) => from.has(header.source) && header.kind !== 'empty').map(rowsOf)
    const expected = expectedOf(
      type,
      input,
      [...ticks.values()].toSorted((a, b) => a.at - b.at),
      eras,
    )
    let rows = 0
    for (const source of own) {
      const found = this.#frames
        .filter(({ header }) => header.source === source && header.kind !== 'empty')
        .flatMap((frame) => rowsOf(frame).rows)
      rows += found.length
      const wanted = expected.rows.get(source.slice(idOf(stage).length + 1)) ?? []
      if (!isDeepStrictEqual(found, wanted))
        throw new Error(`${source} (${type}) has\n${JSON.stringify(found)}\ninstead of\n${JSON.stringify(wanted)}`)
    }
    const books = ledger.sinks.find(({ name }) => name === idOf(stage))
    const { rejected = 0, ...filtered } = expected.outcomes
    if (!isDeepStrictEqual({ ...books?.filtered }, filtered) || books?.dead_lettered !== rejected)
      throw new Error(
        `${idOf(stage)} (${type}) counts ${JSON.stringify(books)} instead of ${JSON.stringify(expected.outcomes)}`,
      )
    // The source's own count may differ: a frame that was torn in a crash counts as accepted, and totals of a source
    // without readers can be lost with a failed sync.
    if (!['aggregate', 'late', 'connections'].includes(type) && rows !== books.delivered)
      throw new Error(`${idOf(stage)} (${type}) delivered ${books.delivered} rows, its sources have ${rows}`)
  }

  #ledger({ follower, sinks }: Life): ReturnType<typeof makeLedger> {
    const sources = [...follower.accepted()].map(([name, accepted]) => ({ name, accepted, duplicates: 0, shed: {} }))
    return makeLedger(sources, sinks.books())
  }

  #flows(rows: Extract<Step, { do: 'flows' }>['rows']): Pick<Unit, 'kind' | 'count' | 'raw'> {
    const flows = new FlowBuilder(8)
    flows.reserve(rows.length)
    const [src, dst, bytes] = [flows.column('src_port'), flows.column('dst_port'), flows.column('bytes')]
    const [proto, flags] = [flows.column('proto'), flows.column('tcp_flags')]
    const times = flows.column('time_end')
    const ends = [flows.column('src_addr'), flows.column('dst_addr')] as const
    const [exporters, directions] = [flows.column('exporter_addr'), flows.column('direction')]
    rows.forEach(([from, to, sum], row) => {
      if (from !== null) {
        src.items[row] = from
        src.mark(row)
      }
      dst.items[row] = to
      dst.mark(row)
      bytes.items[2 * row] = sum
      bytes.mark(row)
      proto.items[row] = sum % 11 === 0 ? 1 : 6
      proto.mark(row)
      flags.items[row] = [0x11, 0x02, 0x10][sum % 5] ?? 0x18
      flags.mark(row)
      // Some flows have no time, some one after their receipt.
      if (sum % 5 !== 4) {
        times.items[row] = this.#host.clock.now() + 500 - 1500 * (sum % 5)
        times.mark(row)
      }
      if (sum % 4 !== 0) {
        exporters.items.set([0, 0, 0xffff, 0xc0000200 + (sum % 4)], 4 * row)
        exporters.mark(row)
      }
      if (sum % 7 > 1) {
        directions.items[row] = sum % 2
        directions.mark(row)
      }
      const first = sum % 3 === 0 ? 2 : 1
      ends.forEach((end, index) => {
        end.items.set([0, 0, 0xffff, 0x0a000000 + (index === 0 ? first : 3 - first)], 4 * row)
        end.mark(row)
      })
    })
    flows.commit(rows.length)
    return { kind: 'flows', count: rows.length, raw: encodeBatch(flows.batch()) }
  }

  #events(types: readonly string[]): Pick<Unit, 'kind' | 'count' | 'raw'> {
    const batch = toEventBatch(
      types.map((type) => ({ id: `e${this.#next++}`, source: '/s', type, encoding: 'none' as const })),
    )
    return { kind: 'events', count: types.length, raw: encodeBatch(batch) }
  }

  async #append(rows: Pick<Unit, 'kind' | 'count' | 'raw'>): Promise<void> {
    const times = { received: this.#host.clock.now(), timeMin: Number.NaN, timeMax: Number.NaN }
    const unit: Unit = { source: 'in', stream: 'in', ...rows, ...times }
    const { journal } = this.#life as Life
    this.#outcomes.watch(unit, () => journal.append(unit)).catch(() => undefined)
    return this.#settle()
  }

  async #settle(): Promise<void> {
    await this.#host.settle()
    if (this.#host.disk.isDown) await this.#restart()
    else await this.#checkTotals()
  }

  async #restart(): Promise<void> {
    await this.#readAll().catch(() => undefined)
    this.#stopped(this.#stop)
    await this.#begin()
  }

  async #begin(): Promise<void> {
    for (;;) {
      try {
        const life = await this.#ended(this.#open())
        this.#life = life
        // Rows must be the same while they are watched.
        if (this.#run.seed % 2 === 1)
          for (const { delivery } of life.sinks.all()) delivery.watch({ derived: () => {}, closed: () => {} })
        return this.#checkTotals()
      } catch (error) {
        const { isDown, faults } = this.#host.disk
        if (!isDown && faults.struck === 0) throw error
        // A process that cannot start ends.
        this.#stopped(isDown ? this.#stop : 'kill')
      }
    }
  }

  async #checkTotals(): Promise<void> {
    const { disk } = this.#host
    const { follower } = this.#life as Life
    try {
      await this.#ended(follower.catchUp())
    } catch (error) {
      if (disk.isDown || disk.faults.struck > 0) return
      throw error
    }
    if (!disk.isDown) this.#outcomes.check(follower.accepted())
  }

  #stopped(how: 'crash' | 'kill'): void {
    this.#life = undefined
    this.#outcomes.end()
    this.#host = how === 'crash' ? this.#host.crash() : this.#host.kill()
  }

  async #open(): Promise<Life> {
    const host = this.#host
    const epoch = await counterLease(host, '/data/epoch').acquire()
    const offsets = await recordFiles(host, directory).all()
    const journal = await openJournal({
      host,
      directory,
      epoch,
      limits: { segmentBytes: this.#run.segmentBytes, keepBytes: 0, reserveBytes: 0 },
      evidence: offsets.map(({ position, accepted }) => ({ position, accepted })),
    })
    const { tail } = journal
    const follower = new Follower({
      host,
      directory,
      tail,
      after: offsets.length === 0 ? nowhere : lowestPosition(offsets.map(({ record }) => record.position)),
      accepted: [...journal.totals()].map(([name, total]) => [name, total.accepted] as const),
    })
    const log: Log = {
      debug: () => {},
      info: () => {},
      warn: (message, fields) => void this.#errors.push(`${message} ${JSON.stringify(fields)}`),
      error: (message, fields) => void this.#errors.push(`${message} ${JSON.stringify(fields)}`),
    }
    const sinks = new SinkSet({
      host,
      log,
      metrics,
      directory,
      deadLetters: (sink) => new DeadLetterFile(host, '/data/dead-letters', sink),
      tail,
      follower,
      load: (type) => {
        const made = this.#loaded.get(type)
        if (made === undefined) throw new Error(type)
        return Promise.resolve(
          made({
            append: (unit) => this.#outcomes.watch(unit, () => journal.append(unit)),
            cursor: (id) => Promise.resolve(journal.totals().get(id)?.cursor),
          }),
        )
      },
      accepted: () => follower.accepted(),
    })
    await this.#apply(sinks)
    return { journal, follower, sinks }
  }

  async #apply(sinks: SinkSet): Promise<void> {
    const applied = await sinks.apply(this.#run.stages.map((stage, index) => this.#entry(stage, index)))
    if (applied.failed !== undefined) throw new Error(applied.failed.message)
  }

  async #reload(): Promise<void> {
    const { disk } = this.#host
    try {
      if (this.#life !== undefined) await this.#ended(this.#apply(this.#life.sinks))
    } catch (error) {
      if (!disk.isDown && disk.faults.struck === 0) throw error
      this.#stopped(disk.isDown ? this.#stop : 'kill')
      return this.#begin()
    }
    return this.#settle()
  }

  #entry({ type }: Stage, index: number): SinkEntry {
    const schema = transformSchemas[typeOf(type)]
    if (schema === undefined) throw new Error(type)
    return {
      id: idOf(index),
      type: typeOf(type),
      settings: configFrom(schema, settingsOf(type, this.#windowing) as never),
      written: JSON.stringify(settingsOf(type, this.#windowing)),
      delivery: {
        ...defaultDelivery,
        from: inputsOf(this.#run.stages, index),
        batch: { events: this.#run.batchEvents, bytes: 2000, waitMs: 0 },
        whenBehind: 'block',
      },
    }
  }

  /** Reads the frames that are synced and not read yet. */
  async #readAll(): Promise<void> {
    const life = this.#life
    if (life === undefined || this.#host.disk.isDown) return
    const reader = openReader({ host: this.#host, directory, tail: life.journal.tail, after: this.#read })
    try {
      for (let frames = await this.#ended(reader.ready(1 << 20)); frames.length > 0;) {
        for (const frame of frames) frame.body()
        this.#frames.push(...frames)
        const { header } = frames.at(-1) as Frame
        this.#read = { sequence: header.sequence, row: header.firstRow + header.count }
        frames = await this.#ended(reader.ready(1 << 20))
      }
    } finally {
      await reader.close()
    }
  }

  /** Waits while time passes. */
  async #ended<T>(promise: Promise<T> | undefined): Promise<T> {
    const host = this.#host
    let over = false
    const end = (): void => {
      over = true
    }
    promise?.then(end, end)
    await host.settle()
    for (let round = 0; !over && promise !== undefined; round++) {
      if (round > 40) throw new Error('an operation never ends')
      await host.advance(100)
    }
    return promise as Promise<T>
  }
}

function erasOf(memo: string): readonly ReferenceEra[] {
  const { eras } = JSON.parse(memo) as {
    readonly eras: readonly Readonly<{ since: number; settings: Omit<ReferenceEra, 'since'> }>[]
  }
  return eras.map(({ since, settings }) => ({ since, ...settings }))
}

function rowsOf(frame: Frame): InputFrame {
  const { sequence, received, kind } = frame.header
  const batch = decodeBatch(kind === 'flows' ? 'flows' : 'events', frame.body())
  const json = batch.kind === 'flows' ? flowJson(batch) : undefined
  const rows = Array.from({ length: batch.count }, (_, row): Row => {
    if (json !== undefined) return JSON.parse(json(row)) as Row
    if (batch.kind !== 'events') return {}
    const { id, type } = eventAt(batch, row)
    return { id, type }
  })
  return { sequence, received, kind: batch.kind, rows }
}

/** Plays one run; throws its findings. */
export async function play(run: Run): Promise<void> {
  const world = new TransformWorld(run)
  await world.start()
  for (const step of run.steps) await world.step(step)
  await world.finish()
}
