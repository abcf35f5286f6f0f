import { withRoom } from '../../model/growing.ts'
import { formatIp } from '../../model/ip.ts'
import { namedParts, noText } from '../flows/endpoint-names.ts'
import type { Endpoints } from '../flows/endpoints.ts'
import { Groups } from './groups.ts'

const endParts = ['addr', ...namedParts] as const
export type EndPart = (typeof endParts)[number]
const width = endParts.length

const address = new Uint32Array(4)
const parts = new Uint32Array(namedParts.length)
const text = new Uint32Array(1)

export class Ends {
  #endpoints: Endpoints | undefined
  readonly #ids = new Groups(1, Infinity)
  readonly #addresses = new Groups(4, Infinity)
  readonly #texts = new Groups(1, Infinity)
  #of = new Uint32Array(width * 256)

  begin(endpoints: Endpoints): void {
    this.#endpoints = endpoints
    for (const groups of [this.#ids, this.#addresses, this.#texts]) groups.clear()
  }

  take(ids: Uint32Array): Uint32Array {
    const id = new Uint32Array(1)
    let number = 0
    for (let row = 0; row < ids.length; row++) {
      const low = ids[row]!
      if (low === 0) continue
      if (low !== id[0]) {
        id[0] = low
        const count = this.#ids.count
        number = this.#ids.find(id) + 1
        if (number > count) this.#add(low, number)
      }
      ids[row] = number
    }
    return ids
  }

  #add(low: number, end: number) {
    this.#of = withRoom(this.#of, width * (end + 1)).fill(0, width * end, width * (end + 1))
    if (this.#endpoints?.describe(low, address, parts) !== true) return
    this.#of[width * end] = this.#addresses.find(address) + 1
    for (let part = 1; part < width; part++) {
      text[0] = parts[part - 1]!
      if (text[0] !== noText) this.#of[width * end + part] = this.#texts.find(text) + 1
    }
  }

  texts(ends: Uint32Array, part: EndPart): Uint32Array {
    const at = endParts.indexOf(part)
    const numbers = new Uint32Array(ends.length)
    for (let row = 0; row < ends.length; row++) numbers[row] = this.#of[width * ends[row]! + at]!
    return numbers
  }

  count(part: EndPart): number {
    return (part === 'addr' ? this.#addresses : this.#texts).count + 1
  }

  text(part: EndPart, number: number): string {
    return part === 'addr'
      ? formatIp(this.#addresses.keys, 4 * (number - 1))
      : (this.#endpoints?.texts[this.#texts.keys[number - 1]!] ?? '')
  }
}
