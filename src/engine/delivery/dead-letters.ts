/**
 * Dead letters of one sink: an append-only file of checksummed lines. A letter is synced before the offset record that
 * counts it; a letter that no offset record reached is void, since its row is delivered again. Marks move a letter on:
 * back to pending (`retry`, with another body when it was edited), delivered after all, or dropped by the operator.
 *
 * line: <crc32 hex> <json>\n
 */
import { crc32 } from 'node:zlib'
import { makeDurableDirectory, type DiskFile, type Host } from '../../host/index.ts'
import type { FrameHeader } from '../../journal/types.ts'
import { stableId } from '../../model/positions.ts'
import { directoryOf } from '../../journal/paths.ts'

export type LetterState = 'open' | 'retrying' | 'delivered' | 'dropped'
/** `void`: no offset record ever counted the letter; its row was delivered again. */
type Mark = LetterState | 'void'

export interface Letter {
  readonly id: string
  readonly source: string
  readonly kind: 'events' | 'flows'
  readonly epoch: number
  readonly sourceSequence: number
  readonly row: number
  /** Sequence of the frame it came from. */
  readonly sequence: number
  readonly received: number
  /** Unix ms of the (last) refusal. */
  time: number
  reason: string
  attempts: number
  /** One-row batch as `encodeBatch` made it, base64; of an edited letter as the operator left it. */
  body: string
  state: LetterState
}

type Line =
  | { readonly letter: Omit<Letter, 'state'> }
  | { readonly mark: Mark; readonly id: string; readonly time: number; readonly reason?: string; readonly body?: string }

export class DeadLetters {
  readonly sink: string
  readonly #host: Host
  readonly #path: string
  readonly #letters = new Map<string, Letter>()
  #file: DiskFile | undefined
  #appending: Promise<void> = Promise.resolve()
  #size = 0
  /** Letters of a range that was not committed: marked as void on disk before the offset may pass them. */
  #voids: string[] = []
  /** The file ends inside a torn line, which must not swallow the next one. */
  #torn = false

  private constructor(host: Host, sink: string, path: string) {
    this.#host = host
    this.sink = sink
    this.#path = path
  }

  /** `committed`: highest sequence that the sink's offset record covers; letters beyond it are void. */
  static async open(host: Host, directory: string, sink: string, committed: number): Promise<DeadLetters> {
    const letters = new DeadLetters(host, sink, `${directory}/${sink}.letters`)
    await letters.#load(committed)
    return letters
  }

  all(): readonly Letter[] {
    return [...this.#letters.values()]
  }

  /** Letters that are neither delivered nor dropped. */
  waiting(): readonly Letter[] {
    return this.all().filter((letter) => letter.state === 'open' || letter.state === 'retrying')
  }

  get(id: string): Letter | undefined {
    return this.#letters.get(id)
  }

  /** Letters of a source in a state; of all sources when none is given. */
  count(state: LetterState, source?: string): number {
    let count = 0
    for (const letter of this.#letters.values()) if (letter.state === state && (source === undefined || letter.source === source)) count++
    return count
  }

  retrying(limit: number): readonly Letter[] {
    const found: Letter[] = []
    for (const letter of this.#letters.values()) {
      if (letter.state === 'retrying') found.push(letter)
      if (found.length === limit) break
    }
    return found
  }

  /** To be called before the sink's offset moves: from then on their positions would no longer tell. */
  async settleVoids(): Promise<void> {
    if (this.#voids.length === 0) return
    const time = this.#host.clock.now()
    await this.#append(this.#voids.map((id): Line => ({ mark: 'void', id, time })))
    this.#voids = []
  }

  /** Durable when it resolves. */
  async add(letters: readonly Omit<Letter, 'state' | 'id'>[]): Promise<void> {
    const lines = letters.map((letter) => ({ letter: { ...letter, id: stableId(letter.source, letter.epoch, letter.sourceSequence, letter.row) } }))
    await this.#append(lines)
    for (const line of lines) this.#take(line)
  }

  /** Moves letters on; those that are gone or settled are passed over. Answers how many moved. */
  async mark(ids: readonly string[], to: LetterState, reason?: string): Promise<number> {
    const time = this.#host.clock.now()
    const movable = ids.filter((id) => this.#movable(id, to))
    if (movable.length === 0) return 0
    const lines = movable.map((id): Line => ({ mark: to, id, time, ...(reason === undefined ? {} : { reason }) }))
    await this.#append(lines)
    for (const line of lines) this.#take(line)
    return movable.length
  }

  /**
   * Back to pending with another body, in one line of the file: neither can exist without the other. False when the letter
   * does not wait for an operator.
   */
  async retryAs(id: string, body: Uint8Array): Promise<boolean> {
    if (!this.#movable(id, 'retrying')) return false
    const line: Line = { mark: 'retrying', id, time: this.#host.clock.now(), body: Buffer.from(body).toString('base64') }
    await this.#append([line])
    this.#take(line)
    return true
  }

  async close(): Promise<void> {
    await this.#appending
    await this.#file?.close()
    this.#file = undefined
  }

  #movable(id: string, to: LetterState): boolean {
    const state = this.#letters.get(id)?.state
    return state === 'open' ? to !== 'delivered' && to !== 'open' : state === 'retrying' && to !== 'retrying'
  }

  #take(line: Line): void {
    if ('letter' in line) {
      this.#letters.set(line.letter.id, { ...line.letter, state: 'open' })
      return
    }
    const letter = this.#letters.get(line.id)
    if (letter === undefined) return
    if (line.mark === 'void') {
      this.#letters.delete(line.id)
      return
    }
    letter.state = line.mark
    if (line.body !== undefined) letter.body = line.body
    if (line.mark === 'open') {
      letter.attempts++
      letter.time = line.time
      letter.reason = line.reason ?? letter.reason
    }
  }

  /** One after the other: delivery adds letters while an operator moves others. */
  #append(lines: readonly Line[]): Promise<void> {
    const appending = this.#appending.then(() => this.#write(lines))
    this.#appending = appending.catch(() => {})
    return appending
  }

  async #write(lines: readonly Line[]): Promise<void> {
    const bytes = new TextEncoder().encode((this.#torn ? '\n' : '') + lines.map(encodeLine).join(''))
    const file = await this.#named()
    try {
      await file.write(bytes, this.#size)
      await file.sync()
    } catch (error) {
      // What of this reached the disk is unknown: begin again behind it, on a line of its own.
      this.#size += bytes.length
      this.#torn = true
      this.#file = undefined
      await file.close().catch(() => {})
      throw error
    }
    this.#size += bytes.length
    this.#torn = false
  }

  /** The open file, its name synced: a letter in a file that may vanish is no letter. */
  async #named(): Promise<DiskFile> {
    if (this.#file !== undefined) return this.#file
    const { disk } = this.#host
    const directory = directoryOf(this.#path)
    await makeDurableDirectory(disk, directory)
    const file = await disk.open(this.#path, 'write')
    try {
      await disk.syncDirectory(directory)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
    this.#file = file
    return file
  }

  async #load(committed: number): Promise<void> {
    if ((await this.#host.disk.stat(this.#path)) === undefined) return
    const bytes = await this.#host.disk.readFile(this.#path)
    for (const text of new TextDecoder().decode(bytes).split('\n')) {
      const line = decodeLine(text)
      if (line !== undefined) this.#take(line)
    }
    this.#voids = this.all().filter((letter) => letter.sequence > committed).map((letter) => letter.id)
    for (const id of this.#voids) this.#letters.delete(id)
    this.#size = bytes.length
    this.#torn = bytes.length > 0 && bytes.at(-1) !== 10
  }
}

function encodeLine(line: Line): string {
  const json = JSON.stringify(line)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

function decodeLine(text: string): Line | undefined {
  const json = text.slice(9)
  if (json === '' || Number.parseInt(text.slice(0, 8), 16) !== crc32(json)) return undefined
  return JSON.parse(json) as Line
}

/** A letter for one row of a frame. */
export function letterOf(
  header: FrameHeader, row: number, body: Uint8Array, reason: string, attempts: number, time: number,
): Omit<Letter, 'state' | 'id'> {
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
