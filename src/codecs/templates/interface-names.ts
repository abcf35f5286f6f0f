import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'

export type InterfaceNames = ReadonlyMap<number, string>

const slots = 64

export class InterfaceNamer {
  readonly #flows: FlowBuilder
  readonly #keys = new Float64Array(slots)
  readonly #codes = new Uint32Array(slots)
  #configured: InterfaceNames | undefined
  #reported: InterfaceNames | undefined
  #reportedNames = 0
  #generation = -1

  constructor(flows: FlowBuilder) {
    this.#flows = flows
  }

  /** `configured` takes precedence over `reported`. */
  name(
    first: number,
    count: number,
    configured: InterfaceNames | undefined,
    reported: InterfaceNames | undefined,
  ): void {
    if (configured === undefined && (reported === undefined || reported.size === 0)) return
    const { generation } = this.#flows
    if (
      generation !== this.#generation ||
      configured !== this.#configured ||
      reported !== this.#reported ||
      reported?.size !== this.#reportedNames
    )
      this.#keys.fill(-1)
    this.#generation = generation
    this.#configured = configured
    this.#reported = reported
    this.#reportedNames = reported?.size ?? 0
    this.#fill(this.#flows.column('in_if'), this.#flows.column('in_if_name'), first, count)
    this.#fill(this.#flows.column('out_if'), this.#flows.column('out_if_name'), first, count)
  }

  refresh(): void {
    this.#generation = -1
  }

  #fill(indexes: GrowingColumn<Uint32Array>, names: GrowingColumn<Uint32Array>, first: number, count: number) {
    if (!indexes.used) return
    const { items: from } = indexes,
      { items: to } = names
    for (let row = first; row < first + count; row++) {
      if (to[row] !== 0) continue
      const index = from[row]!
      const slot = index & (slots - 1)
      if (this.#keys[slot] !== index) {
        const name = this.#configured?.get(index) ?? this.#reported?.get(index)
        this.#keys[slot] = index
        this.#codes[slot] = name === undefined ? 0 : this.#flows.code(name)
      }
      const code = this.#codes[slot]!
      if (code === 0) continue
      to[row] = code
      names.mark(row)
    }
  }
}
