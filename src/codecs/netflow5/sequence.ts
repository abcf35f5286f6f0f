import type { SequenceInfo } from './decode.ts'

/** What is known about the datagrams of one engine of one exporter. All are totals that only rise. */
export interface Losses {
  /** Flows skipped by the sequence. */
  missing: number
  /** Flows of those that came after all, in a datagram that was overtaken: `missing - late` are lost. */
  late: number
  /** Times that the exporter started to count anew. */
  restarts: number
}

/** A datagram can be overtaken by about this many flows (a hundred full datagrams) and still be told from a restart. */
const reorderWindow = 3000
/** Clocks are set while exporters run, and some stamp uptime in whole seconds. */
const bootTolerance = 5000

/**
 * Follows one engine's flow counter (modulo 2^32). A forward jump is loss; a small backward one is reordering; a
 * large one is a restart, and so is any jump with a new boot time, however small.
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
      // A datagram that the network doubled must not make up for flows that are missing.
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
