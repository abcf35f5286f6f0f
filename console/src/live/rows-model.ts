import type { Cell, GapMessage, RowsMessage } from '../../../src/api/published.ts'
import { count, time } from '../parts/format.ts'
import type { ViewStat } from './messages.ts'

export type Row = readonly Cell[]

/** What a live table shows. */
export interface LiveNow {
  /** Newest first. */
  readonly rows: readonly Row[]
  /** Rows that came while the table was held. */
  readonly held: number
  /** What is missing among the rows, in words; empty when nothing is. */
  readonly gap: string
  /** Rows that match, per second. */
  readonly rate: number
  /** Since the view began: rows that matched, and how many passed too fast to be sent. */
  readonly matched: number
  readonly passed: number
  /** Of those that matched: rows that came here, and how many of these were left out because the table was held. */
  readonly arrived: number
  readonly lost: number
  /** Has the server said what it has? */
  readonly begun: boolean
  /**
   * When the newest row came that was not kept (ISO 8601): `rows` go on from there without a gap, and everything up to it is to be asked
   * for. Empty: `rows` reach as far back as they do.
   */
  readonly upTo: string
}

/** Rows that are shown, and rows that wait while the table is held, at most. */
export const shownMost = 5000
const waitingMost = 10_000

/** Newest rows on top. While held, what arrives waits and is counted; nothing that is shown moves. */
export class RowsModel {
  readonly #keyAt: number
  readonly #timeAt: number
  readonly #changed: (now: LiveNow) => void
  #now: LiveNow = {
    rows: [],
    held: 0,
    gap: '',
    rate: 0,
    matched: 0,
    passed: 0,
    arrived: 0,
    lost: 0,
    begun: false,
    upTo: '',
  }
  /** Oldest first. */
  #waiting: Row[] = []
  #replaces = false
  #isHeld = false
  /** Of the rows that came while held: those that could not be kept. */
  #lost = 0
  /** While held, rows came that the server left out because there were too many. */
  #thinned = false
  #matchedBefore: number | undefined
  #matchedAtHold = 0
  /** Rows that matched, by what came with rows: up to a second ahead of the count of every second. */
  #told = 0

  /** @param keyAt place of the cell that tells rows apart. @param timeAt place of the cell that says when a row came; -1: there is none. */
  constructor(keyAt: number, changed: (now: LiveNow) => void, timeAt = -1) {
    this.#keyAt = keyAt
    this.#timeAt = timeAt
    this.#changed = changed
  }

  get now(): LiveNow {
    return this.#now
  }

  take({ rows, matched, snapshot }: RowsMessage): void {
    if (snapshot === true) {
      this.#waiting = []
      this.#replaces = true
      this.#told = 0
    } else this.#told += matched
    this.#waiting.push(...(rows as readonly Row[]))
    const over = Math.max(0, this.#waiting.length - waitingMost)
    if (over > 0) this.#waiting.splice(0, over)
    this.#lost += over
    if (this.#isHeld && snapshot !== true && matched > rows.length) this.#thinned = true
    // What was there before the view began is not among those that matched since.
    if (snapshot !== true)
      this.#now = { ...this.#now, arrived: this.#now.arrived + rows.length, lost: this.#now.lost + over }
    this.#flow()
  }

  gap({ reason }: GapMessage): void {
    const when = time(new Date().toISOString())
    this.#say({
      gap: {
        slow: `At ${when} this browser was too slow: rows are missing here.`,
        evicted: `Before ${when} rows are missing: they had left the live memory.`,
        'unknown-position': `At ${when} another server, or another journal, went on here: rows before are those of the other.`,
      }[reason],
    })
  }

  stat({ matched, shown }: ViewStat): void {
    const rate = Math.max(0, matched - (this.#matchedBefore ?? matched))
    this.#matchedBefore = matched
    this.#say({ rate, matched, passed: Math.max(0, matched - shown) })
    if (this.#isHeld) this.#say({ held: this.#heldRows() })
  }

  hold(held: boolean): void {
    if (held === this.#isHeld) return
    this.#isHeld = held
    this.#thinned = false
    this.#matchedAtHold = Math.max(this.#now.matched, this.#told)
    if (!held) this.#flow()
  }

  /**
   * Goes on with nothing missing. What the server left out meanwhile, or what was too much to keep, is not here: then `upTo` says up to where
   * rows have to be asked for, all of them.
   */
  catchUp(): void {
    const newest = this.#waiting.at(-1)?.[this.#timeAt]
    this.#isHeld = false
    if (typeof newest !== 'string' || (!this.#thinned && this.#lost === 0)) return this.#flow()
    this.#waiting = []
    this.#lost = 0
    this.#replaces = false
    this.#thinned = false
    this.#say({ rows: [], held: 0, begun: true, gap: '', upTo: newest })
  }

  /** Leaves out what waits but for its newest rows, and goes on from there. */
  jump(): void {
    const left = Math.max(0, this.#heldRows() - 500)
    this.#now = { ...this.#now, lost: this.#now.lost + Math.max(0, this.#waiting.length - 500) }
    this.#waiting = this.#waiting.slice(-500)
    this.#lost = 0
    this.#isHeld = false
    this.#thinned = false
    this.#replaces = left > 0
    this.#flow()
    if (left > 0) this.#say({ gap: `${count(left)} rows were left out by jumping to now.` })
  }

  #heldRows(): number {
    return Math.max(this.#waiting.length + this.#lost, this.#now.matched - this.#matchedAtHold)
  }

  #flow(): void {
    if (this.#isHeld && this.#now.begun) return this.#say({ held: this.#heldRows() })
    const kept = this.#replaces || this.#lost > 0 ? [] : this.#now.rows
    const known = new Set(kept.map((row) => row[this.#keyAt]))
    const fresh = this.#waiting.filter((row) => !known.has(row[this.#keyAt])).toReversed()
    const gap =
      this.#lost > 0
        ? { gap: `${count(this.#lost)} rows passed while the table was held and were too many to keep.` }
        : {}
    const rows = [...fresh, ...kept]
    // Rows that came before these are others now.
    const apart = this.#replaces || this.#lost > 0 || rows.length > shownMost
    this.#waiting = []
    this.#lost = 0
    this.#replaces = false
    this.#say({ rows: rows.slice(0, shownMost), held: 0, begun: true, ...(apart ? { upTo: '' } : {}), ...gap })
  }

  #say(change: Partial<LiveNow>): void {
    this.#now = { ...this.#now, ...change }
    this.#changed(this.#now)
  }
}
