import { comparisons, type Operator } from '../metrics/binary.ts'
import { syntaxError, unsupported } from '../metrics/failure.ts'
import { secondsOf } from '../metrics/lexer.ts'
import { compileRegex, matcherOf, type Matcher, type MatchOperator } from '../metrics/matchers.ts'
import { TokenReader, type ReaderLanguage } from '../metrics/token-reader.ts'
import type { JsonPath, LabelFilter, LabelFormat, LogQuery, Stage } from './ast.ts'
import { addressTest, lineAddressTest, linePatternOf, matchesPattern } from './line-pattern.ts'
import { templateOf } from './template.ts'

const language: ReaderLanguage = {
  signs: ['|=', '|~', '|>', '!>', '=~', '!~', '==', '!=', '>=', '<=', ...'|+-*/%^<>=(){}[],'.split('')],
  bytes: true,
  hexadecimal: false,
  word: /[a-zA-Z_][\w.]*/y,
  ignoreCase: false,
  errorPrefix: (position) => `parse error at ${position}: syntax error: `,
}
const lineOperators: ReadonlySet<string> = new Set(['|=', '!=', '|~', '!~', '|>', '!>'])
const parserNames: ReadonlySet<string> = new Set(['json', 'logfmt', 'unpack', 'decolorize'])
const matchOperators: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~'])
const joiners: ReadonlySet<string> = new Set([...comparisons, ...matchOperators])

/** Reads selectors with their pipelines. */
export class StageReader extends TokenReader {
  constructor(text: string) {
    super(text, language)
  }

  logs(): LogQuery {
    if (this.take('(')) {
      const inner = this.nested(() => this.logs())
      this.need(')')
      return { ...inner, stages: [...inner.stages, ...this.stages()] }
    }
    const matchers: Matcher[] = []
    this.need('{')
    while (!this.is('}')) {
      matchers.push(this.#matcher(this.needKind('word').text))
      if (!this.take(',')) break
    }
    this.need('}')
    if (matchers.every(({ matches }) => matches('')))
      throw syntaxError(
        'queries require at least one regexp or equality matcher that does not have an empty-compatible value',
      )
    return { is: 'logs', matchers, stages: this.stages() }
  }

  #matcher(name: string): Matcher {
    const { text: operator } = this.needKind('sign')
    if (!matchOperators.has(operator)) throw syntaxError(`${operator} is no match operator`)
    return matcherOf(name, operator as MatchOperator, this.needKind('text').text)
  }

  stages(): Stage[] {
    const stages: Stage[] = []
    for (;;) {
      const { kind, text } = this.token
      if (kind !== 'sign') return stages
      if (lineOperators.has(text)) stages.push(this.#lineFilter())
      else if (text === '|') stages.push(this.#stage())
      else return stages
    }
  }

  #lineFilter(): Stage {
    const { text: operator } = this.needKind('sign')
    const tests: ((line: string) => boolean)[] = []
    do tests.push(this.#lineTest(operator))
    while (this.takeWord('or'))
    const isNegative = operator.startsWith('!')
    return { is: 'line', test: (line) => tests.some((test) => test(line)) !== isNegative }
  }

  #lineTest(operator: string): (line: string) => boolean {
    if (this.takeWord('ip')) {
      if (operator !== '|=' && operator !== '!=') throw syntaxError(`ip() is not supported with ${operator}`)
      return lineAddressTest(addressTest(this.#inParentheses()))
    }
    const { text } = this.needKind('text')
    if (operator.endsWith('>')) {
      const pattern = linePatternOf(text, { named: false })
      return (line) => matchesPattern(pattern, line)
    }
    if (!operator.endsWith('~')) return (line) => line.includes(text)
    const regex = compileRegex(text)
    return (line) => regex.matcher(line).find()
  }

  #inParentheses(): string {
    this.need('(')
    const { text } = this.needKind('text')
    this.need(')')
    return text
  }

  #stage(): Stage {
    this.need('|')
    const { kind, text } = this.token
    const following = this.ahead(1)
    // After a parser a negation is a filter of lines.
    const isParser = parserNames.has(text) && (following?.text === '!=' || following?.text === '!~')
    const isName = following?.kind === 'sign' && joiners.has(following.text) && !isParser
    if (kind !== 'word' || isName) return { is: 'filter', filter: this.#labelFilter() }
    switch (text) {
      case 'json':
        this.next()
        return { is: 'json', paths: this.#extractions(jsonPathOf) }
      case 'logfmt':
        this.next()
        return this.#logfmt()
      case 'regexp':
        this.next()
        return this.#regexp()
      case 'pattern':
        this.next()
        return { is: 'pattern', pattern: linePatternOf(this.needKind('text').text, { named: true }) }
      case 'unpack':
      case 'decolorize':
        this.next()
        return { is: text }
      case 'line_format':
        this.next()
        return { is: 'line_format', template: templateOf(this.needKind('text').text) }
      case 'label_format':
        this.next()
        return this.#labelFormat()
      case 'drop':
      case 'keep':
        this.next()
        return this.#names(text)
      case 'unwrap':
        this.next()
        return this.#unwrap()
      case 'distinct':
        throw unsupported('The stage distinct')
      default:
        return { is: 'filter', filter: this.#labelFilter() }
    }
  }

  /** `label="expression"`, or a label alone. */
  #extractions<T>(read: (text: string) => T): (readonly [string, T])[] {
    const results: (readonly [string, T])[] = []
    while (this.token.kind === 'word') {
      const label = this.next().text
      results.push([label, read(this.take('=') ? this.needKind('text').text : label)])
      if (!this.take(',')) break
    }
    return results
  }

  #logfmt(): Stage {
    const flags = { strict: false, keepEmpty: false }
    while (this.is('-') && this.is('-', this.ahead(1))) {
      this.next()
      this.next()
      let { text: flag, to } = this.needKind('word')
      while (this.is('-') && this.token.from === to) {
        this.next()
        const { text: part, to: end } = this.needKind('word')
        flag += `-${part}`
        to = end
      }
      if (flag === 'strict') flags.strict = true
      else if (flag === 'keep-empty') flags.keepEmpty = true
      else throw syntaxError(`--${flag} is no flag of logfmt`)
    }
    return { is: 'logfmt', ...flags, keys: this.#extractions(logfmtKeyOf) }
  }

  #regexp(): Stage {
    const { text } = this.needKind('text')
    const regex = compileRegex(text)
    const names = Object.keys(regex.namedGroups())
    if (names.length === 0) throw syntaxError('at least one named capture must be supplied')
    return { is: 'regexp', regex }
  }

  #labelFormat(): Stage {
    const formats: LabelFormat[] = []
    do {
      const target = this.needKind('word').text
      if (target === '__error__') throw syntaxError(`${target} cannot be formatted`)
      if (formats.some((format) => format.target === target))
        throw syntaxError(`multiple label name '${target}' not allowed in a single format operation`)
      this.need('=')
      const { kind } = this.token
      if (kind !== 'word' && kind !== 'text') throw this.unexpected('label or template')
      const { text } = this.next()
      formats.push({ target, from: kind === 'word' ? text : templateOf(text) })
    } while (this.take(','))
    return { is: 'label_format', formats }
  }

  #names(is: 'drop' | 'keep'): Stage {
    const names = new Set<string>()
    const matchers: Matcher[] = []
    do {
      const name = this.needKind('word').text
      if (this.token.kind === 'sign' && matchOperators.has(this.token.text)) matchers.push(this.#matcher(name))
      else names.add(name)
    } while (this.take(','))
    return { is, names, matchers }
  }

  #unwrap(): Stage {
    const { text } = this.needKind('word')
    if (!this.take('(')) return { is: 'unwrap', name: text, conversion: 'number' }
    const name = this.needKind('word').text
    this.need(')')
    if (text === 'bytes') return { is: 'unwrap', name, conversion: 'bytes' }
    if (text === 'duration' || text === 'duration_seconds') return { is: 'unwrap', name, conversion: 'duration' }
    throw syntaxError(`${text} is no conversion of unwrap`)
  }

  /** `and`, a comma or a space join filters; `and` binds stronger than `or`. */
  #labelFilter(): LabelFilter {
    let left = this.#conjunction()
    while (this.takeWord('or')) {
      this.countOperator()
      left = { is: 'or', left, right: this.#conjunction() }
    }
    return left
  }

  #conjunction(): LabelFilter {
    let left = this.#comparison()
    for (;;) {
      const joins =
        this.takeWord('and') || this.take(',') || this.is('(') || (this.token.kind === 'word' && !this.isWord('or'))
      if (!joins) return left
      this.countOperator()
      left = { is: 'and', left, right: this.#comparison() }
    }
  }

  #comparison(): LabelFilter {
    if (this.take('(')) {
      const filter = this.nested(() => this.#labelFilter())
      this.need(')')
      return filter
    }
    const name = this.needKind('word').text
    const { text: operator } = this.needKind('sign')
    if (this.takeWord('ip')) {
      if (operator !== '=' && operator !== '!=') throw syntaxError(`ip() is not supported with ${operator}`)
      return {
        is: 'ip',
        name,
        negative: operator === '!=',
        contains: lineAddressTest(addressTest(this.#inParentheses())),
      }
    }
    if (this.token.kind === 'text' && matchOperators.has(operator))
      return { is: 'match', matcher: matcherOf(name, operator as MatchOperator, this.next().text) }
    const compared = operator === '=' ? '==' : operator
    if (!(comparisons as readonly string[]).includes(compared)) throw syntaxError(`${operator} compares no numbers`)
    const sign = this.take('-') ? -1 : 1
    const { kind, value } = this.token
    const isNumber = kind === 'number' || kind === 'duration' || (kind === 'bytes' && sign > 0)
    if (!isNumber) throw this.unexpected('number')
    this.next()
    const unit = kind === 'duration' || kind === 'bytes' ? kind : 'number'
    const compare = { is: 'compare', name, operator: compared as Operator, unit } as const
    return { ...compare, value: sign * (unit === 'duration' ? secondsOf(value) : value) }
  }
}

/** Bare, or in quotes. */
function logfmtKeyOf(text: string): string {
  const [, bare, quoted] = /^\s*(?:([a-zA-Z_][\w.-]*)|"([^"]*)")\s*$/.exec(text) ?? []
  const key = bare ?? quoted
  if (key === undefined) throw syntaxError(`cannot parse expression [${text}]: not a key of logfmt`)
  return key
}

const pathPart = /\.?([a-zA-Z_]\w*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y

function jsonPathOf(text: string): JsonPath {
  const path: (string | number)[] = []
  for (let at = 0; at < text.length; at = pathPart.lastIndex) {
    pathPart.lastIndex = at
    const match = pathPart.exec(text)
    if (match === null) throw syntaxError(`cannot parse expression [${text}]: unexpected text at ${at + 1}`)
    const [, name, index, quoted] = match
    path.push(name ?? (index === undefined ? quoted!.replace(/\\(.)/g, '$1') : Number(index)))
  }
  if (path.length === 0) throw syntaxError('an expression of the stage json is empty')
  return path
}
