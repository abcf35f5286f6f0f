import { fragmentOf, type Fragment } from '../../model/byte-buffer.ts'

/** Names repeat between batches. */
const cache = new Map<string, Fragment>()
const maxKnown = 16_384
const maxLength = 256

function quotedFragment(text: string): Fragment {
  const cached = cache.get(text)
  if (cached !== undefined) return cached
  const made = fragmentOf(JSON.stringify(text))
  if (text.length > maxLength) return made
  if (cache.size >= maxKnown) cache.clear()
  cache.set(text, made)
  return made
}

export class QuotedTexts {
  readonly dictionary: readonly string[]
  readonly #fragments: (Fragment | undefined)[]

  constructor(dictionary: readonly string[]) {
    this.dictionary = dictionary
    // Filled, so that V8 keeps it as an array.
    this.#fragments = new Array<undefined>(dictionary.length).fill(undefined)
  }

  of(code: number): Fragment {
    return (this.#fragments[code] ??= quotedFragment(this.dictionary[code] ?? ''))
  }
}
