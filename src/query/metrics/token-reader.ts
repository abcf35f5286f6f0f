import { syntaxError } from './failure.ts'
import { placeOf, tokensOf, type Language, type Token } from './lexer.ts'

const maxDepth = 200
/** A chain such as `1 + 1 + …` nests in the tree, and evaluation is recursive. */
const maxOperators = 500

export type ReaderLanguage = Language &
  Readonly<{
    /** Keywords have no case. */
    ignoreCase: boolean
    /** Before a message about an unexpected token. `place` is line and column. */
    errorPrefix: (place: string) => string
  }>

/** The tokens of a query in order, for parsers by recursive descent. */
export class TokenReader {
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #language: ReaderLanguage
  #at = 0
  #depth = 0
  #operators = 0

  constructor(text: string, language: ReaderLanguage) {
    this.#text = text
    this.#language = language
    this.#tokens = tokensOf(text, language)
  }

  get token(): Token {
    return this.#tokens[this.#at]!
  }

  get isEnded(): boolean {
    return this.token.kind === 'end'
  }

  ahead(count: number): Token | undefined {
    return this.#tokens[this.#at + count]
  }

  /** Makes the last token the next one again. */
  back(): void {
    this.#at--
  }

  next(): Token {
    return this.#tokens[this.#at++]!
  }

  is(sign: string, { kind, text }: Token = this.token): boolean {
    return kind === 'sign' && text === sign
  }

  isWord(word: string): boolean {
    const { kind, text } = this.token
    return kind === 'word' && (this.#language.ignoreCase ? text.toLowerCase() : text) === word
  }

  take(sign: string): boolean {
    if (!this.is(sign)) return false
    this.#at++
    return true
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.#at++
    return true
  }

  /** Throws if another sign follows. */
  need(sign: string): void {
    if (!this.take(sign)) throw this.unexpected(`"${sign}"`)
  }

  /** Throws if a token of another kind follows. */
  needKind(kind: Token['kind']): Token {
    if (this.token.kind !== kind) throw this.unexpected(kind)
    return this.next()
  }

  /** Throws after the last allowed depth, so that no query overflows the stack. */
  nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw syntaxError('the query is nested too deeply')
    const value = read()
    this.#depth--
    return value
  }

  /** Throws after the last allowed binary operator of the query. */
  countOperator(): void {
    if (++this.#operators > maxOperators) throw syntaxError(`the query has more than ${maxOperators} operators`)
  }

  unexpected(expected?: string): Error {
    const { kind, text, from } = this.token
    const actual = kind === 'end' ? 'end of input' : JSON.stringify(text)
    const wanted = expected === undefined ? '' : `, expected ${expected}`
    return this.errorAt(from, `unexpected ${actual}${wanted}`)
  }

  /** Line and column. */
  placeAt(from: number): string {
    return placeOf(this.#text, from)
  }

  errorAt(from: number, problem: string): Error {
    return syntaxError(this.#language.errorPrefix(placeOf(this.#text, from)) + problem)
  }
}
