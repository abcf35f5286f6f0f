import { placesOf, type FieldPlace } from './data-set.ts'
import { keyOf, outBytesOf, reversePen, element, type Rule, type TimeElement } from './elements.ts'
import type { Layout } from './layout.ts'
import type { SamplingPlaces } from './step-sampling.ts'
import type { TimePlace } from './step-times.ts'

export type Half = 'forward' | 'reverse'

type Accept = (place: FieldPlace) => boolean
export const isNumber: Accept = ({ length }) => length === undefined || (length >= 1 && length <= 8)
export const isFixedNumber: Accept = ({ length }) => length !== undefined && length >= 1 && length <= 8
export const isBytes =
  (bytes: number): Accept =>
  ({ length }) =>
    length === bytes
export const isText: Accept = ({ length }) => length !== 0

const protocolElement = 4
const addresses = [8, 12, 27, 28]
/** Elements of the outer header that an inner one may lack: flow label, version, and addresses of the other family. */
const headerOnly = [...addresses, 31, 60]
/** Class of service, TTL, protocol, ports, flags and ICMP. */
const headerIds: ReadonlySet<number> = new Set([...headerOnly, 4, 5, 6, 7, 11, 32, 139, 176, 177, 178, 179, 192, 195])

/**
 * Index of the first address of the inner header, which follows the outer one (RFC 7011, section 8): addresses behind
 * a protocol, and a protocol behind them. Infinity: one header.
 */
function innerHeaderOf({ fields }: Layout): number {
  const protocol = fields.findIndex(({ pen, id }) => pen === 0 && id === protocolElement)
  const inner = fields.findIndex(({ pen, id }, at) => pen === 0 && at > protocol && addresses.includes(id))
  const isOuter = fields.slice(0, Math.max(0, protocol)).some(({ pen, id }) => pen === 0 && addresses.includes(id))
  const lastProtocol = fields.findLastIndex(({ pen, id }) => pen === 0 && id === protocolElement)
  return isOuter && inner !== -1 && lastProtocol > inner ? inner : Infinity
}

export class Lookup {
  readonly #places = new Map<number, FieldPlace>()
  readonly #repeated: (readonly [key: number, place: FieldPlace])[] = []
  readonly #rules: ReadonlyMap<string, Rule>
  readonly #layout: Layout
  readonly #all: ReturnType<typeof placesOf>
  readonly #used = new Set<FieldPlace>()
  readonly outBytes: ReturnType<typeof outBytesOf>

  constructor(layout: Layout, rules: ReadonlyMap<string, Rule>) {
    this.#rules = rules
    this.#layout = layout
    this.outBytes = outBytesOf(layout.fields)
    const places = (this.#all = placesOf(layout))
    const inner = innerHeaderOf(layout)
    // Of a repeated element (RFC 7011, section 8) the first counts, unless the repetition belongs to the inner header.
    for (const [index, { pen, id }] of layout.fields.entries()) {
      const position = places[index]
      const key = keyOf(pen, id)
      if (position === undefined) continue
      if (index === inner) for (const address of headerOnly) this.#places.delete(address)
      if (index >= inner && headerIds.has(key)) this.#places.set(key, position)
      else if (this.#places.has(key)) this.#repeated.push([key, position])
      else this.#places.set(key, position)
    }
  }

  first(keys: readonly number[], accept: Accept): FieldPlace | undefined {
    for (const key of keys) {
      const position = this.#places.get(key)
      if (position === undefined || !accept(position)) continue
      this.#used.add(position)
      return position
    }
    return undefined
  }

  all(keys: readonly number[]): readonly FieldPlace[] {
    const results = keys.flatMap((key) => this.#places.get(key) ?? [])
    for (const position of results) this.#used.add(position)
    return results
  }

  /** All places of a repeated element, in the order of the template. */
  repeated(key: number, accept: Accept): readonly FieldPlace[] {
    const otherPositions = this.#repeated.flatMap(([of, position]) => (of === key ? [position] : []))
    for (const position of otherPositions) this.#used.add(position)
    return [...this.all([key]), ...otherPositions].filter(accept)
  }

  one(id: number, accept: Accept = isNumber): FieldPlace | undefined {
    return this.first([id], accept)
  }

  /** As {@link first}; for the reverse half, reverse elements before `otherwise`. */
  of(keys: readonly number[], half: Half, accept: Accept, otherwise: readonly number[] = keys): FieldPlace | undefined {
    return half === 'forward'
      ? this.first(keys, accept)
      : this.first([...keys.map((id) => keyOf(reversePen, id)), ...otherwise], accept)
  }

  rule(rule: Rule, half: Half, accept: Accept): FieldPlace | undefined {
    return this.first(this.#keys(rule, half), accept)
  }

  #keys({ from, reverse, reverseFrom = [], wayBack }: Rule, half: Half): readonly number[] {
    if (half === 'forward') return from
    const fallback = reverse === 'same' ? from : reverse === 'none' ? [] : (this.#rules.get(reverse.swap)?.from ?? [])
    const reverseKeys = from.filter((key) => key < 0x10000).map((id) => keyOf(reversePen, id))
    const wayBackKeys = wayBack === undefined || this.outBytes === 'same' ? [] : [wayBack]
    return [...reverseKeys, ...reverseFrom, ...wayBackKeys, ...fallback]
  }

  /** Places by precedence: the next one applies to rows in which the first is 0. */
  each(rule: Rule, half: Half, accept: Accept): readonly FieldPlace[] {
    return this.#keys(rule, half).flatMap((key) => this.first([key], accept) ?? [])
  }

  time(elements: readonly TimeElement[], half: Half): TimePlace | undefined {
    for (const { id, unit } of elements) {
      const position = this.of([id], half, unit === 'ntp' ? isBytes(8) : isFixedNumber)
      if (position !== undefined) return { unit, place: position }
    }
    return undefined
  }

  sampling(): SamplingPlaces {
    const float: Accept = ({ length }) => length === 4 || length === 8
    return {
      interval: this.first([element.samplingInterval, element.samplerInterval], isNumber),
      algorithm: this.one(element.samplingAlgorithm),
      taken: this.one(element.spacingSampled),
      skipped: this.one(element.spacingSkipped),
      takenTime: this.one(element.timeSampled),
      skippedTime: this.one(element.timeSkipped),
      size: this.one(element.sizeSampled),
      population: this.one(element.sizePopulation),
      probability: this.one(element.probability, float),
      selector: this.first([element.selectorId, element.samplerId], isNumber),
    }
  }

  /** Elements that no lookup returned, in the order of the template. */
  unused(): readonly Readonly<{ pen: number; id: number; place: FieldPlace }>[] {
    return this.#layout.fields.flatMap(({ pen, id }, index) => {
      const position = this.#all[index]
      return position === undefined || this.#used.has(position) ? [] : [{ pen, id, place: position }]
    })
  }

  has(key: number): boolean {
    return this.#places.has(key)
  }
}
