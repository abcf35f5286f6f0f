import { RE2JS } from 're2js'
import type { CompiledFilter } from './definition.ts'
import type { Interner } from './interner.ts'

export class ValueFilter {
  readonly filter: CompiledFilter
  readonly #interner: Interner
  readonly #test: (text: string) => boolean
  /** 0 unknown, 1 no, 2 yes. */
  #known = new Uint8Array(1024)

  constructor(filter: CompiledFilter, interner: Interner) {
    this.filter = filter
    this.#interner = interner
    this.#test = testOf(filter)
  }

  /** Clears the mask where the value does not pass. */
  apply(ids: Int32Array, mask: Uint8Array): void {
    for (let i = 0; i < mask.length; i++) if (mask[i] === 1 && !this.#passes(ids[i]!)) mask[i] = 0
  }

  #passes(id: number): boolean {
    if (id >= this.#known.length) {
      const larger = new Uint8Array(Math.max(id + 1, 2 * this.#known.length))
      larger.set(this.#known)
      this.#known = larger
    }
    let known = this.#known[id]!
    if (known === 0) {
      known = this.#test(this.#interner.texts[id] ?? '') ? 2 : 1
      this.#known[id] = known
    }
    return known === 2
  }
}

/** An absent value, an empty text, passes only `not_equal`, `not_match_regex` and `absence`. */
function testOf({ type, value }: CompiledFilter): (text: string) => boolean {
  switch (type) {
    case 'equal':
      return (text) => text !== '' && text === value
    case 'not_equal':
      return (text) => text !== value
    case 'presence':
      return (text) => text !== ''
    case 'absence':
      return (text) => text === ''
    case 'match_regex': {
      const pattern = RE2JS.compile(value)
      return (text) => text !== '' && pattern.matcher(text).find()
    }
    case 'not_match_regex': {
      const pattern = RE2JS.compile(value)
      return (text) => text === '' || !pattern.matcher(text).find()
    }
  }
}
