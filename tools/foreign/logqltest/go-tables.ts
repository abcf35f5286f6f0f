/** Tables of tests in Go source: literals of texts, and calls and composites of them. */
import { quotedText } from '../../../src/query/metrics/lexer.ts'

/** `name`: of the function or type. A name without parameters has no list. */
export type GoValue = string | Readonly<{ name: string; list: readonly GoValue[] | undefined }>

/** The rows of the table in a test function. */
export function rowsOf(source: string, test: string): (readonly GoValue[])[] {
  const from = source.indexOf(`\nfunc ${test}(`)
  if (from < 0) throw new Error(`there is no ${test}`)
  const body = source.slice(from, source.indexOf('\n}\n', from))
  const table = /\[\]struct \{[^]*?\n\t+\}\{/.exec(body)
  if (table === null) throw new Error(`${test} has no table`)
  const reader = new Reader(body, table.index + table[0].length)
  return reader.list('}').flatMap((value) => (typeof value === 'string' ? [] : [value.list ?? []]))
}

class Reader {
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  list(end: string): GoValue[] {
    const values: GoValue[] = []
    for (;;) {
      this.#skip()
      if (this.#text[this.#at] === end) {
        this.#at++
        return values
      }
      const value = this.#value()
      this.#skip()
      // The key of a map stays beside its value; the name of a field is no value.
      const isKey = this.#text[this.#at] === ':'
      if (!isKey || typeof value === 'string') values.push(value)
      if (isKey || this.#text[this.#at] === ',') this.#at++
    }
  }

  #value(): GoValue {
    const first = this.#text[this.#at]!
    if (first === '"' || first === '`' || first === "'") {
      const { value, length } = quotedText(this.#text, this.#at)
      this.#at += length
      return value
    }
    const word = /[^\s,(){}":`]*/y
    word.lastIndex = this.#at
    const name = word.exec(this.#text)![0]
    this.#at += name.length
    const open = this.#text[this.#at]
    if (open !== '(' && open !== '{') {
      if (name === '') throw new Error(`unexpected ${this.#text.slice(this.#at, this.#at + 40)}`)
      return { name, list: undefined }
    }
    this.#at++
    const list = this.list(open === '(' ? ')' : '}')
    // Parameters of a type such as map[string]string{…} or a call of a call.
    return { name, list }
  }

  #skip(): void {
    const space = /(?:\s|\/\/[^\n]*)*/y
    space.lastIndex = this.#at
    this.#at += space.exec(this.#text)![0].length
  }
}

export function textsIn(value: GoValue | undefined): Record<string, string> | undefined {
  if (value === undefined || typeof value === 'string') return undefined
  if (value.name === 'nil' || value.name === 'labels.EmptyLabels') return {}
  if (value.name !== 'labels.FromStrings' && !value.name.startsWith('map[string]string')) return undefined
  const texts = value.list ?? []
  if (texts.some((text) => typeof text !== 'string')) return undefined
  return Object.fromEntries(texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1]]] : []))) as Record<
    string,
    string
  >
}

export function bytesIn(value: GoValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  return value?.name === '[]byte' && typeof value.list?.[0] === 'string' ? value.list[0] : undefined
}
