import { refuse, type Span } from './ast.ts'

export interface Token extends Span {
  readonly kind: 'word' | 'text' | 'sign' | 'end'
  readonly text: string
}

const maxFilterLength = 65_536

const signs: Readonly<Record<string, string>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '~': '~',
  '=~': '~',
  '!~': '!~',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '(': '(',
  ')': ')',
  ',': ',',
}
const blank = /\s/u
const endsWord = /[\s"'(),=!<>~]/u

export function tokens(text: string): Token[] {
  if (text.length > maxFilterLength)
    refuse(`The filter has ${text.length} characters; the maximum is ${maxFilterLength}.`, {
      from: maxFilterLength,
      to: text.length,
    })
  if (!text.isWellFormed())
    refuse('The filter contains half a character (a lone surrogate).', { from: 0, to: text.length })
  if (text.includes('\0'))
    refuse('A filter cannot contain NUL characters.', { from: text.indexOf('\0'), to: text.indexOf('\0') + 1 })
  const results: Token[] = []
  let at = 0
  while (at < text.length) {
    const first = text[at] ?? ''
    if (blank.test(first)) at++
    else {
      const token = first === '"' || first === "'" ? quotedAt(text, at) : (signAt(text, at) ?? wordAt(text, at))
      results.push(token)
      at = token.to
    }
  }
  return [...results, { kind: 'end', text: '', from: text.length, to: text.length }]
}

function signAt(text: string, from: number): Token | undefined {
  for (const length of [2, 1]) {
    const written = text.slice(from, from + length)
    const sign = Object.hasOwn(signs, written) ? signs[written] : undefined
    if (sign !== undefined) return { kind: 'sign', text: sign, from, to: from + written.length }
  }
  if (text[from] === '!')
    refuse('“!” needs an operator.', { from, to: from + 1 }, 'Write != or !~, or not before the whole test.')
  return undefined
}

function wordAt(text: string, from: number): Token {
  let to = from
  while (to < text.length && !endsWord.test(text[to] ?? '')) to++
  return { kind: 'word', text: text.slice(from, to), from, to }
}

function quotedAt(text: string, from: number): Token {
  const quote = text[from]
  let inner = ''
  for (let at = from + 1; at < text.length; at++) {
    const here = text[at] ?? ''
    if (here === quote) return { kind: 'text', text: inner, from, to: at + 1 }
    const next = text[at + 1]
    if (here === '\\' && (next === quote || next === '\\')) {
      inner += next
      at++
    } else inner += here
  }
  return refuse(`The quoted text is not closed.`, { from, to: text.length }, `Close it with ${quote}.`)
}
