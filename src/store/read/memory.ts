/** All that the reader keeps of files in memory, and what of it a question is answered from. */
import type { EdgesAsked } from '../../engine/control.ts'
import { timesOf } from '../graph/edges-sql.ts'
import { Refs } from '../graph/refs.ts'
import type { Talks } from '../graph/talks.ts'
import { keptTalks } from '../graph/traffic.ts'
import { rollupFiles } from '../rollup/views.ts'
import type { Pin } from '../versions.ts'
import { KeptFiles, type Holding, type Kept, type KeptOptions } from './kept.ts'
import { keptTraces, rowsKept, type KeptTraces } from './kept-traces.ts'
import { happenedWithin, type Receipt } from './receipt.ts'
import type { Statement } from './statement.ts'

/** What who talked to whom may take, beside who did what. */
const talksPart = 1 / 6

/** What there is of the edges of a version's files, until it is released. */
export interface HeldEdges {
  readonly refs: Refs
  readonly traces: Holding<KeptTraces>
  readonly talks: Holding<Talks>
  readonly release: () => void
}

export class Memory {
  readonly #refs = new Refs()
  readonly #traces: KeptFiles<KeptTraces>
  readonly #talks: KeptFiles<Talks>
  #turn: Promise<unknown> = Promise.resolve()

  /** `mostBytes`: for traces; sums of workloads take no more than `talksPart` of that beside them. */
  constructor({
    mostBytes,
    call,
    verify,
    directory,
    instance,
  }: Omit<KeptOptions<KeptTraces>, 'kind'> & { readonly directory: string }) {
    // One after the other: each measures what it takes.
    const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
      const done = this.#turn.then(() => call(work))
      this.#turn = done.catch(() => undefined)
      return done
    }
    this.#traces = new KeptFiles({ instance, call: inTurn, verify, kind: keptTraces(directory, this.#refs), mostBytes })
    this.#talks = new KeptFiles({
      instance,
      call: inTurn,
      verify,
      kind: keptTalks(directory, this.#refs),
      mostBytes: mostBytes * talksPart,
    })
  }

  /** What there is of the traces that a statement asks for, until it is released. */
  hold({ narrow, times }: Statement, pin: Pin): { readonly traces?: Kept; readonly release: () => void } {
    if (!narrow) return { release: () => undefined }
    const holding = this.#holdTraces(pin, times.audit)
    return { traces: rowsKept(holding), release: holding.release }
  }

  holdEdges(span: EdgesAsked['span'], pin: Pin): HeldEdges {
    const times = timesOf(span)
    const traces = this.#holdTraces(pin, times.audit)
    const talks = this.#talks.hold(pin, isWorth(times.traffic) ? rollupFiles('flows_1h', pin.files, times.traffic) : [])
    return {
      refs: this.#refs,
      traces,
      talks,
      release: () => {
        for (const { release } of [traces, talks]) release()
      },
    }
  }

  #holdTraces(pin: Pin, when: Receipt | undefined): Holding<KeptTraces> {
    return this.#traces.hold(pin, isWorth(when) ? happenedWithin(pin.files, when) : [])
  }

  /** Resolves when nothing is being read for later questions. */
  async idle(): Promise<void> {
    await Promise.all([this.#traces.idle(), this.#talks.idle()])
  }

  async close(): Promise<void> {
    await Promise.all([this.#traces.close(), this.#talks.close()])
  }
}

/** Only times that begin somewhere are worth to be read for a question: nobody needs all that there ever was so often. */
function isWorth(when: Receipt | undefined): when is Receipt {
  return when !== undefined && when.from !== -Infinity
}
