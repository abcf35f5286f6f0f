import { aggregators, type Aggregator, type Grouping } from '../metrics/aggregate.ts'
import { comparisons, isComparison, isSetOperator, type Matching, type Operator } from '../metrics/binary.ts'
import { syntaxError, unsupported } from '../metrics/failure.ts'
import { placeOf, tokensOf, type Language, type Token } from '../metrics/lexer.ts'
import { compileRegex, matcherOf, type Matcher, type MatchOperator } from '../metrics/matchers.ts'
import type { LabelFilter, LogqlNode, LogQuery, MetricNode, Stage } from './ast.ts'

const language: Language = {
  signs: ['|=', '|~', '|>', '!>', '=~', '!~', '==', '!=', '>=', '<=', ...'|+-*/%^<>=(){}[],'.split('')],
  bytes: true,
  word: /[a-zA-Z_][\w.]*/y,
}

const precedence: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ...comparisons.map((each): [string, number] => [each, 3]),
  ['+', 4],
  ['-', 4],
  ['*', 5],
  ['/', 5],
  ['%', 5],
  ['^', 6],
])

const rangeFunctions: ReadonlySet<string> = new Set(
  (
    'rate count_over_time bytes_rate bytes_over_time absent_over_time sum_over_time avg_over_time min_over_time ' +
    'max_over_time first_over_time last_over_time stddev_over_time stdvar_over_time quantile_over_time'
  ).split(' '),
)
const plainFunctions: ReadonlySet<string> = new Set([
  'rate',
  'count_over_time',
  'bytes_rate',
  'bytes_over_time',
  'absent_over_time',
])
const otherStages: ReadonlySet<string> = new Set(
  'pattern regexp unpack line_format label_format decolorize distinct'.split(' '),
)
const otherFunctions: ReadonlySet<string> = new Set(
  'rate_counter label_replace sort sort_desc approx_topk variants'.split(' '),
)
const maxDepth = 200

export function parseLogql(text: string): LogqlNode {
  return new Parser(text).whole()
}

/** A selector with a pipeline. */
export function parseLogs(text: string): LogQuery {
  const node = parseLogql(text)
  if (node.is !== 'logs') throw syntaxError('only label matchers and a pipeline are supported here')
  return node
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text, language)
  }

  whole(): LogqlNode {
    const logs = this.#selectorAhead()
    const node = logs ? this.#logs() : this.#expression(0)
    if (this.#peek().kind !== 'end') throw this.#unexpected()
    return node
  }

  #peek(): Token {
    return this.#tokens[this.#at]!
  }

  #is(sign: string): boolean {
    const { kind, text } = this.#peek()
    return kind === 'sign' && text === sign
  }

  #isWord(word: string): boolean {
    const { kind, text } = this.#peek()
    return kind === 'word' && text === word
  }

  #take(sign: string): boolean {
    if (!this.#is(sign)) return false
    this.#at++
    return true
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false
    this.#at++
    return true
  }

  #need(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected(`"${sign}"`)
  }

  #token(kind: Token['kind']): Token {
    const token = this.#peek()
    if (token.kind !== kind) throw this.#unexpected(kind)
    this.#at++
    return token
  }

  #unexpected(expected?: string): Error {
    const { kind, text, from } = this.#peek()
    const found = kind === 'end' ? 'end of input' : JSON.stringify(text)
    const wanted = expected === undefined ? '' : `, expected ${expected}`
    return syntaxError(`parse error at ${placeOf(this.#text, from)}: syntax error: unexpected ${found}${wanted}`)
  }

  #selectorAhead(): boolean {
    let at = this.#at
    while (this.#tokens[at]?.kind === 'sign' && this.#tokens[at]?.text === '(') at++
    return this.#tokens[at]?.kind === 'sign' && this.#tokens[at]?.text === '{'
  }

  #logs(): LogQuery {
    if (this.#take('(')) {
      const inner = this.#logs()
      this.#need(')')
      return { ...inner, stages: [...inner.stages, ...this.#stages()] }
    }
    const matchers: Matcher[] = []
    this.#need('{')
    while (!this.#is('}')) {
      const name = this.#token('word').text
      const { text: operator } = this.#token('sign')
      if (!['=', '!=', '=~', '!~'].includes(operator)) throw syntaxError(`${operator} is no match operator`)
      matchers.push(matcherOf(name, operator as MatchOperator, this.#token('text').text))
      if (!this.#take(',')) break
    }
    this.#need('}')
    if (matchers.every(({ matches }) => matches('')))
      throw syntaxError(
        'queries require at least one regexp or equality matcher that does not have an empty-compatible value',
      )
    return { is: 'logs', matchers, stages: this.#stages() }
  }

  #stages(): Stage[] {
    const stages: Stage[] = []
    for (;;) {
      const { kind, text } = this.#peek()
      if (kind !== 'sign') return stages
      if (['|=', '!=', '|~', '!~', '|>', '!>'].includes(text)) stages.push(this.#lineFilter())
      else if (text === '|') stages.push(this.#stage())
      else return stages
    }
  }

  #lineFilter(): Stage {
    const { text: operator } = this.#token('sign')
    if (operator === '|>' || operator === '!>') throw unsupported(`The line filter ${operator}`)
    const tests: ((line: string) => boolean)[] = []
    do {
      if (this.#isWord('ip')) throw unsupported('The line filter ip()')
      const { text } = this.#token('text')
      const regex = operator.endsWith('~') ? compileRegex(text) : undefined
      tests.push((line) => (regex === undefined ? line.includes(text) : regex.matcher(line).find()))
    } while (this.#takeWord('or'))
    const isNegative = operator.startsWith('!')
    return { is: 'line', test: (line) => tests.some((test) => test(line)) !== isNegative }
  }

  #stage(): Stage {
    this.#need('|')
    const { kind, text } = this.#peek()
    const following = this.#tokens[this.#at + 1]
    const isName = following?.kind === 'sign' && [...comparisons, '=', '=~', '!~'].includes(following.text as '==')
    if (kind === 'word' && !isName) {
      if (otherStages.has(text)) throw unsupported(`The stage ${text}`)
      if (text === 'json' || text === 'logfmt') {
        this.#at++
        if (this.#peek().kind === 'word' && !this.#isWord('by') && !this.#isWord('without'))
          throw unsupported(`An expression of the stage ${text}`)
        if (this.#is('-')) throw unsupported(`A flag of the stage ${text}`)
        return { is: text }
      }
      if (text === 'drop' || text === 'keep') return this.#names(text)
      if (text === 'unwrap') return this.#unwrap()
    }
    return { is: 'filter', filter: this.#labelFilter() }
  }

  #names(is: 'drop' | 'keep'): Stage {
    this.#at++
    const names = new Set<string>()
    do {
      names.add(this.#token('word').text)
      if (this.#peek().kind === 'sign' && /^(?:=|!=|=~|!~)$/.test(this.#peek().text))
        throw unsupported(`A matcher of the stage ${is}`)
    } while (this.#take(','))
    return { is, names }
  }

  #unwrap(): Stage {
    this.#at++
    const { text } = this.#token('word')
    if (!this.#take('(')) return { is: 'unwrap', name: text, conversion: 'number' }
    const name = this.#token('word').text
    this.#need(')')
    if (text === 'bytes') return { is: 'unwrap', name, conversion: 'bytes' }
    if (text === 'duration' || text === 'duration_seconds') return { is: 'unwrap', name, conversion: 'duration' }
    throw syntaxError(`${text} is no conversion of unwrap`)
  }

  /** `and`, a comma or a space join filters; `and` binds stronger than `or`. */
  #labelFilter(): LabelFilter {
    let left = this.#conjunction()
    while (this.#takeWord('or')) left = { is: 'or', left, right: this.#conjunction() }
    return left
  }

  #conjunction(): LabelFilter {
    let left = this.#comparison()
    for (;;) {
      const joins =
        this.#takeWord('and') ||
        this.#take(',') ||
        this.#is('(') ||
        (this.#peek().kind === 'word' && !this.#isWord('or'))
      if (!joins) return left
      left = { is: 'and', left, right: this.#comparison() }
    }
  }

  #comparison(): LabelFilter {
    if (++this.#depth > maxDepth) throw syntaxError('the query is nested too deeply')
    if (this.#take('(')) {
      const filter = this.#labelFilter()
      this.#need(')')
      this.#depth--
      return filter
    }
    this.#depth--
    const name = this.#token('word').text
    const { text: operator } = this.#token('sign')
    if (this.#isWord('ip')) throw unsupported('The label filter ip()')
    const { kind, text, value } = this.#peek()
    if (kind === 'text' && ['=', '!=', '=~', '!~'].includes(operator)) {
      this.#at++
      return { is: 'match', matcher: matcherOf(name, operator as MatchOperator, text) }
    }
    const compared = operator === '=' ? '==' : operator
    if (!(comparisons as readonly string[]).includes(compared)) throw syntaxError(`${operator} compares no numbers`)
    const isMinus = this.#take('-')
    const number = isMinus ? this.#token('number') : this.#peek()
    if (!isMinus) {
      if (kind !== 'number' && kind !== 'duration' && kind !== 'bytes') throw this.#unexpected('number')
      this.#at++
    }
    const unit = number.kind === 'duration' || number.kind === 'bytes' ? number.kind : 'number'
    return {
      is: 'compare',
      name,
      operator: compared as Operator,
      value: isMinus ? -number.value : unit === 'duration' ? value / 1000 : value,
      unit,
    }
  }

  #expression(least: number): MetricNode {
    if (++this.#depth > maxDepth) throw syntaxError('the query is nested too deeply')
    let left = this.#primary()
    for (;;) {
      const { kind, text } = this.#peek()
      const binds = kind === 'word' || kind === 'sign' ? (precedence.get(text) ?? 0) : 0
      if (binds <= least) break
      this.#at++
      const operator = text as Operator
      const bool = this.#takeWord('bool')
      if (bool && !isComparison(operator)) throw syntaxError('bool modifier can only be used on comparison operators')
      const matching = this.#matching(operator)
      const right = this.#expression(operator === '^' ? binds - 1 : binds)
      left = { is: 'binary', operator, left, right, bool, matching }
    }
    this.#depth--
    return left
  }

  #matching(operator: Operator): Matching {
    const on = this.#takeWord('on')
    if (!on && !this.#takeWord('ignoring')) return { on: false, labels: [], include: [] }
    const labels = this.#labels()
    const isLeft = this.#takeWord('group_left')
    if (!isLeft && !this.#takeWord('group_right')) return { on, labels, include: [] }
    if (isSetOperator(operator)) throw syntaxError(`no grouping allowed for "${operator}" operation`)
    return { on, labels, group: isLeft ? 'left' : 'right', include: this.#is('(') ? this.#labels() : [] }
  }

  #labels(): string[] {
    const labels: string[] = []
    this.#need('(')
    while (!this.#is(')')) {
      labels.push(this.#token('word').text)
      if (!this.#take(',')) break
    }
    this.#need(')')
    return labels
  }

  #primary(): MetricNode {
    if (this.#take('(')) {
      const inner = this.#expression(0)
      this.#need(')')
      return inner
    }
    const isMinus = this.#take('-')
    if (isMinus || this.#take('+') || this.#peek().kind === 'number') {
      const { value } = this.#token('number')
      return { is: 'number', value: isMinus ? -value : value }
    }
    const name = this.#token('word').text
    if (name === 'vector') {
      this.#need('(')
      const { value } = this.#token('number')
      this.#need(')')
      return { is: 'vector', value }
    }
    const aggregator = aggregators.find((each) => each === name)
    if (aggregator !== undefined) return this.#aggregate(aggregator)
    if (rangeFunctions.has(name)) return this.#range(name)
    if (otherFunctions.has(name)) throw unsupported(`The function ${name}`)
    throw syntaxError(`unknown function ${name}`)
  }

  #grouping(): Grouping | undefined {
    const without = this.#takeWord('without')
    return without || this.#takeWord('by') ? { without, labels: this.#labels() } : undefined
  }

  #aggregate(aggregator: Aggregator): MetricNode {
    if (['quantile', 'count_values', 'group'].includes(aggregator))
      throw syntaxError(`unknown aggregation ${aggregator}`)
    let grouping = this.#grouping()
    this.#need('(')
    const isTop = aggregator === 'topk' || aggregator === 'bottomk'
    const parameter = isTop ? this.#token('number').value : 0
    if (isTop) this.#need(',')
    const of = this.#expression(0)
    this.#need(')')
    grouping ??= this.#grouping()
    return { is: 'aggregate', aggregator, grouping: grouping ?? { without: false, labels: [] }, parameter, of }
  }

  #range(name: string): MetricNode {
    this.#need('(')
    const isQuantile = name === 'quantile_over_time'
    const parameter = isQuantile ? this.#token('number').value : undefined
    if (isQuantile) this.#need(',')
    const before = this.#logs()
    this.#need('[')
    const range = Math.round(this.#token('duration').value)
    this.#need(']')
    const after = this.#stages()
    const offset = this.#takeWord('offset') ? Math.round((this.#take('-') ? -1 : 1) * this.#token('duration').value) : 0
    this.#need(')')
    const grouping = this.#grouping()
    const logs = { ...before, stages: [...before.stages, ...after] }
    const unwraps = logs.stages.filter(({ is }) => is === 'unwrap').length
    if (unwraps > 1) throw syntaxError('only one unwrap is allowed')
    if (unwraps === 0 && !plainFunctions.has(name)) throw syntaxError(`invalid aggregation ${name} without unwrap`)
    if (unwraps === 1 && plainFunctions.has(name) && name !== 'rate' && name !== 'absent_over_time')
      throw syntaxError(`invalid aggregation ${name} with unwrap`)
    if (grouping !== undefined && (plainFunctions.has(name) || name === 'sum_over_time'))
      throw syntaxError(`grouping not allowed for ${name} aggregation`)
    return { is: 'range', name, logs, range, offset, grouping, parameter }
  }
}
