import {
  everything,
  refuse,
  type Exists,
  type Expression,
  type Operator,
  type Span,
  type Subject,
  type Value,
} from './ast.ts'
import { tokens, type Token } from './lexer.ts'
import { memberName } from './members.ts'
import { quote } from './print.ts'
import type { NameTable } from './names.ts'

const maxDepth = 64

const operatorSigns = new Set(['=', '!=', '~', '!~', '<', '<=', '>', '>='])
const keywords = new Set(['and', 'or', 'not', 'in', 'exists'])
const foreign: Readonly<Record<string, string>> = { '&&': 'and', '&': 'and', '||': 'or', '|': 'or', '!': 'not' }

/** An empty text is `everything`. Throws QueryError with the position. */
export function parse(text: string, names: NameTable): Expression {
  const parser = new Parser(tokens(text), names)
  return parser.whole()
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #names: NameTable
  #at = 0
  #depth = 0
  #inEither = false

  constructor(list: readonly Token[], names: NameTable) {
    this.#tokens = list
    this.#names = names
  }

  whole(): Expression {
    if (this.#tokens.length === 1) return everything
    const expression = this.#or()
    const { kind, text } = this.#token
    if (kind !== 'end') {
      const meant = foreign[text]
      this.#fail(
        text === ')' ? 'This parenthesis was never opened.' : 'Expected and, or, or the end of the filter.',
        meant === undefined ? undefined : `Write ${meant}.`,
      )
    }
    return expression
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!
  }

  #next(): Token {
    const token = this.#token
    this.#at++
    return token
  }

  #fail(message: string, hint?: string, at: Span = this.#token): never {
    refuse(message, at, hint)
  }

  #takeWord(word: string) {
    const { kind, text } = this.#token
    if (kind !== 'word' || text.toLowerCase() !== word) return false
    this.#at++
    return true
  }

  #takeSign(sign: string) {
    if (this.#token.kind !== 'sign' || this.#token.text !== sign) return false
    this.#at++
    return true
  }

  #expectSign(sign: string, why: string) {
    if (!this.#takeSign(sign)) this.#fail(`Expected ${sign} ${why}.`)
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > maxDepth) this.#fail(`The filter nests deeper than ${maxDepth} levels.`)
    const parsed = read()
    this.#depth--
    return parsed
  }

  #or() {
    return this.#chain('or', () => this.#and())
  }

  #and() {
    return this.#chain('and', () => this.#not())
  }

  #chain(word: 'and' | 'or', read: () => Expression): Expression {
    const parts = [read()]
    while (this.#takeWord(word)) parts.push(read())
    return parts.length === 1 ? parts[0]! : { is: word, parts }
  }

  #not(): Expression {
    if (!this.#takeWord('not')) return this.#primary()
    return this.#deeper(() => ({ is: 'not', part: this.#not() }))
  }

  #primary(): Expression {
    const { kind, text } = this.#token
    if (this.#takeSign('(')) {
      return this.#deeper(() => {
        const inner = this.#or()
        this.#expectSign(')', 'to close the parenthesis')
        return inner
      })
    }
    if (kind === 'end') this.#fail(`Expected a test, as in ${this.#names.example}.`)
    if (kind !== 'word')
      this.#fail(kind === 'text' ? 'Expected a field, not a text in quotes.' : `Expected a field, not ${text}.`)
    const following = this.#tokens[this.#at + 1]
    if (following?.kind === 'sign' && following.text === '(') {
      if (this.#takeWord('either')) return this.#either()
      if (this.#takeWord('exists')) return this.#existsOf()
    }
    return this.#test()
  }

  #either(): Expression {
    if (this.#inEither)
      this.#fail(
        'either(…) inside either(…) has no effect: the outer one determines the end.',
        undefined,
        this.#tokens[this.#at - 1],
      )
    if (this.#names.endPart('addr') === undefined)
      this.#fail(
        'either(…) needs fields of a source and a destination; this view has none.',
        undefined,
        this.#tokens[this.#at - 1],
      )
    this.#at++
    this.#inEither = true
    const part = this.#deeper(() => this.#or())
    this.#inEither = false
    this.#expectSign(')', 'to close either(')
    return { is: 'either', part }
  }

  #existsOf(): Exists {
    this.#at++
    const subject = this.#subject()
    this.#expectSign(')', 'to close exists(')
    return { is: 'exists', subject }
  }

  #test(): Expression {
    const subject = this.#subject()
    if (this.#takeWord('exists')) return { is: 'exists', subject }
    if (this.#takeWord('in')) return { is: 'test', subject, operator: '=', values: this.#list(subject) }
    if (this.#takeWord('not')) {
      if (this.#takeWord('exists')) return { is: 'not', part: { is: 'exists', subject } }
      if (this.#takeWord('in')) return { is: 'test', subject, operator: '!=', values: this.#list(subject) }
      this.#fail('Expected in or exists behind not.')
    }
    const { kind, text } = this.#token
    if (kind !== 'sign' || !operatorSigns.has(text))
      this.#fail(
        'Expected an operator: = != ~ !~ < <= > >= in, not in, exists.',
        text.toLowerCase() === 'is' ? 'For an absent field write: not exists(…).' : undefined,
      )
    this.#at++
    const operator = text as Operator
    const values = this.#list(subject)
    if (values.length > 1 && /^[<>]/.test(operator))
      this.#fail(`${operator} takes one value.`, undefined, values[1]?.at)
    return { is: 'test', subject, operator, values }
  }

  #subject(): Subject {
    const token = this.#next()
    const { text, kind } = token
    const at = { from: token.from, to: token.to }
    if (kind !== 'word' || text === '') this.#fail('Expected the name of a field.', undefined, token)
    if (keywords.has(text.toLowerCase())) this.#fail(`Expected a field, not the word ${text}.`, undefined, token)
    const member = this.#quotedMember(token)
    if (member !== undefined) return member
    const any = /^any\.(.+)$/i.exec(text)?.[1]
    if (any !== undefined) {
      const name = this.#names.endPart(any)
      return name === undefined ? this.#unknown(token) : { name, end: 'any', at }
    }
    const name = this.#names.resolve(text)
    // Names of the end precede others, such as `id` or `type`.
    const part = this.#inEither ? this.#names.endPart(text) : undefined
    if (part !== undefined) return { name: part, end: 'same', at }
    return name === undefined ? this.#unknown(token) : { name, at }
  }

  /** `extra."NAME"`: the quoted name follows without a space. */
  #quotedMember({ text, from, to }: Token): Subject | undefined {
    const { kind, text: key, from: begin, to: end } = this.#token
    if (kind !== 'text' || begin !== to || !text.endsWith('.')) return undefined
    const name = this.#names.resolve(`${text}${quote(key)}`)
    if (name === undefined) return undefined
    this.#at++
    return { name, at: { from, to: end } }
  }

  #unknown(token: Token): never {
    const part = this.#names.endPart(token.text)
    const near = this.#names.nearest(token.text)
    const hint =
      part !== undefined
        ? `Write src.${part}, dst.${part} or any.${part}.`
        : near !== undefined
          ? `Did you mean ${near}?`
          : this.#names.resolve(memberName(token.text)) === undefined
            ? undefined
            : `An element without a column is a member of extra: write ${memberName(token.text)}.`
    return this.#fail(`There is no field ${token.text}.`, hint, token)
  }

  #list(subject: Subject): readonly Value[] {
    if (this.#takeSign('(')) {
      const values = this.#values(subject)
      this.#expectSign(')', 'to close the list')
      return values
    }
    return this.#values(subject)
  }

  #values(subject: Subject): readonly Value[] {
    const values = [this.#value(subject)]
    while (this.#takeSign(',')) values.push(this.#value(subject))
    return values
  }

  #value(subject: Subject): Value {
    const token = this.#token
    const { kind, text } = token
    if (kind !== 'word' && kind !== 'text')
      this.#fail(kind === 'end' ? 'The filter ends where a value is expected.' : `Expected a value, not ${text}.`)
    if (kind === 'word' && keywords.has(text.toLowerCase()))
      this.#fail(`Expected a value, not the word ${text}.`, `For the text write "${text}".`)
    this.#at++
    const at = { from: token.from, to: token.to }
    if (kind === 'word') {
      const name = this.#names.own(text)
      if (name !== undefined) return { is: 'field', name, at }
    }
    return { is: 'literal', text, quoted: kind === 'text' || (isText(this.#names, subject) && !text.includes('*')), at }
  }
}

const textKinds = new Set(['dict', 'text', 'list<dict>', 'json'])

function isText(names: NameTable, { name, end }: Subject) {
  const field = end === undefined ? names.field(name) : names.ofEnd('src', name)
  return field !== undefined && field.member === undefined && textKinds.has(field.kind)
}
