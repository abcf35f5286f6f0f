import { Fault } from './errors.ts'

export const depthLimit = 64

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a

const endsPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === quote || byte === backslash ? 1 : 0,
)
const isSpace = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 ? 1 : 0,
)
const isDigit = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x30 && byte <= 0x39 ? 1 : 0))
const isHex = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-fA-F]/.test(String.fromCharCode(byte)) ? 1 : 0))
const isEscape = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/** Reads beyond the end yield `undefined`, which ends every loop. */
type Bytes = Uint8Array

export function skipSpace(bytes: Bytes, at: number): number {
  while (isSpace[bytes[at]!] === 1) at++
  return at
}

export function skipString(bytes: Bytes, at: number): number {
  for (;;) {
    while (endsPlain[bytes[at]!] === 0) at++
    const byte = bytes[at]
    if (byte === quote) return at + 1
    if (byte !== backslash)
      throw byte === undefined ? unfinished() : wrong(bytes, at, 'a control character in a string')
    const escape = bytes[at + 1]!
    if (isEscape[escape] === 1) at += 2
    else if (
      escape === 0x75 &&
      isHex[bytes[at + 2]!] === 1 &&
      isHex[bytes[at + 3]!] === 1 &&
      isHex[bytes[at + 4]!] === 1 &&
      isHex[bytes[at + 5]!] === 1
    )
      at += 6
    else throw wrong(bytes, at, 'a wrong escape in a string')
  }
}

function skipNumber(bytes: Bytes, at: number): number {
  const start = at
  if (bytes[at] === 0x2d) at++
  if (bytes[at] === 0x30) at++
  else at = skipDigits(bytes, at, start)
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1, start)
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at++
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
    at = skipDigits(bytes, at, start)
  }
  return at
}

function skipDigits(bytes: Bytes, at: number, start: number) {
  const first = at
  while (isDigit[bytes[at]!] === 1) at++
  if (at === first) throw wrong(bytes, start, 'no number of JSON')
  return at
}

function skipLiteral(bytes: Bytes, at: number, literal: string) {
  for (let i = 0; i < literal.length; i++)
    if (bytes[at + i] !== literal.charCodeAt(i)) throw wrong(bytes, at, 'no value of JSON')
  return at + literal.length
}

/** Whether each open level is an object. Shared: one scan runs at a time. */
const openLevels = new Uint8Array(depthLimit + 1)

export function skipValue(bytes: Bytes, at: number): number {
  let depth = 0
  for (;;) {
    const byte = bytes[at]
    if (byte === quote) at = skipString(bytes, at + 1)
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > depthLimit) throw new Fault(`JSON is nested deeper than ${depthLimit} levels`)
      const object = byte === openBrace
      openLevels[depth] = object ? 1 : 0
      at = skipSpace(bytes, at + 1)
      if (bytes[at] !== (object ? closeBrace : closeBracket)) {
        if (object) at = skipKey(bytes, at)
        continue
      }
      at++
      depth--
    } else if (byte === 0x74) at = skipLiteral(bytes, at, 'true')
    else if (byte === 0x66) at = skipLiteral(bytes, at, 'false')
    else if (byte === 0x6e) at = skipLiteral(bytes, at, 'null')
    else at = skipNumber(bytes, at)

    for (;;) {
      if (depth === 0) return at
      at = skipSpace(bytes, at)
      const object = openLevels[depth] === 1
      if (bytes[at] === comma) {
        at = skipSpace(bytes, at + 1)
        if (object) at = skipKey(bytes, at)
        break
      }
      if (bytes[at] !== (object ? closeBrace : closeBracket))
        throw wrong(bytes, at, object ? 'not "," or "}"' : 'not "," or "]"')
      at++
      depth--
    }
  }
}

function skipKey(bytes: Bytes, at: number) {
  if (bytes[at] !== quote) throw wrong(bytes, at, 'not a key in quotes')
  return skipColon(bytes, skipString(bytes, at + 1))
}

export function skipColon(bytes: Bytes, at: number): number {
  at = skipSpace(bytes, at)
  if (bytes[at] !== colon) throw wrong(bytes, at, 'not ":"')
  return skipSpace(bytes, at + 1)
}

/** Throws a Fault unless the bytes are exactly one JSON value. */
export function checkJson(bytes: Bytes): void {
  checkEnd(bytes, skipValue(bytes, skipSpace(bytes, 0)))
}

export function checkEnd(bytes: Bytes, at: number): void {
  at = skipSpace(bytes, at)
  if (at < bytes.length) throw wrong(bytes, at, 'more after the end of the JSON value')
}

export function wrong(bytes: Bytes, at: number, what: string): Fault {
  return at >= bytes.length ? unfinished() : new Fault(`not JSON: ${what} at byte ${at}`)
}

function unfinished() {
  return new Fault('not JSON: the body ends too early')
}
