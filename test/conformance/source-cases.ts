import { setTimeout as sleep } from 'node:timers/promises'
import type { Source, SourceContext } from '../../src/engine/contracts.ts'
import { expect } from './expect.ts'
import { TestJournal, type NewUnit } from './test-journal.ts'

/** The response to a client. `silent`: this kind of source never responds (UDP). */
export type Answer = 'accepted' | 'retry' | 'refused' | 'silent'

/** A running source, and a client that uses it over the real network. */
export interface SourceSide {
  readonly source: Source
  /** Sends these numbers in one message. */
  send(numbers: readonly number[]): Promise<Answer>
  sendMalformed(): Promise<Answer>
  /** Closes the client. */
  close(): Promise<void>
}

export interface SourceHarness {
  /** Builds the source and a client; at `address` if given. */
  build(context: SourceContext, address: string | undefined): Promise<SourceSide>
  /** The system redelivers unacknowledged messages, like a queue. */
  readonly redelivers?: boolean
  /** The order that the source preserves: of all rows, or per key (`keyOf`). Undefined: none. */
  readonly order?: 'as received' | 'by key'
  numbersIn(unit: NewUnit): readonly number[]
}

const promises = {
  accepted: 'acknowledges nothing before its frame is synced',
  refused: 'acknowledges nothing that the journal refuses, and resumes when the journal accepts',
  drain: 'has synced everything that it acknowledged when it stops',
  malformed: 'counts or refuses malformed input and continues',
  restart: 'listens on the same address after a restart',
  order: 'journals rows in order of arrival',
} as const

export type SourceCase = keyof typeof promises

/** The key of a number, for sources that preserve order by key. */
export const keyOf = (number: number): string => `k${number % 3}`

/** The cases that apply to a source. */
export function sourceCases({ order }: SourceHarness): readonly (readonly [SourceCase, string])[] {
  return (Object.entries(promises) as [SourceCase, string][]).filter(
    ([which]) => which !== 'order' || order !== undefined,
  )
}

/** Runs one case. Rejects if the source fails it, at the latest after `patienceMs`. `ordered`: an order is verified. */
export async function runSourceCase(
  harness: SourceHarness,
  which: SourceCase,
  patienceMs = 10_000,
  ordered?: (order: NonNullable<SourceHarness['order']>) => void,
): Promise<void> {
  const bench = new Bench(harness, patienceMs)
  try {
    await cases[which](bench)
    if (which === 'order' && harness.order !== undefined) ordered?.(harness.order)
  } finally {
    await bench.end()
  }
}

class Bench {
  readonly journal = new TestJournal()
  readonly #harness: SourceHarness
  readonly #patienceMs: number
  #epoch = 0
  #running: { readonly side: SourceSide; readonly abort: AbortController; readonly done: Promise<void> } | undefined

  constructor(harness: SourceHarness, patienceMs: number) {
    this.#harness = harness
    this.#patienceMs = patienceMs
  }

  async start(address?: string): Promise<SourceSide> {
    const side = await this.#harness.build(this.journal.context(++this.#epoch), address)
    const abort = new AbortController()
    this.#running = { side, abort, done: side.source.run(abort.signal) }
    return side
  }

  /** Resolves when the source has stopped. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.abort.abort()
    await running?.done
    await running?.side.close()
  }

  async end(): Promise<void> {
    this.journal.release()
    await this.stop()
  }

  get redelivers(): boolean {
    return this.#harness.redelivers === true
  }

  get order(): SourceHarness['order'] {
    return this.#harness.order
  }

  journalled(): number[] {
    return this.journal.units.flatMap((unit) => [...this.#harness.numbersIn(unit)])
  }

  synced(): number[] {
    return this.journalled().sort((a, b) => a - b)
  }

  /** Waits until rows are synced or counted as shed. */
  async until(isDone: () => boolean): Promise<void> {
    for (let waited = 0; !isDone(); waited += 10) {
      if (waited > this.#patienceMs)
        throw new Error(
          `timeout after ${this.#patienceMs} ms: synced ${this.synced().join()}, shed ` +
            `${JSON.stringify(this.journal.shed)}`,
        )
      await sleep(10)
    }
  }
}

const first = [1, 2, 3, 4, 5]
const second = [6, 7, 8]

const cases: Readonly<Record<SourceCase, (bench: Bench) => Promise<void>>> = {
  async accepted(bench) {
    const { journal } = bench
    const side = await bench.start()
    journal.hold()
    let answered: Answer | undefined
    const answer = side.send(first).then((value) => (answered = value))
    await bench.until(() => journal.waiting > 0)
    // Long enough for a premature answer to arrive.
    await sleep(100)
    expect(answered === undefined || answered === 'silent').toBe(true)
    expect(bench.synced()).toEqual([])
    journal.release()
    expect(['accepted', 'silent']).toContain(await answer)
    await bench.until(() => bench.synced().length >= first.length)
    expect(bench.synced()).toEqual(first)
  },

  async refused(bench) {
    const { journal } = bench
    const side = await bench.start()
    journal.refuse()
    const answer = await side.send(first)
    expect(['retry', 'silent']).toContain(answer)
    // Without a response the client cannot resend, so the loss must be counted.
    if (answer === 'silent') await bench.until(() => journal.shedRows === first.length)
    expect(bench.synced()).toEqual([])
    journal.release()
    expect(['accepted', 'silent']).toContain(await side.send(second))
    const wanted = bench.redelivers ? [...first, ...second] : second
    await bench.until(() => bench.synced().length >= wanted.length)
    expect(bench.synced()).toEqual(wanted)
  },

  async drain(bench) {
    const { journal } = bench
    const side = await bench.start()
    journal.hold()
    const answer = side.send(first).catch((): Answer => 'retry')
    await bench.until(() => journal.waiting > 0)
    const stopped = bench.stop()
    await sleep(50)
    journal.release()
    await stopped
    const acknowledged = await answer
    // A client without a response resends elsewhere; an acknowledged one never does.
    if (acknowledged !== 'retry') expect(bench.synced()).toEqual(first)
    else expect(bench.synced().filter((number) => !first.includes(number))).toEqual([])
  },

  async malformed(bench) {
    const { journal } = bench
    const side = await bench.start()
    const answer = await side.sendMalformed()
    expect(['refused', 'silent']).toContain(answer)
    if (answer === 'silent') await bench.until(() => journal.shedRows > 0)
    expect(['accepted', 'silent']).toContain(await side.send(second))
    await bench.until(() => bench.synced().length >= second.length)
    expect(bench.synced()).toEqual(second)
  },

  async restart(bench) {
    const side = await bench.start()
    await side.send(first)
    await bench.until(() => bench.synced().length >= first.length)
    const [address] = side.source.addresses
    await bench.stop()
    const again = await bench.start(address)
    expect(again.source.addresses[0]).toBe(address)
    await again.send(second)
    await bench.until(() => bench.synced().length >= first.length + second.length)
    expect(bench.synced()).toEqual([...first, ...second])
  },

  async order(bench) {
    const side = await bench.start()
    const numbers = Array.from({ length: 24 }, (_, index) => index + 1)
    for (const some of [numbers.slice(0, 11), numbers.slice(11)]) await side.send(some)
    await bench.until(() => new Set(bench.journalled()).size >= numbers.length)
    // Redelivered rows follow their first arrival.
    const firsts = [...new Set(bench.journalled())]
    const lines =
      bench.order === 'by key'
        ? [...new Set(numbers.map(keyOf))].map((key) => firsts.filter((number) => keyOf(number) === key))
        : [firsts]
    for (const line of lines) expect(line).toEqual(line.toSorted((a, b) => a - b))
  },
}
