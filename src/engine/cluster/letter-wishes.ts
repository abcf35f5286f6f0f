/**
 * What people want to be done with dead letters. A letter is written by whoever delivers its partition, and by nobody else; all others write
 * down what they want under their own name, and see in the records what was done.
 */
import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import { WeirError } from '../../model/errors.ts'
import { openIds, type LetterBox } from '../delivery/dead-letter-admin.ts'
import type { Log } from '../contracts.ts'
import type { SinkSet } from '../delivery/sinks.ts'
import { lettersIn, type SharedLetter } from './letters.ts'
import { keys, wishKeys } from './names.ts'
import { begun } from './passed.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { SteadyWriter } from './steady-writer.ts'

interface Wish {
  /** Rises with each wish of an instance for a sink of a partition. */
  readonly number: number
  readonly to: 'retrying' | 'dropped'
  /** Left out: all that are open. */
  readonly ids?: readonly string[]
  /** Of the one letter, base64. */
  readonly body?: string
}

interface Done {
  readonly number: number
  readonly moved: number
}

/** Ids in one record, and characters of a body. */
const [mostIds, mostBody] = [1000, 480 * 1024]
const [patienceMs, lookMs] = [10_000, 1000]

export interface WishParts {
  readonly records: SharedRecords
  readonly writer: SteadyWriter
  readonly partition: number
  readonly sinks: Pick<SinkSet, 'get'>
  readonly host: Host
  readonly log: Log
  readonly signal: AbortSignal
}

/** The deliverer's side: does what is new, until the signal aborts. */
export async function heedWishes(parts: WishParts): Promise<void> {
  const { records, host, log, partition, signal } = parts
  // What was written comes by a moment later.
  const done = new Map<string, number>()
  for (let seen = -1; !signal.aborted;) {
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    // A sink may come later than what is wanted of it.
    await Promise.race([
      host.timers.sleep(lookMs, either),
      records.until(() => records.version(wishKeys) !== seen, either),
    ])
    over.abort()
    seen = records.version(wishKeys)
    try {
      await heed(parts, done)
    } catch (error) {
      if (!signal.aborted)
        log.warn('What is wanted of dead letters could not be done and is tried again.', {
          partition,
          error: String(error),
        })
    }
  }
}

async function heed({ records, writer, partition, sinks }: WishParts, done: Map<string, number>): Promise<void> {
  for (const {
    name,
    value: { number, to, ids, body },
  } of records.under<Wish>(keys.wishes(partition))) {
    const [sink = '', instance = ''] = name.split('/', 2)
    const key = keys.wishDone(partition, sink, instance)
    const delivery = sinks.get(sink)
    if (delivery === undefined || number <= (done.get(key) ?? records.get<Done>(key)?.number ?? 0)) continue
    const { letters } = delivery
    const moved =
      body === undefined
        ? await letters.mark(ids ?? openIds(letters), to)
        : Number(await letters.retryAs(ids?.[0] ?? '', Buffer.from(body, 'base64')))
    done.set(key, number)
    if (to === 'retrying') delivery.nudge()
    await writeRecord(writer, key, { number, moved } satisfies Done)
  }
}

/** Letters as whoever shares the journal sees and moves them. */
export class SharedLetterBox implements LetterBox {
  readonly #options: {
    readonly bus: JournalBus
    readonly records: SharedRecords
    readonly instance: string
    readonly host: Host
    readonly log: Log
  }
  #writer: Promise<SteadyWriter> | undefined
  readonly #underWay = new Map<string, Promise<number>>()
  readonly #numbers = new Map<string, number>()

  constructor(options: {
    readonly bus: JournalBus
    readonly records: SharedRecords
    readonly instance: string
    readonly host: Host
    readonly log: Log
  }) {
    this.#options = options
  }

  check(sink: string): void {
    const { bus, records } = this.#options
    for (let partition = 0; partition < bus.partitions; partition++) if (begun(records, sink, partition)) return
    throw new WeirError('WEIR_SINK_UNKNOWN', `there is no sink ${sink}`)
  }

  waiting(sink: string | undefined): readonly SharedLetter[] {
    return this.#of(sink).filter(({ letter: { state } }) => state === 'open' || state === 'retrying')
  }

  get(id: string, sink: string | undefined): readonly SharedLetter[] {
    return this.#of(sink).filter(({ letter }) => letter.id === id)
  }

  async move(sink: string, ids: readonly string[] | undefined, to: 'retrying' | 'dropped'): Promise<number> {
    this.check(sink)
    const wanted = ids === undefined ? undefined : new Set(ids)
    const chosen = Map.groupBy(
      this.waiting(sink).filter(({ letter: { id } }) => wanted?.has(id) ?? true),
      ({ partition }) => partition,
    )
    const moved = await Promise.all(
      Array.from(chosen, async ([partition, some]) => {
        if (wanted === undefined) return this.#ask(partition, sink, { to })
        let sum = 0
        for (let at = 0; at < some.length; at += mostIds)
          sum += await this.#ask(partition, sink, {
            to,
            ids: some.slice(at, at + mostIds).map(({ letter: { id } }) => id),
          })
        return sum
      }),
    )
    return moved.reduce((sum, some) => sum + some, 0)
  }

  async retryAs(sink: string, id: string, bytes: Uint8Array): Promise<boolean> {
    const [found] = this.get(id, sink)
    const body = Buffer.from(bytes).toString('base64')
    if (body.length > mostBody)
      throw new WeirError(
        'WEIR_LETTER_EDIT',
        `It has ${bytes.length} bytes as the journal keeps it; where the journal is shared ${(mostBody / 4) * 3} can be edited.`,
      )
    return found !== undefined && (await this.#ask(found.partition, sink, { to: 'retrying', ids: [id], body })) > 0
  }

  async close(): Promise<void> {
    await (await this.#writer?.catch(() => undefined))?.close(0)
  }

  /** Not those of a sink that nobody configures any more. */
  #of(sink: string | undefined): readonly SharedLetter[] {
    const { records } = this.#options
    return lettersIn(records).filter(
      ({ sink: of, partition }) => (sink === undefined || of === sink) && begun(records, of, partition),
    )
  }

  /** One after the other for each sink of a partition. */
  #ask(partition: number, sink: string, wish: Omit<Wish, 'number'>): Promise<number> {
    const name = `${partition}/${sink}`
    const before = this.#underWay.get(name)?.catch(() => 0) ?? Promise.resolve(0)
    const asking = before.then(() => this.#askNow(partition, sink, wish))
    this.#underWay.set(name, asking)
    return asking
  }

  async #askNow(partition: number, sink: string, wish: Omit<Wish, 'number'>): Promise<number> {
    const { records, instance, host } = this.#options
    const [key, doneKey] = [keys.wish(partition, sink, instance), keys.wishDone(partition, sink, instance)]
    const late = new AbortController()
    const timer = host.timers.after(patienceMs, () => {
      late.abort()
    })
    const tooLate = new Promise<never>((_, reject) => {
      late.signal.addEventListener('abort', () => {
        reject(
          new WeirError(
            'WEIR_SINK_UNREACHABLE',
            `no deliverer of partition ${partition} has answered for sink ${sink} within ${patienceMs / 1000} s; look whether its letters moved, and ask again`,
          ),
        )
      })
    })
    try {
      const writer = await Promise.race([this.#open(key), tooLate])
      const number =
        Math.max(
          this.#numbers.get(key) ?? 0,
          records.get<Wish>(key)?.number ?? 0,
          records.get<Done>(doneKey)?.number ?? 0,
        ) + 1
      this.#numbers.set(key, number)
      await Promise.race([writeRecord(writer, key, { number, ...wish } satisfies Wish), tooLate])
      const done = (): Done | undefined => records.get<Done>(doneKey)
      await Promise.race([records.until(() => (done()?.number ?? 0) >= number, late.signal), tooLate])
      return done()?.moved ?? 0
    } finally {
      timer.cancel()
    }
  }

  /** What others wrote under our name before is known then. */
  async #open(key: string): Promise<SteadyWriter> {
    const { bus, records, instance, host, log } = this.#options
    const known = await this.#writer?.catch(() => undefined)
    if (known !== undefined && known.ended === undefined) return known
    const name = `wishes/${instance}`
    const opening = bus.claim(name).then((writer) => new SteadyWriter({ writer, name, host, log }))
    this.#writer = opening
    const writer = await opening
    await writer.fence('records', key)
    await records.sync(new AbortController().signal)
    return writer
  }
}
