/** Patterns of lines with `<name>` and `<_>` for any text, and addresses in lines. */
import { BlockList, isIP } from 'node:net'
import { syntaxError } from '../metrics/failure.ts'

/** `undefined`: any text without a name. */
type Part = Readonly<{ literal: string }> | Readonly<{ name: string | undefined }>

export type LinePattern = readonly Part[]

const placeholder = /<([a-zA-Z_]\w*)>/g

/** Throws without a named part if `named`, or with one if not. */
export function linePatternOf(text: string, { named }: { readonly named: boolean }): LinePattern {
  const parts: Part[] = []
  let at = 0
  for (const match of text.matchAll(placeholder)) {
    if (match.index > at) parts.push({ literal: text.slice(at, match.index) })
    else if (at > 0) throw syntaxError(`the pattern ${JSON.stringify(text)} is not valid: consecutive captures`)
    parts.push({ name: match[1] === '_' ? undefined : match[1]! })
    at = match.index + match[0].length
  }
  if (at < text.length) parts.push({ literal: text.slice(at) })
  const names = parts.flatMap((part) => ('name' in part && part.name !== undefined ? [part.name] : []))
  if (named && names.length === 0) throw syntaxError(`the pattern ${JSON.stringify(text)} has no named capture`)
  if (!named && names.length > 0) throw syntaxError('only <_> is allowed in the pattern of a line filter')
  if (new Set(names).size < names.length) throw syntaxError(`the pattern ${JSON.stringify(text)} has a name twice`)
  return parts
}

/** The named parts. A literal that is missing ends the last one with the line. */
export function captures(pattern: LinePattern, line: string): (readonly [name: string, text: string])[] {
  const results: (readonly [string, string])[] = []
  let at = 0
  let open: { name: string | undefined } | undefined
  for (const part of pattern) {
    if ('name' in part) {
      open = part
      continue
    }
    const next = line.indexOf(part.literal, at)
    if (open === undefined && next !== 0) return []
    if (next < 0) break
    if (open?.name !== undefined) results.push([open.name, line.slice(at, next)])
    open = undefined
    at = next + part.literal.length
  }
  if (open?.name !== undefined) results.push([open.name, line.slice(at)])
  return results
}

/** Whether the whole line has the form of the pattern. */
export function matchesPattern(pattern: LinePattern, line: string): boolean {
  if (line === '' || pattern.length === 0) return line === '' && pattern.length === 0
  let at = 0
  for (const [index, part] of pattern.entries()) {
    if ('name' in part) continue
    const next = line.indexOf(part.literal, at)
    if (next < 0 || (index === 0 && next !== 0)) return false
    at = next + part.literal.length
  }
  return 'name' in pattern.at(-1)! || at === line.length
}

/** Test for an address, a network such as `10.0.0.0/8`, or a range such as `10.0.0.1-10.0.0.9`. */
export function addressTest(text: string): (address: string) => boolean {
  const list = new BlockList()
  const [first = '', last] = text.split('-')
  const [base = '', length] = first.split('/')
  const family = familyOf(base)
  try {
    if (family === undefined || (last !== undefined && familyOf(last) !== family)) throw new Error('no address')
    if (last !== undefined) list.addRange(first, last, family)
    else if (length !== undefined) list.addSubnet(base, Number(length), family)
    else list.addAddress(base, family)
  } catch {
    throw syntaxError(`ip: ${JSON.stringify(text)} is no address, network or range`)
  }
  return (address) => {
    const family = familyOf(address)
    return family !== undefined && list.check(address, family)
  }
}

/** Whether a line contains an address of the test. */
export function lineAddressTest(contains: (address: string) => boolean): (line: string) => boolean {
  return (line) => [...line.matchAll(/[\d.]{7,}|[\da-fA-F:.]{2,}/g)].some(([text]) => contains(text))
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6'
}
