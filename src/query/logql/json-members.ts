/** Members of a JSON object in a line. Text after the object does not matter, as in Loki. */
import type { JsonPath } from './ast.ts'

const string = /"(?:[^"\\]|\\.)*"/sy
const scalar = /(?:true|false|null|[-+.\dA-Za-z]+)/y
const space = /\s*/y
const maxDepth = 100

class Malformed extends Error {}

/**
 * Calls `visit` with the keys and the text of each text, number and boolean, in order. Numbers keep their digits.
 * False: there is no object, or it is damaged; members before the damage are visited.
 */
export function readMembers(line: string, visit: (path: readonly string[], value: string) => void): boolean {
  const reader = new Reader(line)
  try {
    reader.object([], visit)
    return true
  } catch (error) {
    if (error instanceof Malformed) return false
    throw error
  }
}

/**
 * The text of the value at each path; undefined where there is none. Of repeated keys the first counts, null is the
 * empty text, and an object or array is as the line writes it. Members before a damage are found.
 */
export function membersAt(line: string, paths: readonly JsonPath[]): (string | undefined)[] {
  const results = paths.map((): string | undefined => undefined)
  const reader = new Reader(line)
  try {
    reader.tree([], (path, text) => {
      for (const [index, wanted] of paths.entries())
        if (wanted.length === path.length && wanted.every((part, at) => part === path[at])) results[index] ??= text
    })
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
  }
  return results
}

class Reader {
  readonly #line: string
  #at = 0

  constructor(line: string) {
    this.#line = line
  }

  object(path: readonly string[], visit: (path: readonly string[], value: string) => void): void {
    if (path.length > maxDepth) throw new Malformed()
    this.#need('{')
    if (this.#takes('}')) return
    do {
      const ownPath = [...path, textOf(this.#token(string))]
      this.#need(':')
      this.#value(ownPath, visit)
    } while (this.#takes(','))
    this.#need('}')
  }

  /** Calls `visit` after each value, also of objects and arrays. */
  tree(path: JsonPath, visit: (path: JsonPath, value: string) => void): void {
    if (path.length > maxDepth) throw new Malformed()
    this.#skipSpace()
    const from = this.#at
    const first = this.#line[from]
    if (first === '"') return visit(path, textOf(this.#token(string)))
    if (first !== '{' && first !== '[') {
      const text = this.#token(scalar)
      return visit(path, text === 'null' ? '' : text)
    }
    this.#at++
    const end = first === '{' ? '}' : ']'
    let index = 0
    if (!this.#takes(end)) {
      do {
        const part = first === '{' ? textOf(this.#token(string)) : index++
        if (first === '{') this.#need(':')
        this.tree([...path, part], visit)
      } while (this.#takes(','))
      this.#need(end)
    }
    visit(path, this.#line.slice(from, this.#at))
  }

  #value(path: readonly string[], visit: (path: readonly string[], value: string) => void): void {
    this.#skipSpace()
    const first = this.#line[this.#at]
    if (first === '{') return this.object(path, visit)
    if (first === '[') return this.#list(1)
    if (first === '"') return visit(path, textOf(this.#token(string)))
    const text = this.#token(scalar)
    if (text === 'null') return
    if (text !== 'true' && text !== 'false' && !/^[-+]?[.\d]/.test(text)) throw new Malformed()
    visit(path, text)
  }

  /** Lists have no label. */
  #list(depth: number): void {
    if (depth > maxDepth) throw new Malformed()
    this.#need('[')
    if (this.#takes(']')) return
    do {
      this.#skipSpace()
      if (this.#line[this.#at] === '[') this.#list(depth + 1)
      else this.#value([], () => {})
    } while (this.#takes(','))
    this.#need(']')
  }

  #token(pattern: RegExp): string {
    this.#skipSpace()
    pattern.lastIndex = this.#at
    const captured = pattern.exec(this.#line)?.[0]
    if (captured === undefined) throw new Malformed()
    this.#at += captured.length
    return captured
  }

  #takes(sign: string): boolean {
    this.#skipSpace()
    if (this.#line[this.#at] !== sign) return false
    this.#at++
    return true
  }

  #need(sign: string): void {
    if (!this.#takes(sign)) throw new Malformed()
  }

  #skipSpace(): void {
    space.lastIndex = this.#at
    this.#at += space.exec(this.#line)?.[0].length ?? 0
  }
}

/** An escape that is none stays as it is written. */
function textOf(quoted: string): string {
  const inner = quoted.slice(1, -1)
  if (!inner.includes('\\')) return inner
  try {
    return JSON.parse(quoted) as string
  } catch {
    return inner
  }
}
