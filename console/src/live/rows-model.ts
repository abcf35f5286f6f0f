import type { Cell, GapMessage, RowsMessage } from '../../../src/api/published.ts'
import { count, time } from '../parts/format.ts'
import type { ViewStat } from './messages.ts'
import { liveText } from '../text/live.ts'

export type Row = readonly Cell[]

export type LiveNow = Readonly<{
  rows: readonly Row[]
  held: number
  gap: string
  rate: number
  matched: number
  passed: number
  /** Rows that the server will send to catch up. */
  pending: number
  arrived: number
  lost: number
  begun: boolean
  /** ISO 8601: rows after it are complete, rows before it must be queried. Empty: nothing dropped. */
  upTo: string
}>

export const maxShown = 5000
const maxWaiting = 10_000

/** Newest rows first. While held, new rows are buffered and counted, and shown rows do not move. */
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
    pending: 0,
    arrived: 0,
    lost: 0,
    begun: false,
    upTo: '',
  }
  #waiting: Row[] = []
  #replaces = false
  #isHeld = false
  #lost = 0
  #thinned = false
  #matchedBefore: number | undefined
  #matchedAtHold = 0
  /** Matching rows according to row messages, up to a second ahead of the statistics. */
  #matchedInRows = 0

  /** `keyAt`: index of the identifying cell; `timeAt`: of the receive time, -1: none. */
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
      this.#matchedInRows = 0
    } else this.#matchedInRows += matched
    this.#waiting.push(...(rows as readonly Row[]))
    const excessRows = Math.max(0, this.#waiting.length - maxWaiting)
    if (excessRows > 0) this.#waiting.splice(0, excessRows)
    this.#lost += excessRows
    if (this.#isHeld && snapshot !== true && matched > rows.length) this.#thinned = true
    if (snapshot !== true)
      this.#now = { ...this.#now, arrived: this.#now.arrived + rows.length, lost: this.#now.lost + excessRows }
    this.#flow()
  }

  gap({ reason }: GapMessage): void {
    const timeNow = time(new Date().toISOString())
    this.#say({
      gap: {
        slow: liveText.tooSlow(timeNow),
        evicted: liveText.leftMemory(timeNow),
        'unknown-position': liveText.otherServer(timeNow),
      }[reason],
    })
  }

  stat({ matched, shown, pending }: ViewStat): void {
    const before = this.#matchedBefore ?? matched
    const rate = Math.max(0, matched - before)
    this.#matchedBefore = matched
    // The worker had forgotten this tab and counts from zero.
    if (matched < before) this.#now = { ...this.#now, arrived: shown, lost: 0 }
    this.#say({ rate, matched, pending, passed: Math.max(0, matched - shown - pending) })
    if (this.#isHeld) this.#say({ held: this.#heldRows() })
  }

  hold(state: 'held' | 'flowing'): void {
    const isNowHeld = state === 'held'
    if (isNowHeld === this.#isHeld) return
    this.#isHeld = isNowHeld
    this.#thinned = false
    this.#matchedAtHold = Math.max(this.#now.matched, this.#matchedInRows)
    if (!isNowHeld) this.#flow()
  }

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

  jump(): void {
    const skippedRows = Math.max(0, this.#heldRows() - 500)
    this.#now = { ...this.#now, lost: this.#now.lost + Math.max(0, this.#waiting.length - 500) }
    this.#waiting = this.#waiting.slice(-500)
    this.#lost = 0
    this.#isHeld = false
    this.#thinned = false
    this.#replaces = skippedRows > 0
    this.#flow()
    if (skippedRows > 0) this.#say({ gap: liveText.skipped(count(skippedRows)) })
  }

  #heldRows() {
    return Math.max(this.#waiting.length + this.#lost, this.#now.matched - this.#matchedAtHold)
  }

  #flow() {
    if (this.#isHeld && this.#now.begun) return this.#say({ held: this.#heldRows() })
    const keptRows = this.#replaces || this.#lost > 0 ? [] : this.#now.rows
    const keys = new Set(keptRows.map((row) => row[this.#keyAt]))
    const newRows = this.#waiting.filter((row) => !keys.has(row[this.#keyAt])).toReversed()
    const gap = this.#lost > 0 ? { gap: liveText.tooMany(count(this.#lost)) } : {}
    const rows = [...newRows, ...keptRows]
    const hasGap = this.#replaces || this.#lost > 0 || rows.length > maxShown
    this.#waiting = []
    this.#lost = 0
    this.#replaces = false
    this.#say({ rows: rows.slice(0, maxShown), held: 0, begun: true, ...(hasGap ? { upTo: '' } : {}), ...gap })
  }

  #say(change: Partial<LiveNow>) {
    this.#now = { ...this.#now, ...change }
    this.#changed(this.#now)
  }
}
