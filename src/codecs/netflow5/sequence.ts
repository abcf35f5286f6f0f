import type { SequenceInfo } from './decode.ts'

/** Sequence totals of one engine of one exporter. They only increase. */
export interface Losses {
  /** Flows skipped by the sequence. */
  missing: number
  /** Missing flows that arrived later, in reordered datagrams: `missing - late` are lost. */
  late: number
  /** Restarts of the exporter's counter. */
  restarts: number
}

/** Maximum reordering in flows (a hundred full datagrams) that does not count as a restart. */
const reorderWindow = 3000
/** Clocks are adjusted while exporters run, and some report uptime in whole seconds. */
const bootTolerance = 5000

/**
 * Tracks one engine's flow counter (modulo 2^32). A forward jump is loss, a small backward one is reordering, and a
 * large one is a restart, as is any jump with a new boot time.
 */
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
      // A datagram that the network duplicated must not compensate for missing flows.
      totals.late = Math.min(totals.missing, totals.late + seen.flows)
    }
  }

  #move(next: number, boot: number): void {
    this.#expected = next
    this.#boot = boot
    this.#started = true
  }

  /** Boot times are compared modulo 2^32 ms, because uptime wraps. */
  #rebooted(boot: number): boolean {
    return Math.abs((boot - this.#boot) | 0) > bootTolerance
  }
}
