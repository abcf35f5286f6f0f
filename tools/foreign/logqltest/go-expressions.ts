/** Expressions in Go source, as tables of tests have them. */
import { quotedText } from '../../../src/query/metrics/lexer.ts'

export type GoExpression =
  | Readonly<{ is: 'text'; text: string }>
  | Readonly<{ is: 'number'; value: number }>
  /** Also a qualified name such as `time.Second`. */
  | Readonly<{ is: 'name'; name: string }>
  | Readonly<{ is: 'call'; of: GoExpression; list: readonly GoExpression[] }>
  /** A literal of a struct, slice or map; `type` is empty where Go infers it. */
  | Readonly<{ is: 'composite'; type: string; elements: readonly GoElement[] }>
  | Readonly<{ is: 'binary'; operator: string; left: GoExpression; right: GoExpression }>
  | Readonly<{ is: 'negative'; of: GoExpression }>
  | Readonly<{ is: 'function' }>

export type GoElement = Readonly<{ key: GoExpression | undefined; value: GoExpression }>

const space = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y
const number = /0[xX][\da-fA-F]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const identifier = /[a-zA-Z_]\w*/y
/** Type of a slice, an array or a map. */
const listType = /(?:\[\d*\]\*?|map\[\w+\])+(?:interface\{\}|[\w.]+)/y

export class GoReader {
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  /** Up to the closing brace. */
  elements(): GoElement[] {
    const elements: GoElement[] = []
    while (!this.#takes('}')) {
      const first = this.expression()
      const value = this.#takes(':') ? this.expression() : undefined
      elements.push(value === undefined ? { key: undefined, value: first } : { key: first, value })
      this.#takes(',')
    }
    return elements
  }

  expression(): GoExpression {
    return this.#sum()
  }

  #sum(): GoExpression {
    let left = this.#product()
    for (let operator = this.#operator('+-'); operator !== undefined; operator = this.#operator('+-'))
      left = { is: 'binary', operator, left, right: this.#product() }
    return left
  }

  #product(): GoExpression {
    let left = this.#unary()
    for (let operator = this.#operator('*/'); operator !== undefined; operator = this.#operator('*/'))
      left = { is: 'binary', operator, left, right: this.#unary() }
    return left
  }

  #unary(): GoExpression {
    if (this.#takes('&') || this.#takes('*')) return this.#unary()
    if (this.#takes('-')) return { is: 'negative', of: this.#unary() }
    return this.#followed(this.#primary())
  }

  #primary(): GoExpression {
    this.#skip()
    const first = this.#text[this.#at]!
    if (first === '"' || first === '`' || first === "'") {
      const { value, length } = quotedText(this.#text, this.#at)
      this.#at += length
      return { is: 'text', text: value }
    }
    if (this.#takes('{')) return { is: 'composite', type: '', elements: this.elements() }
    if (this.#takes('(')) {
      const inner = this.expression()
      this.#need(')')
      return inner
    }
    const digits = this.#token(number)
    if (digits !== undefined) return { is: 'number', value: Number(digits.replaceAll('_', '')) }
    const type = this.#token(listType)
    if (type !== undefined) return { is: 'name', name: type }
    const name = this.#token(identifier)
    if (name === undefined) throw new Error(`unexpected ${this.#text.slice(this.#at, this.#at + 40)}`)
    if (name !== 'func') return { is: 'name', name }
    this.#body()
    return { is: 'function' }
  }

  #followed(first: GoExpression): GoExpression {
    let goExpression = first
    for (;;) {
      if (this.#takes('.')) {
        const member = this.#token(identifier)!
        if (goExpression.is === 'name') goExpression = { is: 'name', name: `${goExpression.name}.${member}` }
        // The value is the first argument of its method.
        else
          goExpression = {
            is: 'call',
            of: { is: 'name', name: `.${member}` },
            list: [goExpression, ...this.#arguments()],
          }
      } else if (this.#text[this.#at] === '(') {
        goExpression = { is: 'call', of: goExpression, list: this.#arguments() }
      } else if (goExpression.is === 'name' && this.#text[this.#at] === '{') {
        this.#at++
        goExpression = { is: 'composite', type: goExpression.name, elements: this.elements() }
      } else return goExpression
    }
  }

  #arguments(): GoExpression[] {
    const list: GoExpression[] = []
    if (!this.#takes('(')) return list
    while (!this.#takes(')')) {
      list.push(this.expression())
      this.#takes(',')
    }
    return list
  }

  /** Statements of a function are not read. */
  #body(): void {
    this.#at = this.#text.indexOf('{', this.#text.indexOf(')', this.#at))
    let depth = 0
    do {
      const character = this.#text[this.#at]!
      if (character === '"' || character === '`') this.#at += quotedText(this.#text, this.#at).length
      else this.#at++
      if (character === '{') depth++
      if (character === '}') depth--
    } while (depth > 0)
  }

  #operator(signs: string): string | undefined {
    this.#skip()
    const sign = this.#text[this.#at]!
    if (!signs.includes(sign)) return undefined
    this.#at++
    return sign
  }

  #takes(sign: string): boolean {
    this.#skip()
    if (this.#text[this.#at] !== sign) return false
    this.#at++
    return true
  }

  #need(sign: string): void {
    if (!this.#takes(sign)) throw new Error(`expected ${sign} at ${this.#text.slice(this.#at, this.#at + 40)}`)
  }

  #token(pattern: RegExp): string | undefined {
    this.#skip()
    pattern.lastIndex = this.#at
    const captured = pattern.exec(this.#text)?.[0]
    this.#at += captured?.length ?? 0
    return captured
  }

  #skip(): void {
    space.lastIndex = this.#at
    this.#at += space.exec(this.#text)?.[0].length ?? 0
  }
}
