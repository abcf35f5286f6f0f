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

const talksPart = 1 / 6

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

  /** `mostBytes`: limit for audit events; communication edges take at most `talksPart` of it in addition. */
  constructor({
    mostBytes,
    call,
    verify,
    directory,
    instance,
  }: Omit<KeptOptions<KeptTraces>, 'kind'> & { readonly directory: string }) {
    // Serial, because each load measures the memory that it adds.
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

  async idle(): Promise<void> {
    await Promise.all([this.#traces.idle(), this.#talks.idle()])
  }

  async close(): Promise<void> {
    await Promise.all([this.#traces.close(), this.#talks.close()])
  }
}

/** Queries without a start time do not fill the cache. */
function isWorth(when: Receipt | undefined): when is Receipt {
  return when !== undefined && when.from !== -Infinity
}
