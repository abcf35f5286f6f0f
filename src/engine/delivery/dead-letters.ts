/** Durable before the offset record that counts it; void without that record, because its row is redelivered. */
import type { Clock, Host } from '../../host/index.ts'
import type { FrameHeader } from '../../journal/types.ts'
import { stableId } from '../../model/positions.ts'
import { DeadLetterFile } from './dead-letter-file.ts'

export type DeadLetterState = 'open' | 'retrying' | 'delivered' | 'dropped'
type Mark = DeadLetterState | 'void'

export type StoredDeadLetter = Readonly<{
  id: string
  source: string
  kind: 'events' | 'flows'
  epoch: number
  sourceSequence: number
  row: number
  sequence: number
  received: number
  time: number
  reason: string
  attempts: number
  body: string
  state: DeadLetterState
}>

export type DeadLetterLine =
  | { readonly letter: Omit<StoredDeadLetter, 'state'> }
  | Readonly<{ mark: Mark; id: string; time: number; reason?: string; body?: string }>

export interface DeadLetterLog {
  lines(): Promise<readonly DeadLetterLine[]>
  /** Durable when it resolves; calls are serialized. `letters`: the state after each line; undefined: removed. */
  write(lines: readonly DeadLetterLine[], letters: readonly (StoredDeadLetter | undefined)[]): Promise<void>
  close(): Promise<void>
}

export class DeadLetters {
  readonly sink: string
  readonly #clock: Clock
  readonly #log: DeadLetterLog
  readonly #letters = new Map<string, StoredDeadLetter>()
  #appending: Promise<void> = Promise.resolve()
  /** Ids of an uncommitted range, which are marked void before the offset passes them. */
  #voids: string[] = []

  private constructor(clock: Clock, sink: string, log: DeadLetterLog) {
    this.#clock = clock
    this.sink = sink
    this.#log = log
  }

  /** `committed`: sequence of the sink's offset record; later dead letters are void. */
  static open(host: Host, directory: string, sink: string, committed: number): Promise<DeadLetters> {
    return DeadLetters.from(new DeadLetterFile(host, directory, sink), host.clock, sink, committed)
  }

  static async from(log: DeadLetterLog, clock: Clock, sink: string, committed: number): Promise<DeadLetters> {
    const letters = new DeadLetters(clock, sink, log)
    await letters.#load(committed)
    return letters
  }

  all(): readonly StoredDeadLetter[] {
    return [...this.#letters.values()]
  }

  waiting(): readonly StoredDeadLetter[] {
    return this.all().filter((letter) => letter.state === 'open' || letter.state === 'retrying')
  }

  get(id: string): StoredDeadLetter | undefined {
    return this.#letters.get(id)
  }

  count(state: DeadLetterState, source?: string): number {
    let count = 0
    for (const letter of this.#letters.values())
      if (letter.state === state && (source === undefined || letter.source === source)) count++
    return count
  }

  retrying(limit: number): readonly StoredDeadLetter[] {
    const results: StoredDeadLetter[] = []
    for (const letter of this.#letters.values()) {
      if (letter.state === 'retrying') results.push(letter)
      if (results.length === limit) break
    }
    return results
  }

  /** Call before the offset moves: later, positions no longer identify void dead letters. */
  async settleVoids(): Promise<void> {
    if (this.#voids.length === 0) return
    const time = this.#clock.now()
    await this.#append(this.#voids.map((id): DeadLetterLine => ({ mark: 'void', id, time })))
    this.#voids = []
  }

  async add(letters: readonly Omit<StoredDeadLetter, 'state' | 'id'>[]): Promise<void> {
    const lines = letters.map((letter) => ({
      letter: { ...letter, id: stableId(letter.source, letter.epoch, letter.sourceSequence, letter.row) },
    }))
    await this.#append(lines)
  }

  async mark(ids: readonly string[], to: DeadLetterState, reason?: string): Promise<number> {
    const time = this.#clock.now()
    const movable = ids.filter((id) => this.#movable(id, to))
    if (movable.length === 0) return 0
    const lines = movable.map((id): DeadLetterLine => ({
      mark: to,
      id,
      time,
      ...(reason === undefined ? {} : { reason }),
    }))
    await this.#append(lines)
    return movable.length
  }

  /** One line in the file, hence atomic. False unless it is open. */
  async retryAs(id: string, body: Uint8Array): Promise<boolean> {
    if (!this.#movable(id, 'retrying')) return false
    const line: DeadLetterLine = {
      mark: 'retrying',
      id,
      time: this.#clock.now(),
      body: Buffer.from(body).toString('base64'),
    }
    await this.#append([line])
    return true
  }

  async close(): Promise<void> {
    await this.#appending
    await this.#log.close()
  }

  #movable(id: string, to: DeadLetterState) {
    const state = this.#letters.get(id)?.state
    return state === 'open' ? to !== 'delivered' && to !== 'open' : state === 'retrying' && to !== 'retrying'
  }

  /** Serialized: operators and delivery append concurrently. */
  #append(lines: readonly DeadLetterLine[]) {
    const appending = this.#appending.then(async () => {
      await this.#log.write(
        lines,
        lines.map((line) => after(this.#letters.get(idOf(line)), line)),
      )
      for (const line of lines) this.#take(line)
    })
    this.#appending = appending.catch(() => {})
    return appending
  }

  #take(line: DeadLetterLine) {
    const id = idOf(line)
    const letter = after(this.#letters.get(id), line)
    if (letter === undefined) this.#letters.delete(id)
    else this.#letters.set(id, letter)
  }

  async #load(committed: number) {
    for (const line of await this.#log.lines()) this.#take(line)
    this.#voids = this.all()
      .filter((letter) => letter.sequence > committed)
      .map((letter) => letter.id)
    for (const id of this.#voids) this.#letters.delete(id)
  }
}

function idOf(line: DeadLetterLine) {
  return 'letter' in line ? line.letter.id : line.id
}

function after(letter: StoredDeadLetter | undefined, line: DeadLetterLine): StoredDeadLetter | undefined {
  if ('letter' in line) return { ...line.letter, state: 'open' }
  if (letter === undefined || line.mark === 'void') return undefined
  return {
    ...letter,
    state: line.mark,
    ...(line.body === undefined ? {} : { body: line.body }),
    ...(line.mark === 'open'
      ? { attempts: letter.attempts + 1, time: line.time, reason: line.reason ?? letter.reason }
      : {}),
  }
}

export function toDeadLetter(
  header: FrameHeader,
  row: number,
  body: Uint8Array,
  { reason, attempts, time }: Pick<StoredDeadLetter, 'reason' | 'attempts' | 'time'>,
): Omit<StoredDeadLetter, 'state' | 'id'> {
  return {
    source: header.source,
    kind: header.kind === 'flows' ? 'flows' : 'events',
    epoch: header.epoch,
    sourceSequence: header.sourceSequence,
    row,
    sequence: header.sequence,
    received: header.received,
    time,
    reason,
    attempts,
    body: Buffer.from(body).toString('base64'),
  }
}
