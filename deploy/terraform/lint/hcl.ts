// Reads the structure of HCL files: blocks, attributes, and expressions as far as rules look into them. Expressions
// with operators or references stay text. Reference: HCL native syntax specification.

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Expression])[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  /** Any other expression, and strings with `${`. */
  | { readonly kind: 'text'; readonly text: string }

export interface Attribute {
  readonly name: string
  readonly line: number
  readonly value: Expression
}

export interface Block {
  readonly type: string
  readonly labels: readonly string[]
  readonly line: number
  readonly body: Body
}

export interface Body {
  readonly attributes: readonly Attribute[]
  readonly blocks: readonly Block[]
}

/** Throws an `Error` with the line if the file is not HCL. */
export function parseHcl(source: string): Body {
  return new Reader(source).file()
}

const IDENTIFIER = /[A-Za-z_][\w-]*/y
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const HEREDOC = /<<(-?)([A-Za-z_]\w*)[ \t]*\r?\n/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' }
const PAIRS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
const KEYWORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }

/** Inside brackets a line end does not end an expression. */
type Extent = 'brackets' | 'line'

class Reader {
  readonly source: string
  at = 0

  constructor(source: string) {
    this.source = source
  }

  file(): Body {
    const body = this.body()
    if (this.at < this.source.length) throw this.problem('unexpected text')
    return body
  }

  body(): Body {
    const attributes: Attribute[] = []
    const blocks: Block[] = []
    for (;;) {
      this.space('brackets')
      if (this.at >= this.source.length || this.peek() === '}') return { attributes, blocks }
      const line = this.line()
      const name = this.match(IDENTIFIER) ?? this.peekString() ?? ''
      if (name === '') throw this.problem('a name is missing')
      this.space('line')
      if (this.peek() === '=' && this.source[this.at + 1] !== '=') {
        this.at++
        attributes.push({ name, line, value: this.expression('line') })
      } else blocks.push(this.block(name, line))
    }
  }

  block(type: string, line: number): Block {
    const labels: string[] = []
    for (;;) {
      this.space('line')
      if (this.peek() === '{') break
      const label = this.match(IDENTIFIER) ?? this.peekString()
      if (label === undefined) throw this.problem(`the block ${type} has no body`)
      labels.push(label)
    }
    this.at++
    const body = this.body()
    this.expect('}')
    return { type, labels, line, body }
  }

  expression(within: Extent): Expression {
    this.space(within)
    const start = this.at
    const first = this.primary()
    const after = this.at
    this.space(within)
    if (first !== undefined && this.ended(within)) return first
    this.at = first === undefined ? start : after
    this.rest(within)
    return { kind: 'text', text: this.source.slice(start, this.at).trim() }
  }

  primary(): Expression | undefined {
    const next = this.peek()
    if (next === '"') return stringExpression(this.quoted())
    if (next === '[') return this.list()
    if (next === '{') return this.object()
    if (next === '<') return this.heredoc()
    const number = this.match(NUMBER)
    if (number !== undefined) return { kind: 'literal', value: Number(number) }
    const name = this.match(IDENTIFIER)
    if (name === undefined) return undefined
    if (name in KEYWORDS) return { kind: 'literal', value: KEYWORDS[name] ?? null }
    if (this.peek() !== '(') return undefined
    this.at++
    const args: Expression[] = []
    for (;;) {
      this.space('brackets')
      if (this.peek() === ')') break
      args.push(this.expression('brackets'))
      this.space('brackets')
      if (this.source.startsWith('...', this.at)) this.at += 3
      this.space('brackets')
      if (this.peek() === ',') this.at++
      else if (this.peek() !== ')') throw this.problem('a ) is missing')
    }
    this.at++
    return { kind: 'call', name, args }
  }

  list(): Expression {
    const start = this.at++
    const items: Expression[] = []
    if (this.isFor()) return this.skipped(start)
    for (;;) {
      this.space('brackets')
      if (this.peek() === ']') break
      items.push(this.expression('brackets'))
      this.space('brackets')
      if (this.peek() === ',') this.at++
      else if (this.peek() !== ']') throw this.problem('a ] is missing')
    }
    this.at++
    return { kind: 'list', items }
  }

  object(): Expression {
    const start = this.at++
    const entries: (readonly [string, Expression])[] = []
    if (this.isFor()) return this.skipped(start)
    for (;;) {
      this.space('brackets')
      if (this.peek() === '}') break
      const key = this.peek() === '(' ? this.parenthesized() : (this.match(IDENTIFIER) ?? this.peekString())
      if (key === undefined) throw this.problem('a key is missing')
      this.space('brackets')
      if (this.peek() !== '=' && this.peek() !== ':') throw this.problem(`${key} has no value`)
      this.at++
      entries.push([key, this.expression('line')])
      this.space('brackets')
      if (this.peek() === ',') this.at++
    }
    this.at++
    return { kind: 'object', entries }
  }

  heredoc(): Expression | undefined {
    const [all, indented, tag] = this.exec(HEREDOC) ?? []
    if (all === undefined) return undefined
    const end = new RegExp(`^[ \\t]*${tag}[ \\t]*$`, 'm')
    const match = end.exec(this.source.slice(this.at))
    if (match === null) throw this.problem(`the heredoc ${tag} has no end`)
    const text = this.source.slice(this.at, this.at + match.index)
    this.at += match.index + match[0].length
    const lines = text.split('\n')
    const filled = lines.filter((line) => line.trim() !== '')
    const indent = indented === '-' ? Math.min(...filled.map((line) => /^[ \t]*/.exec(line)![0].length)) : 0
    return stringExpression({ text: lines.map((line) => line.slice(indent)).join('\n'), raw: text })
  }

  /** The text and the source of a string in quotes; `${…}` stays as written. */
  quoted(): { readonly text: string; readonly raw: string } {
    const start = ++this.at
    let text = ''
    for (;;) {
      const next = this.source[this.at]
      if (next === undefined || next === '\n') throw this.problem('a string has no end')
      if (next === '"') return { text, raw: this.source.slice(start, this.at++) }
      const pair = this.source.slice(this.at, this.at + 3)
      if (next === '\\') {
        text += ESCAPES[this.source[this.at + 1] ?? ''] ?? this.source.slice(this.at, this.at + 2)
        this.at += 2
      } else if (pair === '$${' || pair === '%%{') {
        text += pair.slice(1)
        this.at += 3
      } else if (pair.startsWith('${') || pair.startsWith('%{')) {
        const from = this.at
        this.at += 2
        this.brackets('}')
        text += this.source.slice(from, this.at)
      } else {
        text += next
        this.at++
      }
    }
  }

  /** Moves behind the bracket that closes an open one. */
  brackets(close: string): void {
    for (;;) {
      this.space('brackets')
      const next = this.source[this.at]
      if (next === undefined) throw this.problem(`a ${close} is missing`)
      if (next === '"') this.quoted()
      else {
        this.at++
        if (next === close) return
        if (next in PAIRS) this.brackets(PAIRS[next]!)
      }
    }
  }

  skipped(start: number): Expression {
    this.brackets(PAIRS[this.source[start]!]!)
    return { kind: 'text', text: this.source.slice(start, this.at) }
  }

  parenthesized(): string {
    const start = this.at++
    this.brackets(')')
    return this.source.slice(start, this.at)
  }

  rest(within: Extent): void {
    while (!this.ended(within)) {
      const next = this.source[this.at]!
      if (next === '"') this.quoted()
      else if (next in PAIRS) this.parenthesizedBy(PAIRS[next]!)
      else if (/[\w.]/.test(next)) while (/[\w.-]/.test(this.peek())) this.at++
      else this.at++
      this.space(within)
    }
  }

  parenthesizedBy(close: string): void {
    this.at++
    this.brackets(close)
  }

  ended(within: Extent): boolean {
    const next = this.peek()
    return next === '' ||
      next === ',' ||
      next === ')' ||
      next === ']' ||
      next === '}' ||
      (within === 'line' && next === '\n')
      ? true
      : this.source.startsWith('...', this.at)
  }

  isFor(): boolean {
    const start = this.at
    this.space('brackets')
    const found = this.match(IDENTIFIER) === 'for' && /\s/.test(this.peek())
    this.at = start
    return found
  }

  space(within: Extent): void {
    for (;;) {
      const next = this.peek()
      if (next === ' ' || next === '\t' || next === '\r' || (within === 'brackets' && next === '\n')) this.at++
      else if (next === '#' || this.source.startsWith('//', this.at)) {
        while (this.at < this.source.length && this.peek() !== '\n') this.at++
      } else if (this.source.startsWith('/*', this.at)) {
        const end = this.source.indexOf('*/', this.at)
        this.at = end === -1 ? this.source.length : end + 2
      } else return
    }
  }

  peek(): string {
    return this.source[this.at] ?? ''
  }

  peekString(): string | undefined {
    return this.peek() === '"' ? this.quoted().text : undefined
  }

  match(pattern: RegExp): string | undefined {
    return this.exec(pattern)?.[0]
  }

  exec(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (match === null) return undefined
    this.at += match[0].length
    return match
  }

  expect(text: string): void {
    if (!this.source.startsWith(text, this.at)) throw this.problem(`a ${text} is missing`)
    this.at += text.length
  }

  line(): number {
    return this.source.slice(0, this.at).split('\n').length
  }

  problem(message: string): Error {
    return new Error(`line ${this.line()}: ${message}`)
  }
}

function stringExpression({ text, raw }: { readonly text: string; readonly raw: string }): Expression {
  const templated = /(?<![$%])[$%]\{/.test(raw)
  return templated ? { kind: 'text', text } : { kind: 'literal', value: text }
}
