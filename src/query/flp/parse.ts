import { flpTokens, type FlpToken } from './lexer.ts'
import { flpOperators, FlpQueryProblem, type FlpExpression, type FlpOperator } from './tree.ts'

const maxDepth = 200
/** A chain nests in the tree, and its readers are recursive. */
const maxOperators = 500
const keywords = new Set(['and', 'or', 'with', 'without'])

/** `or` binds tighter than `and`, as in flowlogs-pipeline. Throws FlpQueryProblem with the position. */
export function parseFlpQuery(query: string): FlpExpression {
  const parser = new FlpParser(flpTokens(query))
  return parser.whole()
}

class FlpParser {
  readonly #tokens: readonly FlpToken[]
  #at = 0
  #depth = 0
  #operators = 0

  constructor(tokens: readonly FlpToken[]) {
    this.#tokens = tokens
  }

  whole(): FlpExpression {
    const expression = this.#and()
    if (this.#token.kind !== 'end') this.#fail('expected `and`, `or` or the end')
    return expression
  }

  get #token(): FlpToken {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!
  }

  #fail(expected: string): never {
    const { kind, text, position } = this.#token
    throw new FlpQueryProblem(`position ${position}: ${expected}, not ${kind === 'end' ? 'the end' : `\`${text}\``}`)
  }

  #keyword(): string | undefined {
    const { kind, text } = this.#token
    const folded = text.toLowerCase()
    return kind === 'name' && keywords.has(folded) ? folded : undefined
  }

  #takeSign(text: string, expected: string) {
    if (this.#token.kind !== 'sign' || this.#token.text !== text) this.#fail(expected)
    this.#at++
  }

  #and() {
    return this.#chain('and', () => this.#or())
  }

  #or() {
    return this.#chain('or', () => this.#primary())
  }

  #chain(is: 'and' | 'or', read: () => FlpExpression): FlpExpression {
    let left = read()
    while (this.#keyword() === is) {
      this.#at++
      if (++this.#operators > maxOperators) this.#fail(`expected at most ${maxOperators} of \`and\` and \`or\``)
      left = { is, left, right: read() }
    }
    return left
  }

  #primary(): FlpExpression {
    if (this.#token.kind === 'sign' && this.#token.text === '(') {
      this.#at++
      if (++this.#depth > maxDepth) this.#fail(`expected at most ${maxDepth} levels of parentheses`)
      const inner = this.#and()
      this.#depth--
      this.#takeSign(')', 'expected `)`')
      return inner
    }
    const word = this.#keyword()
    if (word === 'with' || word === 'without') {
      this.#at++
      this.#takeSign('(', `expected \`(\` after \`${word}\``)
      const key = this.#key()
      this.#takeSign(')', 'expected `)`')
      return { is: word, key }
    }
    return this.#test()
  }

  #key() {
    if (this.#token.kind !== 'name' || this.#keyword() !== undefined) this.#fail('expected the name of a field')
    const { text } = this.#token
    this.#at++
    return text
  }

  #test(): FlpExpression {
    const key = this.#key()
    const operator = flpOperators.find((flpOperator) => this.#token.kind === 'sign' && this.#token.text === flpOperator)
    if (operator === undefined) this.#fail(`expected one of ${flpOperators.join(' ')}`)
    this.#at++
    return { is: 'test', key, operator, value: this.#value(operator) }
  }

  #value(operator: FlpOperator): string | bigint {
    const { kind, text } = this.#token
    const isRegex = operator === '=~' || operator === '!~'
    const isEqual = operator === '=' || operator === '!='
    if (kind === 'string' && (isRegex || isEqual)) {
      this.#at++
      return text
    }
    if (kind === 'number' && !isRegex) {
      const value = BigInt(text)
      if (value > 0x7fff_ffff_ffff_ffffn) this.#fail('expected a number below 2^63')
      this.#at++
      return value
    }
    return this.#fail(
      isRegex
        ? 'expected a string in double or back quotes'
        : isEqual
          ? 'expected a string in quotes or an integer'
          : 'expected an integer',
    )
  }
}
