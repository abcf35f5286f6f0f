import type { RingFrame } from './ring.ts'
import type { StatSpec } from './spec.ts'
import { AggregateView } from './aggregate-view.ts'

/** Its counts are in every `stat`; it sends no messages. */
export class StatView extends AggregateView<StatSpec> {
  protected add(_frame: RingFrame, _rows: readonly number[] | undefined): void {}

  protected message(): undefined {
    return undefined
  }
}
