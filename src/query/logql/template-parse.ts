import { syntaxError } from '../metrics/failure.ts'
import { quotedText } from '../metrics/lexer.ts'
import type { TemplateValue } from './template-values.ts'

export type Operand =
  | Readonly<{ is: 'literal'; value: TemplateValue }>
  | Readonly<{ is: 'dot'; path: readonly string[] }>
  | Readonly<{ is: 'variable'; name: string; path: readonly string[] }>
  | Readonly<{ is: 'group'; expression: Expression; path: readonly string[] }>
  | Readonly<{ is: 'function'; name: string }>

export type Command = Readonly<{ operands: readonly Operand[] }>

export type Expression = Readonly<{
  /** Set by the expression, with its `$`. */
  variable?: string
  declares?: boolean
  commands: readonly Command[]
}>

export type Node =
  | Readonly<{ is: 'text'; text: string }>
  | Readonly<{ is: 'action'; expression: Expression }>
  | Readonly<{ is: 'if' | 'with'; expression: Expression; body: readonly Node[]; otherwise: readonly Node[] }>
  | Readonly<{
      is: 'range'
      key?: string
      item?: string
      expression: Expression
      body: readonly Node[]
      otherwise: readonly Node[]
    }>

type Piece = Readonly<{ text: string }> | Readonly<{ action: string }>

const maxDepth = 100

/** `known` throws for functions that do not exist. */
export function parseTemplate(text: string, known: (name: string) => void): Node[] {
  return new TemplateParser(piecesOf(text), known).whole()
}

/** Text and actions; `{{-` and `-}}` remove the spaces beside them. */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trims = false
  const plain = (part: string): void => {
    const kept = trims ? part.trimStart() : part
    if (kept !== '') pieces.push({ text: kept })
  }
  for (;;) {
    const open = text.indexOf('{{', at)
    if (open < 0) break
    const trimsBefore = /^\{\{-\s/.test(text.slice(open, open + 4))
    const before = text.slice(at, open)
    plain(trimsBefore ? before.trimEnd() : before)
    const start = open + (trimsBefore ? 3 : 2)
    const end = actionEnd(text, start)
    let action = text.slice(start, end)
    trims = /\s-$/.test(action)
    if (trims) action = action.slice(0, -1)
    if (!/^\s*\/\*[^]*\*\/\s*$/.test(action)) pieces.push({ action })
    at = end + 2
  }
  plain(text.slice(at))
  return pieces
}

function actionEnd(text: string, from: number): number {
  const quoted = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|\}\}/g
  quoted.lastIndex = from
  for (let match = quoted.exec(text); match !== null; match = quoted.exec(text))
    if (match[0] === '}}') return match.index
  throw syntaxError('template: unclosed action')
}

type Sign = Readonly<{ is: 'sign' | 'word' | 'field' | 'variable'; text: string; spaced: boolean }>
type Token = Sign | Readonly<{ is: 'literal'; value: TemplateValue; spaced: boolean }>

const tokenPattern =
  /(\s*)(?:("(?:[^"\\\n]|\\.)*")|`([^`]*)`|([+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+)|([+-]?\d+)|(\$\w*)|(\.\w*)|([a-zA-Z_]\w*)|(:=|[=|(),]))/y

function tokensOf(action: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (action.slice(at).trim() !== '') {
    tokenPattern.lastIndex = at
    const match = tokenPattern.exec(action)
    if (match === null) throw syntaxError(`template: unexpected ${JSON.stringify(action.slice(at).trim())}`)
    at = tokenPattern.lastIndex
    const [, space = '', quoted, raw, float, integer, variable, field, word, sign = ''] = match
    const spaced = space !== ''
    if (quoted !== undefined) tokens.push({ is: 'literal', value: quotedText(quoted, 0).value, spaced })
    else if (raw !== undefined) tokens.push({ is: 'literal', value: raw, spaced })
    else if (float !== undefined) tokens.push({ is: 'literal', value: Number(float), spaced })
    else if (integer !== undefined) tokens.push({ is: 'literal', value: BigInt(integer.replace(/^\+/, '')), spaced })
    else if (variable !== undefined) tokens.push({ is: 'variable', text: variable, spaced })
    else if (field !== undefined) tokens.push({ is: 'field', text: field.slice(1), spaced })
    else if (word !== undefined) tokens.push({ is: 'word', text: word, spaced })
    else tokens.push({ is: 'sign', text: sign, spaced })
  }
  return tokens
}

const constants: Readonly<Record<string, TemplateValue>> = { true: true, false: false, nil: null }

class TemplateParser {
  readonly #pieces: readonly Piece[]
  readonly #known: (name: string) => void
  #at = 0
  #depth = 0
  #tokens: readonly Token[] = []
  #place = 0

  constructor(pieces: readonly Piece[], known: (name: string) => void) {
    this.#pieces = pieces
    this.#known = known
  }

  whole(): Node[] {
    const { nodes, end } = this.#block()
    if (end !== undefined) throw syntaxError(`template: unexpected {{${end}}}`)
    return nodes
  }

  /** Reads up to `end` or `else`, and consumes it. */
  #block(): { nodes: Node[]; end: 'end' | 'else' | undefined } {
    if (++this.#depth > maxDepth) throw syntaxError('template: nested too deeply')
    const nodes: Node[] = []
    while (this.#at < this.#pieces.length) {
      const piece = this.#pieces[this.#at++]!
      if ('text' in piece) {
        nodes.push({ is: 'text', text: piece.text })
        continue
      }
      this.#tokens = tokensOf(piece.action)
      this.#place = 0
      const first = this.#token
      const word = first?.is === 'word' ? first.text : ''
      if (word === 'end' || word === 'else') {
        this.#place++
        this.#depth--
        return { nodes, end: word }
      }
      if (word === 'if' || word === 'with') {
        this.#place++
        nodes.push(this.#conditional(word))
      } else if (word === 'range') {
        this.#place++
        nodes.push(this.#range())
      } else if (['define', 'template', 'block', 'break', 'continue'].includes(word))
        throw syntaxError(`template: {{${word}}} is not supported`)
      else nodes.push({ is: 'action', expression: this.#wholeExpression() })
    }
    this.#depth--
    return { nodes, end: undefined }
  }

  #conditional(is: 'if' | 'with'): Node {
    const expression = this.#wholeExpression()
    const { nodes: body, end } = this.#block()
    return { is, expression, body, otherwise: this.#otherwise(end) }
  }

  /** After `else` with `if`, the inner block ends both. */
  #otherwise(end: 'end' | 'else' | undefined): Node[] {
    if (end === 'end') return []
    if (end === undefined) throw syntaxError('template: unexpected EOF')
    const next = this.#token
    if (next?.is === 'word' && (next.text === 'if' || next.text === 'with')) {
      this.#place++
      return [this.#conditional(next.text)]
    }
    const block = this.#block()
    if (block.end !== 'end') throw syntaxError('template: expected end')
    return block.nodes
  }

  #range(): Node {
    const names: string[] = []
    const start = this.#place
    while (this.#token?.is === 'variable') {
      names.push(this.#token.text)
      this.#place++
      if (!this.#takeSign(',')) break
    }
    if (!this.#takeSign(':=')) {
      names.length = 0
      this.#place = start
    }
    const expression = this.#wholeExpression()
    const { nodes: body, end } = this.#block()
    const [key, item] = names.length === 2 ? names : [undefined, names[0]]
    return {
      is: 'range',
      ...(key === undefined ? {} : { key }),
      ...(item === undefined ? {} : { item }),
      expression,
      body,
      otherwise: this.#otherwise(end),
    }
  }

  get #token(): Token | undefined {
    return this.#tokens[this.#place]
  }

  #takeSign(text: string): boolean {
    const token = this.#token
    if (token?.is !== 'sign' || token.text !== text) return false
    this.#place++
    return true
  }

  #wholeExpression(): Expression {
    const expression = this.#expression()
    if (this.#token !== undefined) throw syntaxError('template: unexpected token in an action')
    return expression
  }

  #expression(): Expression {
    if (++this.#depth > maxDepth) throw syntaxError('template: nested too deeply')
    const [first, second] = [this.#token, this.#tokens[this.#place + 1]]
    const sets = first?.is === 'variable' && second?.is === 'sign' && (second.text === ':=' || second.text === '=')
    if (sets) this.#place += 2
    const commands = [this.#command()]
    while (this.#takeSign('|')) commands.push(this.#command())
    this.#depth--
    return sets ? { variable: first.text, declares: second.text === ':=', commands } : { commands }
  }

  #command(): Command {
    const operands: Operand[] = []
    for (let operand = this.#operand(); operand !== undefined; operand = this.#operand()) operands.push(operand)
    if (operands.length === 0) throw syntaxError('template: missing value for command')
    return { operands }
  }

  #operand(): Operand | undefined {
    const token = this.#token
    if (token === undefined) return undefined
    if (token.is === 'literal') {
      this.#place++
      return { is: 'literal', value: token.value }
    }
    if (token.is === 'variable') {
      this.#place++
      return { is: 'variable', name: token.text, path: this.#path() }
    }
    if (token.is === 'field') {
      this.#place++
      return { is: 'dot', path: [...(token.text === '' ? [] : [token.text]), ...this.#path()] }
    }
    if (token.is === 'word') {
      this.#place++
      if (Object.hasOwn(constants, token.text)) return { is: 'literal', value: constants[token.text] }
      this.#known(token.text)
      return { is: 'function', name: token.text }
    }
    if (!this.#takeSign('(')) return undefined
    const expression = this.#expression()
    if (!this.#takeSign(')')) throw syntaxError('template: unclosed left paren')
    return { is: 'group', expression, path: this.#path() }
  }

  /** Members that follow without a space. */
  #path(): string[] {
    const path: string[] = []
    for (let token = this.#token; token?.is === 'field' && !token.spaced; token = this.#token) {
      path.push(token.text)
      this.#place++
    }
    return path
  }
}
