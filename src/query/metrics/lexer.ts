import { syntaxError } from './failure.ts'
import { goFloat } from './go-float.ts'

export type TokenKind = 'word' | 'number' | 'duration' | 'bytes' | 'text' | 'sign' | 'end'
export type Token = Readonly<{
  kind: TokenKind
  /** Text of the token; of a string without quotes and escapes. */
  text: string
  from: number
  to: number
  /** Value of a number; of a duration in ms, of a size in bytes. */
  value: number
}>

export type Language = Readonly<{
  /** Unset: whole numbers may be hexadecimal. false: only numbers with an exponent. */
  hexadecimal?: false
  /** Longest first. */
  signs: readonly string[]
  /** Units of sizes are part of the language. */
  bytes: boolean
  word: RegExp
}>

const duration = /(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|[smhdwy]))+(?![\w.])/y
const bytes = /\d+(?:\.\d+)?(?:[KMGTPE]i?B|kB|B|b|kb|mb|gb|tb)(?!\w)/y
const number = /0[xX][\da-fA-F_]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const hexadecimalFloat = /0[xX][\da-fA-F]*(?:\.[\da-fA-F]*)?[pP][+-]?\d+(?![\w.])/y
const space = /(?:\s|#[^\n]*)+/y
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

export function tokensOf(text: string, language: Language): Token[] {
  const tokens: Token[] = []
  let at = 0
  const taken = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const add = (kind: TokenKind, length: number, value = NaN, meaning?: string): void => {
    tokens.push({ kind, text: meaning ?? text.slice(at, at + length), from: at, to: at + length, value })
    at += length
  }
  for (;;) {
    at += taken(space)?.length ?? 0
    if (at >= text.length) break
    const first = text[at]!
    if (first === '"' || first === "'" || first === '`') {
      const { value, length } = quotedText(text, at)
      add('text', length, NaN, value)
      continue
    }
    const size = language.bytes ? taken(bytes) : undefined
    if (size !== undefined) {
      add('bytes', size.length, bytesOf(size))
      continue
    }
    const span = taken(duration)
    if (span !== undefined) {
      const ms = durationMs(span)
      if (ms > longestMs) throw syntaxError(`duration out of range at ${placeOf(text, at)}`)
      add('duration', span.length, ms)
      continue
    }
    const float = language.hexadecimal === false ? taken(hexadecimalFloat) : undefined
    if (float !== undefined) {
      add('number', float.length, goFloat(float))
      continue
    }
    const digits = taken(number)
    if (digits !== undefined) {
      const isHexadecimal = /^0x/i.test(digits)
      if (/[\w.]/.test(text[at + digits.length] ?? '') || (isHexadecimal && language.hexadecimal === false))
        throw syntaxError(`bad number or duration at ${placeOf(text, at)}`)
      add('number', digits.length, Number(digits.replaceAll('_', '')))
      continue
    }
    const word = taken(language.word)
    if (word !== undefined) {
      add('word', word.length)
      continue
    }
    const sign = language.signs.find((candidate) => text.startsWith(candidate, at))
    if (sign === undefined) throw syntaxError(`unexpected character ${JSON.stringify(first)} at ${placeOf(text, at)}`)
    add('sign', sign.length)
  }
  tokens.push({ kind: 'end', text: '', from: text.length, to: text.length, value: NaN })
  return tokens
}

/** Longest duration of Go: 2^63 ns. */
export const longestMs = 2 ** 63 / 1e6

/** In ms; undefined: the text is no duration. */
export function durationOf(text: string): number | undefined {
  return /^(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|[smhdwy]))+$/.test(text) ? durationMs(text) : undefined
}

export function durationMs(text: string): number {
  let ms = 0
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|[smhdwy])/g))
    ms += Number(count) * unitMs[unit]!
  return ms
}

/** As Go divides: whole seconds, and the rest in ns. */
export function secondsOf(ms: number): number {
  const ns = Math.round(ms * 1e6)
  return Number.isSafeInteger(ns) ? Math.trunc(ns / 1e9) + (ns % 1e9) / 1e9 : ms / 1000
}

/** Whole bytes, as Loki reads sizes: commas are ignored, letters may be small or capital. NaN: the text is no size. */
export function bytesOf(text: string): number {
  const [, count = '', prefix = '', binary = ''] =
    /^([\d,]+\.?[\d,]*|\.[\d,]+)\s*(?:([kmgtpe])(i?)b?|b)?$/i.exec(text.trim()) ?? []
  const power = prefix === '' ? 0 : 1 + 'kmgtpe'.indexOf(prefix.toLowerCase())
  return count === '' ? NaN : Math.trunc(Number(count.replaceAll(',', '')) * (binary === '' ? 1000 : 1024) ** power)
}

export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n')
  return `${before.length}:${before.at(-1)!.length + 1}`
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** The text in quotes or backquotes at `from`, with the escapes of Go, and its length with the quotes. */
export function quotedText(text: string, from: number): { value: string; length: number } {
  const quote = text[from]!
  if (quote === '`') {
    const end = text.indexOf('`', from + 1)
    if (end < 0) throw syntaxError(`unterminated raw string at ${placeOf(text, from)}`)
    return { value: text.slice(from + 1, end), length: end + 1 - from }
  }
  let value = ''
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at]!
    const coded = /(?:\\x[\da-fA-F]{2}|\\[0-7]{3})+/y
    coded.lastIndex = at
    const bytes = coded.exec(text)?.[0]
    if (bytes !== undefined) {
      value += textOfEscapes(bytes, placeOf(text, at))
      at += bytes.length - 1
      continue
    }
    if (character === quote) return { value, length: at + 1 - from }
    if (character === '\n') break
    if (character !== '\\') {
      value += character
      continue
    }
    const pointed = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y
    pointed.lastIndex = at
    const code = pointed.exec(text)
    const plain = escapes[text[at + 1] ?? '']
    if (code !== null) {
      const [whole, four, eight] = code
      const point = parseInt(four ?? eight ?? '', 16)
      if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        throw syntaxError(`escape sequence is invalid Unicode code point at ${placeOf(text, at)}`)
      value += String.fromCodePoint(point)
      at += whole.length - 1
    } else if (plain !== undefined) {
      value += plain
      at++
    } else throw syntaxError(`unknown escape sequence at ${placeOf(text, at)}`)
  }
  throw syntaxError(`unterminated quoted string at ${placeOf(text, from)}`)
}

/** Escapes in hexadecimal and octal are bytes, as in Go. Bytes that are no UTF-8 become halves of surrogate pairs. */
function textOfEscapes(escaped: string, position: string): string {
  const bytes = Buffer.from(
    [...escaped.matchAll(/\\(?:x(..)|(...))/g)].map(([, hex, octal]) => {
      const byte = hex === undefined ? parseInt(octal!, 8) : parseInt(hex, 16)
      if (byte > 255) throw syntaxError(`octal escape value ${byte} is more than 255 at ${position}`)
      return byte
    }),
  )
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes)
    ? text
    : String.fromCharCode(...bytes.map((byte) => byte)).replaceAll(/[\u0080-\u00ff]/g, (match) =>
        String.fromCharCode(0xdc00 + match.charCodeAt(0)),
      )
}
