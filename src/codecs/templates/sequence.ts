export interface Losses {
  missing: number
  missingDatagrams: number
  late: number
  restarts: number
}

const reorderedDatagrams = 100
const reorderedRecords = 3000
const bootTolerance = 5000

/** Counter of one v9 source id (RFC 3954, section 5.1), modulo 2^32. */
export class DatagramSequence {
  #last = 0
  #boot = 0
  #started = false
  /** Two exporters with one source id take turns: neither restarts. */
  #isShared = false
  #restarted = false

  /** `boot`: Unix ms by the exporter's clock. Returns true if uptime and counter began again. */
  follow(sequence: number, boot: number, totals: Losses): boolean {
    const jump = this.#started ? (sequence - this.#last - 1) | 0 : 0
    const later = this.#started ? (boot - this.#boot) | 0 : 0
    if (jump < -reorderedDatagrams || (jump !== 0 && Math.abs(later) > bootTolerance)) totals.restarts++
    else if (jump > 0) totals.missingDatagrams += jump
    else if (jump < 0) {
      // A duplicate must not compensate for a missing datagram.
      totals.late += totals.missingDatagrams > 0 ? 1 : 0
      return false
    }
    this.#last = sequence
    this.#boot = boot
    this.#started = true
    if (this.#restarted && later < -bootTolerance) this.#isShared = true
    const isRestart = jump < 0 && later > bootTolerance && !this.#isShared
    this.#restarted ||= isRestart
    return isRestart
  }
}

/** RFC 7011, section 3.1, modulo 2^32. softflowd adds the message's own flows first and ignores options records. */
export class RecordSequence {
  #sequence = 0
  #records: number | undefined
  #exportTime = 0
  #started = false
  #style: 'before' | 'after' | undefined

  /** `records`: including options; `flows`: without. */
  follow(sequence: number, exportTime: number, records: number | undefined, flows: number, totals: Losses): void {
    if (!this.#started) return this.#move(sequence, exportTime, records)
    const before = this.#records === undefined ? undefined : (sequence - this.#sequence - this.#records) | 0
    const after = records === undefined ? undefined : (sequence - this.#sequence - flows) | 0
    if (before === 0 || after === 0) {
      if (this.#style === undefined && before !== undefined && after !== undefined && before !== after)
        this.#style = before === 0 ? 'before' : 'after'
      if ((this.#style === 'after' ? after : before) === 0 || this.#style === undefined)
        return this.#move(sequence, exportTime, records)
    }
    const jump = this.#style === 'after' ? after : before
    const back = (sequence - this.#sequence) | 0
    if (back < 0 && (back < -reorderedRecords || exportTime > this.#exportTime)) {
      // A reordered message cannot be later than its successor.
      totals.restarts++
      this.#style = undefined
      this.#move(sequence, exportTime, records)
    } else if (back < 0) {
      totals.late = Math.min(totals.missing, totals.late + (records ?? flows))
    } else {
      if (jump !== undefined && jump > 0) totals.missing += jump
      this.#move(sequence, exportTime, records)
    }
  }

  #move(sequence: number, exportTime: number, records: number | undefined) {
    this.#sequence = sequence
    this.#exportTime = exportTime
    this.#records = records
    this.#started = true
  }
}
