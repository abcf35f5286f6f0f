import type { SourceContext } from '../engine/contracts.ts'
import { encodeBatch } from '../journal/bodies.ts'
import type { Unit } from '../journal/types.ts'
import { FlowBuilder } from '../model/flow-builder.ts'

export type NewUnit = Omit<Unit, 'source'>

const maxSpare = 4

export class FlowUnits {
  readonly flows = new FlowBuilder()
  readonly #context: Pick<SourceContext, 'id' | 'enrichment'>
  readonly #maxSpareBytes: number
  /** Buffers of synced units: allocation costs as much as filling one. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = []

  constructor(context: Pick<SourceContext, 'id' | 'enrichment'>, bytes: number) {
    this.#context = context
    this.#maxSpareBytes = 4 * bytes
  }

  /** The rows so far, enriched, as one unit; `empty` without rows. `received`: Unix ms. */
  cut(received: number, cursor?: Uint8Array): NewUnit {
    const { flows } = this
    const { count } = flows
    const more = cursor === undefined ? {} : { cursor }
    if (count === 0) return { ...emptyUnit(this.#context.id, received), ...more }
    this.#context.enrichment?.fill(flows)
    const batch = flows.batch()
    const unit: NewUnit = {
      stream: this.#context.id,
      kind: 'flows',
      count,
      raw: encodeBatch(batch, this.#spare.pop()),
      received,
      ...timeRange(batch.columns, count),
      ...more,
    }
    flows.reset()
    return unit
  }

  recycle({ raw }: NewUnit): void {
    if (this.#spare.length < maxSpare && raw.length > 0 && raw.buffer.byteLength <= this.#maxSpareBytes)
      this.#spare.push(new Uint8Array(raw.buffer as ArrayBuffer))
  }
}

export function emptyUnit(stream: string, received: number): NewUnit {
  return {
    stream,
    kind: 'empty',
    count: 0,
    raw: new Uint8Array(0),
    received,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

function timeRange(
  columns: ReturnType<FlowBuilder['batch']>['columns'],
  count: number,
): { timeMin: number; timeMax: number } {
  const { time_start: starts, time_end: ends } = columns
  let timeMin = Number.NaN
  let timeMax = Number.NaN
  if (starts?.kind === 'time' && ends?.kind === 'time') {
    timeMin = Infinity
    timeMax = -Infinity
    for (let row = 0; row < count; row++) {
      timeMin = Math.min(timeMin, starts.values[row] ?? Infinity)
      timeMax = Math.max(timeMax, ends.values[row] ?? -Infinity)
    }
  }
  return { timeMin, timeMax }
}
