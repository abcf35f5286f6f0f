/** All that the reader keeps of files in memory, and what of it a statement is answered from. */
import { keptTraffic } from '../graph/traffic.ts'
import { keptTraces } from '../kubernetes/audit.ts'
import type { StoredFile } from '../record.ts'
import { rollupFiles } from '../rollup/views.ts'
import type { Pin } from '../versions.ts'
import { KeptFiles, type Holding, type Kept, type KeptOf, type KeptOptions } from './kept.ts'
import { happenedWithin, type Receipt } from './receipt.ts'
import type { Statement } from './statement.ts'

/** What who talked to whom may take, beside who did what. */
const trafficPart = 0.25

export class Memory {
  readonly #traces: KeptFiles
  readonly #traffic: KeptFiles
  #turn: Promise<unknown> = Promise.resolve()

  /** `mostBytes`: for traces; sums of workloads take no more than `trafficPart` of that beside them. */
  constructor({ mostBytes, call, ...where }: Omit<KeptOptions, 'rows'>) {
    // One after the other: each measures what it takes.
    const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
      const done = this.#turn.then(() => call(work))
      this.#turn = done.catch(() => undefined)
      return done
    }
    this.#traces = new KeptFiles({ ...where, call: inTurn, rows: keptTraces, mostBytes })
    this.#traffic = new KeptFiles({ ...where, call: inTurn, rows: keptTraffic, mostBytes: mostBytes * trafficPart })
  }

  /** What there is of what a statement asks for, until it is released. Only times that begin somewhere are worth to be read for it: nobody needs all that there ever was so often. */
  hold({ narrow, trafficked, times }: Statement, pin: Pin): { readonly kept: KeptOf; readonly release: () => void } {
    const held: Holding[] = []
    const hold = (files: KeptFiles, when: Receipt | undefined, within: (when: Receipt) => readonly StoredFile[]): Kept => {
      const holding = files.hold(pin, when === undefined || when.from === -Infinity ? [] : within(when))
      held.push(holding)
      return holding.kept
    }
    const kept = {
      ...(narrow ? { traces: hold(this.#traces, times.audit, (when) => happenedWithin(pin.files, when)) } : {}),
      ...(trafficked ? { traffic: hold(this.#traffic, times.traffic, (when) => rollupFiles('flows_1h', pin.files, when)) } : {}),
    }
    return { kept, release: () => { for (const { release } of held) release() } }
  }

  /** Resolves when nothing is being read for later questions. */
  async idle(): Promise<void> {
    await Promise.all([this.#traces.idle(), this.#traffic.idle()])
  }

  async close(): Promise<void> {
    await Promise.all([this.#traces.close(), this.#traffic.close()])
  }
}
