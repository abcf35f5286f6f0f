import type { RingFrame } from './ring.ts'
import type { StatSpec } from './spec.ts'
import { AggregateView } from './aggregate-view.ts'

/** Counts and sends nothing: what it counted is in every `stat`. */
export class StatView extends AggregateView<StatSpec> {
  protected add(_frame: RingFrame, _rows: readonly number[] | undefined): void {
    // The base has counted.
  }

  protected message(): undefined {
    return undefined
  }
}
