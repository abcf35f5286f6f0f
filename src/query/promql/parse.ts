import { aggregators, type Aggregator, type Grouping } from '../metrics/aggregate.ts'
import {
  arithmetic,
  comparisons,
  isComparison,
  isSetOperator,
  type Matching,
  type Operator,
} from '../metrics/binary.ts'
import { syntaxError, unsupported } from '../metrics/failure.ts'
import { metricName } from '../metrics/labels.ts'
import { longestMs, type Token } from '../metrics/lexer.ts'
import { matcherOf, type Matcher, type MatchOperator } from '../metrics/matchers.ts'
import { TokenReader, type ReaderLanguage } from '../metrics/token-reader.ts'
import type { Call, Node, Shift } from './ast.ts'
import { functions, nativeFunctions, otherFunctions } from './signatures.ts'
import { checkTypes } from './types.ts'

const language: ReaderLanguage = {
  signs: ['=~', '!~', '==', '!=', '>=', '<=', '</', '>/', ...'+-*/%^<>=(){}[],:@'.split('')],
  bytes: false,
  word: /:?[\p{L}_][\p{L}\w:.]*/uy,
  ignoreCase: true,
  errorPrefix: (position) => `${position}: parse error: `,
}

/** The editor grammar of Prometheus binds `offset`, `@` and the sign of numbers differently from its engine. */
const precedence: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ...comparisons.map((comparison): [string, number] => [comparison, 3]),
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['atan2', 5],
  ['^', 7],
])
const signPrecedence = 6

export function parsePromql(text: string): Node {
  const node = new Parser(text).whole()
  checkTypes(node)
  return node
}

/** Parses a selector of `match[]`. */
export function parseSelector(text: string): readonly Matcher[] {
  const node = parsePromql(text)
  if (node.is !== 'selector' || node.offset !== 0 || node.at !== undefined)
    throw syntaxError('match[] must be a series selector')
  return node.matchers
}

class Parser extends TokenReader {
  constructor(text: string) {
    super(text, language)
    for (let at = 0, token = this.ahead(at); token !== undefined; token = this.ahead(++at))
      if (token.kind === 'word' && /[^\w:]/.test(token.text))
        throw unsupported(`The name ${token.text} without quotes, as it has a dot or other letters,`)
  }

  whole(): Node {
    if (this.isEnded) throw syntaxError('no expression found in input')
    const node = this.#expression(0)
    if (!this.isEnded) throw this.unexpected()
    return node
  }

  #expression(least: number): Node {
    return this.nested(() => this.#operators(least))
  }

  #operators(least: number): Node {
    let leftOperand = this.#unary()
    for (;;) {
      const operator = this.#operator()
      const binds = operator === undefined ? 0 : precedence.get(operator)!
      if (operator === undefined || binds <= least) break
      this.next()
      leftOperand = this.#binary(operator, leftOperand, binds)
    }
    return leftOperand
  }

  #operator(): Operator | undefined {
    const { kind, text } = this.token
    if (kind !== 'word' && kind !== 'sign') return undefined
    if (text === '</' || text === '>/') throw unsupported(`The operator ${text} of native histograms`)
    const name = text.toLowerCase()
    return precedence.has(name) ? (name as Operator) : undefined
  }

  #binary(operator: Operator, left: Node, binds: number): Node {
    this.countOperator()
    const bool = this.isWord('bool')
    if (bool) {
      this.next()
      if (!isComparison(operator)) throw syntaxError('bool modifier can only be used on comparison operators')
    }
    const matching = this.#matching(operator)
    // Only powers group from the right.
    const right = this.#expression(operator === '^' ? binds - 1 : binds)
    return { is: 'binary', operator, left, right, bool, matching }
  }

  #matching(operator: Operator): Matching {
    const isOn = this.isWord('on')
    if (!isOn && !this.isWord('ignoring')) {
      this.#refuseFill()
      return { on: false, labels: [], include: [] }
    }
    this.next()
    const labels = this.#labelList()
    this.#refuseFill()
    const isLeft = this.isWord('group_left')
    if (!isLeft && !this.isWord('group_right')) return { on: isOn, labels, include: [] }
    this.next()
    if (isSetOperator(operator)) throw syntaxError(`no grouping allowed for "${operator}" operation`)
    const include = this.is('(') ? this.#labelList() : []
    this.#refuseFill()
    const repeatedLabel = isOn ? include.find((label) => labels.includes(label)) : undefined
    if (repeatedLabel !== undefined)
      throw syntaxError(`label "${repeatedLabel}" must not occur in ON and GROUP clause at once`)
    return { on: isOn, labels, group: isLeft ? 'left' : 'right', include }
  }

  #refuseFill(): void {
    const isModifier = ['fill', 'fill_left', 'fill_right'].some((word) => this.isWord(word))
    if (isModifier && this.is('(', this.ahead(1))) throw unsupported(`The modifier ${this.token.text}`)
  }

  #labelList(): string[] {
    const labels: string[] = []
    this.need('(')
    while (!this.is(')')) {
      if (this.token.kind !== 'word' && this.token.kind !== 'text') throw this.unexpected('label')
      labels.push(this.next().text)
      if (!this.take(',')) break
    }
    this.need(')')
    return labels
  }

  #unary(): Node {
    const isMinus = this.is('-')
    if (!isMinus && !this.is('+')) return this.#postfix(this.#primary())
    this.next()
    const operand = this.#expression(signPrecedence)
    if (!isMinus) return operand
    return operand.is === 'number' ? { is: 'number', value: -operand.value } : { is: 'negative', of: operand }
  }

  #primary(): Node {
    const token = this.next()
    if (token.kind === 'number') return { is: 'number', value: token.value }
    if (token.kind === 'duration') return { is: 'number', value: token.value / 1000 }
    if (token.kind === 'text') return { is: 'string', value: token.text }
    if (token.kind === 'sign' && token.text === '(') {
      const operand = this.#expression(0)
      this.need(')')
      return { is: 'group', of: operand }
    }
    if (token.kind === 'word') return this.#named(token)
    this.back()
    if (token.text === '{') return this.#selector(undefined)
    throw this.unexpected()
  }

  #named(token: Token): Node {
    const { text } = token
    const lower = text.toLowerCase()
    const aggregator = aggregators.find((name) => name === lower)
    if (aggregator !== undefined && (this.is('(') || this.isWord('by') || this.isWord('without')))
      return this.#aggregate(aggregator)
    if (this.is('(')) {
      if (functions.has(text)) return { is: 'call', name: text, place: this.placeAt(token.from), ...this.#parameters() }
      if (otherFunctions.has(text)) throw unsupported(`The function ${text}`)
      if (nativeFunctions.has(text)) throw unsupported(`The function ${text} of native histograms`)
      throw this.errorAt(token.from, `unknown function with name "${text}"`)
    }
    if (otherFunctions.has(lower) && (this.isWord('by') || this.isWord('without')))
      throw unsupported(`The aggregation ${lower}`)
    if (lower === 'inf') return { is: 'number', value: Infinity }
    if (lower === 'nan') return { is: 'number', value: NaN }
    if (reserved.has(lower)) {
      this.back()
      throw this.unexpected()
    }
    return this.#selector(text)
  }

  #parameters(): Pick<Call, 'parameters' | 'places'> {
    const parameters: Node[] = []
    const places: string[] = []
    this.need('(')
    while (!this.is(')')) {
      places.push(this.placeAt(this.token.from))
      parameters.push(this.#expression(0))
      if (!this.take(',')) break
    }
    this.need(')')
    return { parameters, places }
  }

  #aggregate(aggregator: Aggregator): Node {
    let grouping = this.#grouping()
    const { parameters, places } = this.#parameters()
    grouping ??= this.#grouping()
    const argCount = ['topk', 'bottomk', 'quantile', 'count_values'].includes(aggregator) ? 2 : 1
    if (parameters.length !== argCount)
      throw syntaxError(
        `wrong number of arguments for aggregate expression provided, expected ${argCount}, got ${parameters.length}`,
      )
    return {
      is: 'aggregate',
      aggregator,
      grouping: grouping ?? { without: false, labels: [] },
      ...(argCount === 2 ? { parameter: parameters[0]! } : {}),
      place: places[0]!,
      of: parameters.at(-1)!,
    }
  }

  #grouping(): Grouping | undefined {
    const isWithout = this.isWord('without')
    if (!isWithout && !this.isWord('by')) return undefined
    this.next()
    return { without: isWithout, labels: this.#labelList() }
  }

  #selector(name: string | undefined): Node {
    const matchers: Matcher[] = name === undefined ? [] : [matcherOf(metricName, '=', name)]
    if (this.take('{')) {
      while (!this.is('}')) {
        matchers.push(this.#matcher())
        if (!this.take(',')) break
      }
      this.need('}')
    }
    const names = matchers.filter(({ name: each, operator }) => each === metricName && operator === '=')
    if (names.length > 1) throw syntaxError('metric name must not be set twice')
    if (matchers.every(({ matches }) => matches('')))
      throw syntaxError('vector selector must contain at least one non-empty matcher')
    return { is: 'selector', matchers, offset: 0 }
  }

  #matcher(): Matcher {
    const { kind, text: name } = this.token
    if (kind !== 'word' && kind !== 'text') throw this.unexpected('label')
    this.next()
    const { kind: next, text: operator } = this.token
    if (kind === 'text' && (operator === ',' || operator === '}')) return matcherOf(metricName, '=', name)
    if (next !== 'sign' || !['=', '!=', '=~', '!~'].includes(operator)) throw this.unexpected('a match operator')
    this.next()
    if (this.token.kind !== 'text') throw this.unexpected('string')
    return matcherOf(name, operator as MatchOperator, this.next().text)
  }

  #postfix(first: Node): Node {
    let node = first
    for (;;) {
      if (this.is('[')) node = this.#bracket(node)
      else if (this.isWord('offset')) node = shifted(node, { offset: this.#offset() })
      else if (this.is('@')) node = shifted(node, { at: this.#moment() })
      else if (this.isWord('anchored') || this.isWord('smoothed')) throw unsupported(`The modifier ${this.token.text}`)
      else return node
    }
  }

  #bracket(node: Node): Node {
    this.need('[')
    const range = this.#duration()
    if (this.take(':')) {
      const step = this.is(']') ? undefined : this.#duration()
      this.need(']')
      return { is: 'subquery', of: node, range, step, offset: 0 }
    }
    this.need(']')
    if (node.is !== 'selector') throw syntaxError('ranges only allowed for vector selectors')
    if (node.offset !== 0 || node.at !== undefined) throw syntaxError('no offset or @ modifiers allowed before range')
    return { is: 'range', selector: node, range }
  }

  /** Duration in ms; a number without a unit is in seconds. */
  #duration(): number {
    const { kind, value } = this.token
    if (kind !== 'number' && kind !== 'duration')
      throw this.#isCalculated() ? this.#calculated() : this.unexpected('duration')
    this.next()
    if (!this.is(']') && !this.is(':'))
      throw '+-*/%^'.split('').some((sign) => this.is(sign)) ? this.#calculated() : this.unexpected('"]"')
    const ms = inRange(kind === 'number' ? value * 1000 : value)
    if (!(ms > 0)) throw syntaxError('duration must be greater than 0')
    return ms
  }

  #isCalculated(): boolean {
    return ['(', '-', '+'].some((sign) => this.is(sign)) || calculations.some((word) => this.isWord(word))
  }

  #calculated(): Error {
    return unsupported('A calculated duration')
  }

  #offset(): number {
    this.next()
    const isMinus = this.take('-')
    if (!isMinus) this.take('+')
    if (this.#isCalculated()) throw this.#calculated()
    const { kind, value } = this.token
    if (kind !== 'number' && kind !== 'duration') throw this.unexpected('duration')
    this.next()
    const ms = inRange(kind === 'number' ? value * 1000 : value)
    return isMinus ? -ms : ms
  }

  #moment(): number | 'start' | 'end' {
    this.next()
    const word = this.token.text.toLowerCase()
    if (this.token.kind === 'word' && (word === 'start' || word === 'end')) {
      this.next()
      this.need('(')
      this.need(')')
      return word
    }
    const isMinus = this.take('-')
    if (!isMinus) this.take('+')
    const { kind, value } = this.token
    if (kind !== 'number' && kind !== 'duration') throw this.unexpected('timestamp')
    this.next()
    const ms = Math.round(kind === 'number' ? value * 1000 : value)
    if (!(Math.abs(ms) <= latest)) throw syntaxError('timestamp out of bounds for @ modifier')
    return isMinus ? -ms : ms
  }
}

const calculations = ['step', 'range', 'min', 'max', 'min_of', 'max_of']

/** The latest time that JavaScript can represent, in ms. */
const latest = 8.64e15

/** A duration in whole ms. Throws if the duration is too long. */
function inRange(ms: number): number {
  if (!(ms <= longestMs)) throw syntaxError('duration out of range')
  return Math.round(ms)
}

const reserved = new Set([
  ...arithmetic,
  'and',
  'or',
  'unless',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
])

function shifted(node: Node, shift: Partial<Shift>): Node {
  if (node.is === 'range') return { ...node, selector: shifted(node.selector, shift) as typeof node.selector }
  if (node.is !== 'selector' && node.is !== 'subquery')
    throw syntaxError(
      `${shift.at === undefined ? 'offset' : '@'} modifier must be preceded by an instant vector selector or range ` +
        'vector selector or a subquery',
    )
  const isTwice = shift.at === undefined ? node.offset !== 0 : node.at !== undefined
  if (isTwice) throw syntaxError(`${shift.at === undefined ? 'offset' : '@ <timestamp>'} may not be set multiple times`)
  return { ...node, ...shift }
}
