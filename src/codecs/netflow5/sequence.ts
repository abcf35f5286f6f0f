import type { SequenceInfo } from './decode.ts'

export interface Losses {
  missing: number
  /** Missing flows that arrived later: `missing - late` are lost. */
  late: number
  restarts: number
}

const reorderWindow = 3000
const bootTolerance = 5000

/** Forward jump: loss; small backward jump: reordering; large one or new boot time: restart. */
export class FlowSequence {
  #expected = 0
  #boot = 0
  #started = false

  follow(seen: SequenceInfo, totals: Losses): void {
    const next = (seen.first + seen.flows) >>> 0
    const jump = this.#started ? (seen.first - this.#expected) | 0 : 0
    if (jump === 0) this.#move(next, seen.boot)
    else if (jump < -reorderWindow || this.#rebooted(seen.boot)) {
      totals.restarts++
      this.#move(next, seen.boot)
    } else if (jump > 0) {
      totals.missing += jump
      this.#move(next, seen.boot)
    } else {
      // A duplicate must not compensate for missing flows.
      totals.late = Math.min(totals.missing, totals.late + seen.flows)
    }
  }

  #move(next: number, boot: number) {
    this.#expected = next
    this.#boot = boot
    this.#started = true
  }

  /** Modulo 2^32 ms, because uptime wraps. */
  #rebooted(boot: number) {
    return Math.abs((boot - this.#boot) | 0) > bootTolerance
  }
}
