import { withRoom } from '../model/growing.ts'
import type { HolderFacts } from './workload-facts.ts'

type Common = Omit<HolderFacts, 'name' | 'node'>

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Packed, because there are as many as pods. Shared fields are stored once, names are consecutive bytes. */
export class HolderColumns {
  readonly #common: Common[] = []
  readonly #commonOf = new Map<string, number>()
  #commons = new Uint32Array(256)
  #nodes = new Uint32Array(256)
  readonly #nodeNames: (string | undefined)[] = [undefined]
  readonly #nodeOf = new Map<string, number>()
  #labels = new Uint32Array(256)
  readonly #labelTexts: string[] = ['']
  readonly #labelOf = new Map<string, number>([['', 0]])
  #names = new Uint8Array(8192)
  #ends = new Uint32Array(256)
  #count = 0

  get count(): number {
    return this.#count
  }

  add({ name, node, ...common }: HolderFacts): number {
    const index = this.#count++
    this.#commons = withRoom(this.#commons, this.#count)
    this.#nodes = withRoom(this.#nodes, this.#count)
    this.#labels = withRoom(this.#labels, this.#count)
    this.#ends = withRoom(this.#ends, this.#count)
    const key = keyOf(common)
    let code = this.#commonOf.get(key)
    if (code === undefined) this.#commonOf.set(key, (code = this.#common.push(common) - 1))
    this.#commons[index] = code
    if (node !== undefined) this.#nodes[index] = this.#nodeCode(node)
    const from = this.#endOf(index - 1)
    this.#names = withRoom(this.#names, from + 3 * name.length)
    this.#ends[index] = from + utf8.encodeInto(name, this.#names.subarray(from)).written
    return this.#count
  }

  at(number: number): HolderFacts | undefined {
    const common = number < 1 || number > this.#count ? undefined : this.#common[this.#commons[number - 1]!]
    if (common === undefined) return undefined
    const node = this.#nodeNames[this.#nodes[number - 1]!]
    return {
      ...common,
      name: text.decode(this.#names.subarray(this.#endOf(number - 2), this.#endOf(number - 1))),
      ...(node === undefined ? {} : { node }),
    }
  }

  clusterOf(number: number): string | undefined {
    return number < 1 ? undefined : this.#common[this.#commons[number - 1]!]?.cluster
  }

  label(number: number, text: string): void {
    let code = this.#labelOf.get(text)
    if (code === undefined) this.#labelOf.set(text, (code = this.#labelTexts.push(text) - 1))
    this.#labels[number - 1] = code
  }

  labelsOf(number: number): string {
    return number < 1 || number > this.#count ? '' : (this.#labelTexts[this.#labels[number - 1]!] ?? '')
  }

  #endOf(index: number) {
    return index < 0 ? 0 : this.#ends[index]!
  }

  #nodeCode(name: string) {
    let code = this.#nodeOf.get(name)
    if (code === undefined) this.#nodeOf.set(name, (code = this.#nodeNames.push(name) - 1))
    return code
  }
}

function keyOf({ cluster, kind, namespace, owner, template }: Common) {
  return [cluster, kind, namespace, template, owner?.kind, owner?.name, owner?.uid].join('\n')
}
