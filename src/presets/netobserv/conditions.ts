import { isNumeric, type Reference } from './values.ts'

type Token =
  | Readonly<{ is: 'val' | 'operator' | 'open' | 'close' | 'not' | 'comma'; text: string }>
  | Readonly<{ is: 'number' | 'text'; text: string; value: number | string }>

const words = String.raw`(val\b|in\b)`
const numbers = String.raw`(-?\d+(?:\.\d+)?)`
const texts = String.raw`"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'`
const operators = String.raw`(==|!=|>=|<=|=~|!~|&&|\|\||>|<)`
const pattern = new RegExp(String.raw`\s*(?:${words}|${numbers}|${texts}|${operators}|([()!,]))`, 'y')

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const [, word, number, double, single, operator, mark] = pattern.exec(text) ?? []
    const quoted = double ?? single
    if (word !== undefined) tokens.push({ is: word === 'val' ? 'val' : 'operator', text: word })
    else if (number !== undefined) tokens.push({ is: 'number', text: number, value: Number(number) })
    else if (quoted !== undefined)
      tokens.push({ is: 'text', text: JSON.stringify(unescaped(quoted)), value: unescaped(quoted) })
    else if (operator !== undefined) tokens.push({ is: 'operator', text: operator })
    else if (mark !== undefined)
      tokens.push({ is: mark === '(' ? 'open' : mark === ')' ? 'close' : mark === '!' ? 'not' : 'comma', text: mark })
    else return undefined
  }
  return tokens
}

function unescaped(text: string) {
  return text.replaceAll(/\\(.)/g, '$1')
}

const mirrored: Readonly<Record<string, string>> = {
  '>': '<',
  '<': '>',
  '>=': '<=',
  '<=': '>=',
  '==': '==',
  '!=': '!=',
}

class Conditions {
  readonly #tokens: readonly Token[]
  readonly #reference: Reference
  #at = 0

  constructor(tokens: readonly Token[], reference: Reference) {
    this.#tokens = tokens
    this.#reference = reference
  }

  read(): string {
    const text = this.#or()
    if (this.#at < this.#tokens.length) throw new Error(`\`${this.#tokens[this.#at]?.text ?? ''}\` is not supported`)
    return text
  }

  #or(): string {
    let text = this.#and()
    while (this.#takes('||')) text = `${text} || ${this.#and()}`
    return text
  }

  #and(): string {
    let text = this.#not()
    while (this.#takes('&&')) text = `${text} && ${this.#not()}`
    return text
  }

  #not(): string {
    return this.#takes('!') ? `!(${this.#not()})` : this.#test()
  }

  #test(): string {
    if (this.#takes('(')) {
      const text = this.#or()
      if (!this.#takes(')')) throw new Error('a parenthesis is open')
      return `(${text})`
    }
    const left = this.#next()
    const operator = this.#next().text
    if (operator === 'in' && left.is === 'val') return this.#in()
    const right = this.#next()
    if (left.is === 'val' && 'value' in right) return this.#compare(operator, right.value)
    if (right.is === 'val' && 'value' in left && mirrored[operator] !== undefined)
      return this.#compare(mirrored[operator], left.value)
    throw new Error('only `val` and a constant can be compared')
  }

  #in(): string {
    const tests: string[] = []
    if (!this.#takes('(')) throw new Error('`in` needs a list in parentheses')
    do {
      const item = this.#next()
      if (!('value' in item)) throw new Error('`in` needs a list of constants')
      tests.push(this.#compare('==', item.value))
    } while (this.#takes(','))
    if (!this.#takes(')')) throw new Error('a parenthesis is open')
    return `(${tests.join(' || ')})`
  }

  /** False for values of another type, as there. */
  #compare(operator: string, value: number | string): string {
    const { field, value: given } = this.#reference
    const isText = typeof value === 'string'
    const literal = JSON.stringify(value)
    if (operator === '=~' || operator === '!~') {
      if (!isText || (field !== undefined && field.kind !== 'dict' && field.kind !== 'ip'))
        throw new Error('a regular expression needs a field of texts')
      const found = `found(${given}, ${literal})`
      const test = operator === '=~' ? found : `!${found}`
      return field === undefined ? `(type(${given}) == string && ${test})` : test
    }
    if (!(operator in mirrored)) throw new Error(`\`${operator}\` is not supported`)
    const test = `${given} ${operator} ${literal}`
    const ordered = operator !== '==' && operator !== '!='
    if (field === undefined) {
      if (!ordered) return test
      return isText
        ? `(type(${given}) == string && ${test})`
        : `((type(${given}) == int || type(${given}) == double) && ${test})`
    }
    const isTextField = field.kind === 'dict' || field.kind === 'ip' || field.kind === 'mac'
    if (isText ? isTextField : isNumeric(field)) return test
    throw new Error(`${field.netobserv ?? field.name} is no ${isText ? 'text' : 'number'}`)
  }

  #next(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Error('the expression ends early')
    return token
  }

  #takes(text: string) {
    const token = this.#tokens[this.#at]
    if (token?.text !== text || 'value' in token) return false
    this.#at++
    return true
  }
}

/** In CEL; the value exists. */
type Condition = { readonly text: string } | { readonly problem: string }

export function conditionOn(reference: Reference, parameters: string): Condition {
  const tokens = tokensOf(`val ${parameters}`)
  if (tokens === undefined) return { problem: `\`${parameters}\` is not supported` }
  try {
    return { text: new Conditions(tokens, reference).read() }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
