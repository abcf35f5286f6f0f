/** Input without fields and operators (`10.20.1.21:5432`, `checkout`) in the terms of the filter language. */
import { parseCidr } from '../model/cidr.ts'
import { parseIp } from '../model/ip.ts'
import { QueryError } from './ast.ts'
import { tokens, type Token } from './lexer.ts'
import type { NameTable } from './names.ts'
import { parse } from './parse.ts'
import { quote } from './print.ts'
import { numberOfWord } from './words.ts'

export type Meaning = Readonly<{
  is: 'address' | 'network' | 'socket' | 'port' | 'protocol' | 'text'
  /** The filter that expresses the meaning. */
  filter: string
  /** The part of the input with this meaning: `10.20.1.21`, `5432`. */
  value: string
  end?: 'any' | 'src' | 'dst'
  port?: number
}>

/** The filter as the language has it. A valid filter, or one that cannot be completed, is returned unchanged. */
export function writtenFilter(text: string, names: NameTable): string {
  if (text.trim() === '' || isFilter(text, names)) return text
  const filter = withMeanings(text, names)
  return filter !== undefined && isFilter(filter, names) ? filter : text
}

function isFilter(text: string, names: NameTable): boolean {
  try {
    parse(text, names)
    return true
  } catch (error) {
    if (error instanceof QueryError) return false
    throw error
  }
}

const joiners = new Set(['and', 'or'])
const testWords = new Set(['in', 'exists'])

/** Undefined: not bare terms, alone or joined with tests by and, or, not and parentheses. */
function withMeanings(text: string, names: NameTable): string | undefined {
  let list: readonly Token[]
  try {
    list = tokens(text)
  } catch (error) {
    if (error instanceof QueryError) return undefined
    throw error
  }
  const parts: string[] = []
  // The kind of the term before, which decides whether `and` may be left out.
  let before: 'none' | 'bare' | 'test' = 'none'
  for (let at = 0; at < list.length - 1; at++) {
    const token = list[at]!
    const word = token.kind === 'word' ? token.text.toLowerCase() : ''
    if (joiners.has(word) || (token.kind === 'sign' && token.text === ')')) {
      parts.push(token.text)
      before = token.kind === 'sign' ? before : 'none'
      continue
    }
    if (token.kind === 'sign' && token.text !== '(') return undefined
    const end = token.kind === 'sign' || word === 'not' ? at : endOfTest(list, at)
    const term = end === undefined ? bareTerm(token, names) : text.slice(token.from, list[end]!.to)
    if (term === undefined) return undefined
    const termKind = end === undefined ? 'bare' : token.kind === 'sign' || word === 'not' ? 'none' : 'test'
    if (before === 'test' && termKind === 'test') return undefined
    if (before !== 'none') parts.push('and')
    parts.push(term)
    before = termKind
    at = end ?? at
  }
  return parts.join(' ')
}

/** Index of the last token of the test that begins here; undefined: a bare term. */
function endOfTest(list: readonly Token[], at: number): number | undefined {
  const [first, second, third] = [list[at]!, list[at + 1], list[at + 2]]
  if (second === undefined) return undefined
  const isWord = (token: Token | undefined) => token?.kind === 'word' && testWords.has(token.text.toLowerCase())
  if (/^(?:either|exists)$/i.test(first.text) && second.text === '(') return closing(list, at + 1)
  if (first.kind === 'word' && second.kind === 'sign' && !/^[(),]$/.test(second.text)) return valuesEnd(list, at + 2)
  const negated = second.kind === 'word' && second.text.toLowerCase() === 'not'
  const operator = negated ? third : second
  if (first.kind !== 'word' || !isWord(operator)) return undefined
  const last = negated ? at + 2 : at + 1
  return operator?.text.toLowerCase() === 'in' ? valuesEnd(list, last + 1) : last
}

function valuesEnd(list: readonly Token[], at: number): number {
  if (list[at]?.text === '(' && list[at]?.kind === 'sign') return closing(list, at)
  let last = at
  while (list[last + 1]?.kind === 'sign' && list[last + 1]?.text === ',') last += 2
  return Math.min(last, list.length - 2)
}

function closing(list: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < list.length - 1; at++) {
    if (list[at]!.kind !== 'sign') continue
    if (list[at]!.text === '(') depth++
    if (list[at]!.text === ')' && --depth === 0) return at
  }
  return list.length - 2
}

function bareTerm({ kind, text }: Token, names: NameTable): string | undefined {
  if (kind === 'text') return textSearch(text, names)
  // The name of a field is the beginning of a test.
  const isName = names.resolve(text) !== undefined || /^any\./i.test(text)
  return isName ? undefined : meaningsOf(text, names)[0]?.filter
}

/** Meanings of a word, the usual meaning first. */
export function meaningsOf(word: string, names: NameTable): readonly Meaning[] {
  const places = placeMeanings(word, names)
  // Names of a flow contain no addresses.
  if (places.length > 0 && names.view === 'flows') return places
  const [codes, filter] = [codeMeanings(word, names), textSearch(word, names)]
  const text: Meaning[] = filter === undefined ? [] : [{ is: 'text', filter, value: word }]
  // A word such as `redis` is more often a name than a port.
  const ofWord = codes[0]?.is === 'port' && !/\d/.test(word) ? [...text, ...codes] : [...codes, ...text]
  return [...places, ...ofWord]
}

const ends = ['any', 'src', 'dst'] as const
const addressFields: Partial<Record<NameTable['view'], string>> = { audit: 'address', inventory: 'addresses' }

function placeMeanings(word: string, names: NameTable): Meaning[] {
  const { address, port } = socketOf(word)
  if (parseCidr(address) === undefined) return []
  const addressKind = address.includes('/') ? 'network' : 'address'
  if (names.view !== 'flows') {
    const field = addressFields[names.view]
    return field === undefined || addressKind === 'network' || port !== undefined
      ? []
      : [{ is: addressKind, filter: `${field} = "${address}"`, value: address }]
  }
  if (port === undefined)
    return ends.map((end) => ({ is: addressKind, end, filter: `${end}.addr = ${address}`, value: address }))
  return ends.map((end) => ({
    is: 'socket',
    end,
    port,
    value: address,
    filter:
      end === 'any'
        ? `either(addr = ${address} and port = ${port})`
        : `${end}.addr = ${address} and ${end}.port = ${port}`,
  }))
}

/** `10.0.0.1:443`, `[fd00::1]:443`, `[fd00::1]`, or an address without port. */
export function socketOf(word: string): Readonly<{ address: string; port?: number }> {
  const [, six, four, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(word) ?? []
  const address = six ?? four
  const port = digits === undefined ? undefined : Number(digits)
  const isSocket = address !== undefined && parseIp(address) !== undefined && (port ?? 0) <= 65_535
  if (!isSocket) return { address: word }
  return port === undefined ? { address } : { address, port }
}

function codeMeanings(word: string, names: NameTable): Meaning[] {
  if (names.view !== 'flows') return []
  const protocol = numberOfWord('proto', word)
  const digits = /^:?(\d{1,5})$/.exec(word)?.[1]
  const port = digits === undefined ? numberOfWord('dst_port', word) : Number(digits)
  const ofProtocol: Meaning[] =
    protocol === undefined ? [] : [{ is: 'protocol', filter: `proto = ${word.toLowerCase()}`, value: word }]
  if (port === undefined || port > 65_535) return ofProtocol
  const ofPort = (['any', 'dst', 'src'] as const).map((end): Meaning => ({
    is: 'port',
    end,
    port,
    filter: `${end}.port = ${port}`,
    value: word,
  }))
  return [...ofProtocol, ...ofPort]
}

/** RE2 folds the case of these scripts only. */
const foldable = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}]*$/u

/** The rows that contain the text, in any case; an address only as a whole. */
function textSearch(text: string, names: NameTable): string | undefined {
  if (text === '' || (names.together('text') === undefined && names.field('text') === undefined)) return undefined
  const { address } = socketOf(text)
  const isAddress = parseIp(address) !== undefined
  const pattern = (isAddress ? address : text).replaceAll(/[\\^$.*+?|[\]{}()]/g, '\\$&')
  const bounded = isAddress && /^\d.*\d$/.test(address) ? `\\b${pattern}\\b` : pattern
  return `text ~ ${quote((foldable.test(text) && /\p{L}/u.test(text) ? '(?i)' : '') + bounded)}`
}
