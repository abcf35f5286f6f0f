/** Random filters and reference functions. */
import type { SeededRandom } from '../../../test/kit/random.ts'
import { formatIp } from '../../model/ip.ts'
import type { NameTable, QueryField } from '../names.ts'
import { addresses, randomValue, words, type PlainValue, type Row } from './rows.ts'

export interface Meant {
  readonly text: string
  readonly matches: (row: Row) => boolean
}

type End = 'src' | 'dst'

/** Can depend on the end of a surrounding either(…). */
interface Part {
  readonly text: string
  readonly matches: (row: Row, end: End | undefined) => boolean
}

interface Expected {
  readonly text: string
  readonly is: (value: PlainValue) => boolean
}

export function randomExpression(random: SeededRandom, names: NameTable): Meant {
  const { text, matches } = new Generator(random, names).any(random.integer(0, 3), false)
  return { text, matches: (row) => matches(row, undefined) }
}

class Generator {
  readonly #random: SeededRandom
  readonly #names: NameTable
  /** DuckDB combines several tests of one field. */
  readonly #few: readonly QueryField[] | undefined

  constructor(random: SeededRandom, names: NameTable) {
    this.#random = random
    this.#names = names
    this.#few = random.chance(0.5) ? Array.from({ length: random.integer(1, 2) }, () => this.#anyField()) : undefined
  }

  any(depth: number, inEither: boolean): Part {
    const random = this.#random
    if (depth === 0) return this.test(inEither)
    const word = (text: string): string => (random.chance(0.3) ? text.toUpperCase() : text)
    switch (random.integer(0, inEither || this.#names.view === 'events' ? 3 : 4)) {
      case 0:
      case 1: {
        const parts = Array.from({ length: random.integer(2, 3) }, () => this.any(depth - 1, inEither))
        return {
          text: parts.map(({ text }) => `(${text})`).join(` ${word('and')} `),
          matches: (row, end) => parts.every(({ matches }) => matches(row, end)),
        }
      }
      case 2: {
        const parts = Array.from({ length: random.integer(2, 3) }, () => this.any(depth - 1, inEither))
        return {
          text: parts.map(({ text }) => `(${text})`).join(` ${word('or')} `),
          matches: (row, end) => parts.some(({ matches }) => matches(row, end)),
        }
      }
      case 3: {
        const part = this.any(depth - 1, inEither)
        return { text: `${word('not')} (${part.text})`, matches: (row, end) => !part.matches(row, end) }
      }
      default: {
        const part = this.any(depth - 1, true)
        return { text: `either(${part.text})`, matches: (row) => part.matches(row, 'src') || part.matches(row, 'dst') }
      }
    }
  }

  test(inEither: boolean): Part {
    const random = this.#random
    const field = this.#field()
    const shared = /^(?:src|dst)_(.+)$/.exec(field.name)?.[1]
    const part =
      this.#names.field(`src_${shared}`) !== undefined && this.#names.field(`dst_${shared}`) !== undefined
        ? shared
        : undefined
    const ofEnd = (end: End): string => `${end}_${part}`
    const dotted =
      /^(src|dst)_/.test(field.name) && random.chance(0.5) ? field.name.replace(/^(src|dst)_/, '$1.') : field.name
    if (part !== undefined && random.chance(0.3)) {
      const found = this.#onField(field, `any.${part}`)
      return found.both((row, matches) => matches(row[ofEnd('src')], row) || matches(row[ofEnd('dst')], row))
    }
    if (part !== undefined && inEither && random.chance(0.6)) {
      const found = this.#onField(field, part)
      return found.both((row, matches, end) => matches(row[ofEnd(end ?? 'src')], row))
    }
    return this.#onField(field, dotted).both((row, matches) => matches(row[field.name], row))
  }

  #field(): QueryField {
    return this.#few === undefined ? this.#anyField() : this.#random.pick(this.#few)
  }

  #anyField(): QueryField {
    const { fields } = this.#names
    // Uniform over kinds, not over fields.
    const kinds = [...new Set(fields.map(({ kind }) => kind))]
    const kind = this.#random.pick(kinds)
    return this.#random.pick(fields.filter((one) => one.kind === kind))
  }

  #onField(
    field: QueryField,
    name: string,
  ): {
    both(
      on: (row: Row, matches: (value: PlainValue | undefined, row: Row) => boolean, end: End | undefined) => boolean,
    ): Part
  } {
    const { text, is, opposite } = this.#predicate(field, name)
    const matches = (value: PlainValue | undefined, row: Row): boolean => value !== undefined && is(value, row)
    return { both: (on) => ({ text, matches: (row, end) => on(row, matches, end) !== opposite }) }
  }

  #predicate(
    field: QueryField,
    name: string,
  ): { text: string; is: (value: PlainValue, row: Row) => boolean; opposite: boolean } {
    const random = this.#random
    const choice = random.next()
    if (field.kind === 'json' || choice < 0.08)
      return { text: random.chance(0.5) ? `exists(${name})` : `${name} exists`, is: () => true, opposite: false }
    const opposite = random.chance(0.35)
    if (choice < 0.18) {
      const other = random.pick(this.#names.fields.filter(({ kind }) => family(kind) === family(field.kind)))
      const ordered = !['ip', 'mac', 'bool'].includes(field.kind) && !opposite && random.chance(0.5)
      if (!field.kind.startsWith('list')) {
        const operator = ordered ? random.pick(['<', '<=', '>', '>='] as const) : '='
        const is = (value: PlainValue, row: Row): boolean =>
          row[other.name] !== undefined && ranked(operator, value, row[other.name] as PlainValue)
        return { text: `${name} ${opposite ? '!=' : operator} ${other.name}`, is, opposite }
      }
    }
    if (isText(field) && choice < 0.4) return { ...this.#pattern(name, opposite), opposite }
    if (choice < 0.6 && !['ip', 'mac', 'bool'].includes(field.kind)) {
      const operator = random.pick(['<', '<=', '>', '>='] as const)
      const { text, value } = this.#single(field)
      return {
        text: `${name}${random.pick([' ', ''])}${operator} ${text}`,
        is: (left) => anyOf(left, (one) => ranked(operator, one, value)),
        opposite: false,
      }
    }
    const list = Array.from({ length: random.chance(0.5) ? 1 : random.integer(2, 4) }, () => this.#value(field))
    const is = (value: PlainValue): boolean => list.some((expected) => anyOf(value, expected.is))
    const values = list.map(({ text }) => text).join(random.pick([',', ', ']))
    if (random.chance(0.4)) return { text: `${name} ${opposite ? 'not in' : 'in'} (${values})`, is, opposite }
    return { text: `${name}${opposite ? '!=' : '='}${values}`, is, opposite }
  }

  #pattern(name: string, opposite: boolean): { text: string; is: (value: PlainValue) => boolean } {
    const [pattern, expression] = randomPattern(this.#random)
    return {
      text: `${name} ${opposite ? '!~' : '~'} ${quoted(pattern)}`,
      is: (value) => anyOf(value, (one) => expression.test(String(one))),
    }
  }

  #single(field: QueryField): { text: string; value: PlainValue } {
    const random = this.#random
    const value =
      field.kind === 'list<u8>'
        ? BigInt(random.integer(0, 3))
        : field.kind === 'list<dict>'
          ? random.pick(words)
          : randomValue(random, field)
    if (typeof value === 'string') return { text: quoted(value), value }
    if (typeof value === 'bigint') return { text: written(random, field, value), value }
    if (value === Number.POSITIVE_INFINITY) return { text: '2e9', value: 2e9 }
    return { text: String(value), value }
  }

  #value(field: QueryField): Expected {
    const random = this.#random
    if (field.kind === 'ip') return randomAddresses(random)
    if (isText(field) && random.chance(0.15)) {
      const wildcard = random.pick(['*', 'db*', '*prod', 'web-*.prod', '*b*', 'a*', '*%*', '*\\*'])
      const expression = new RegExp(
        `^${wildcard
          .split('*')
          .map((piece) => piece.replace(/[.*+?^${}()|[\]\\%]/g, '\\$&'))
          .join('[^]*')}$`,
      )
      return { text: wildcard, is: (value) => expression.test(String(value)) }
    }
    const first = this.#single(field)
    if (typeof first.value !== 'bigint' || field.kind === 'mac' || random.chance(0.7))
      return { text: first.text, is: (value) => same(value, first.value) }
    const second = this.#single(field)
    const [low, high] = (first.value <= (second.value as bigint) ? [first, second] : [second, first]) as [
      typeof first,
      typeof first,
    ]
    return {
      text: `${low.text}..${high.text}`,
      is: (value) => ranked('>=', value, low.value) && ranked('<=', value, high.value),
    }
  }
}

function isText({ kind }: QueryField): boolean {
  return kind === 'dict' || kind === 'text' || kind === 'list<dict>'
}

function family(kind: string): string {
  return kind === 'dict' || kind === 'text' ? 'text' : /^(?:u\d|i32|estimate)/.test(kind) ? 'integer' : kind
}

function anyOf(value: PlainValue, is: (one: PlainValue) => boolean): boolean {
  return Array.isArray(value)
    ? (value as readonly (string | number)[]).some((item) => is(typeof item === 'number' ? BigInt(item) : item))
    : is(value)
}

function same(a: PlainValue, b: PlainValue): boolean {
  return ranked('=', a, b)
}

function ranked(operator: '=' | '<' | '<=' | '>' | '>=', a: PlainValue, b: PlainValue): boolean {
  const order =
    typeof a === 'string' && typeof b === 'string'
      ? Buffer.compare(Buffer.from(a), Buffer.from(b))
      : a < b
        ? -1
        : a > b
          ? 1
          : 0
  return operator === '='
    ? order === 0
    : operator.startsWith('<')
      ? order < 0 || (order === 0 && operator === '<=')
      : order > 0 || (order === 0 && operator === '>=')
}

export function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function written(random: SeededRandom, { kind, unit, name }: QueryField, value: bigint): string {
  if (kind === 'mac') return (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(random.pick([':', '-']))
  if (kind === 'time') {
    if (value % 1000n === 0n && random.chance(0.5)) return String(value / 1000n)
    const [ms, us] = [Number(value - (((value % 1000n) + 1000n) % 1000n)) / 1000, ((value % 1000n) + 1000n) % 1000n]
    return new Date(ms).toISOString().replace('Z', `${String(us).padStart(3, '0')}${random.pick(['Z', '+00:00', ''])}`)
  }
  if (name.endsWith('_port') && value === 443n && random.chance(0.5)) return 'https'
  if (name === 'proto' && value === 6n && random.chance(0.5)) return 'TCP'
  if (name.endsWith('_as') && value === 64_500n) return 'AS64500'
  if (unit === 'By' && value !== 0n && value % 1024n === 0n && random.chance(0.5)) return `${value / 1024n}KiB`
  if (unit === 'ns' && value % 1000n === 0n && random.chance(0.5)) return `${value / 1000n}us`
  if (value !== 0n && value % 1000n === 0n && random.chance(0.5)) return `${value / 1000n}k`
  return random.chance(0.1) ? `${value}.0` : String(value)
}

function randomAddresses(random: SeededRandom): Expected {
  const one = random.pick(addresses)
  const text = (value: bigint): string =>
    formatIp(Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((value >> shift) & 0xffff_ffffn)))
  const isV4 = (value: bigint): boolean => value >> 32n === 0xffffn
  const choice = random.next()
  if (choice < 0.3) return { text: text(one), is: (value) => value === one }
  if (choice < 0.7) {
    const bits = random.integer(0, isV4(one) ? 32 : 128)
    const shift = BigInt((isV4(one) ? 32 : 128) - bits)
    return {
      text: `${text(one)}/${bits}`,
      is: (value) => isV4(value as bigint) === isV4(one) && (value as bigint) >> shift === one >> shift,
    }
  }
  const near = (one & ~0xffffn) | BigInt(random.integer(0, 0xffff))
  const other = random.chance(0.5)
    ? random.pick(addresses.filter((each) => isV4(each) === isV4(one)))
    : isV4(near) === isV4(one)
      ? near
      : one
  const [low, high] = one < other ? [one, other] : [other, one]
  return {
    text: `${text(low)}${random.pick(['-', '..'])}${text(high)}`,
    is: (value) => isV4(value as bigint) === isV4(one) && (value as bigint) >= low && (value as bigint) <= high,
  }
}

/** RE2 syntax and its JavaScript equivalent. */
function randomPattern(random: SeededRandom): readonly [string, RegExp] {
  const atom = (depth: number): readonly [string, string] => {
    const plain: readonly (readonly [string, string])[] = [
      ['a', 'a'],
      ['b', 'b'],
      ['db', 'db'],
      ['-', '-'],
      ['\\d', '[0-9]'],
      ['\\w', '[0-9A-Za-z_]'],
      ['\\s', '[\\t\\n\\f\\r ]'],
      ['.', '[^\\n]'],
      ['[a-f]', '[a-f]'],
      ['[^a]', '[^a]'],
      ['\\.', '\\.'],
      ['ä', 'ä'],
      ['%', '%'],
      ['_', '_'],
      ['[[:alpha:]]', '[A-Za-z]'],
      ['\\x61', 'a'],
      ['\\n', '\\n'],
      ['(?:)', '(?:)'],
      ['\\\\', '\\\\'],
      ['\\*', '\\*'],
      ['prod', 'prod'],
      ['\\S', '[^\\t\\n\\f\\r ]'],
      ['\\D', '[^0-9]'],
      ["'", "'"],
      ['"', '"'],
      ['日', '日'],
    ]
    if (depth === 0 || random.chance(0.7)) return random.pick(plain)
    const [left, right] = [sequence(depth - 1), sequence(depth - 1)]
    return random.chance(0.5)
      ? [`(${left[0]}|${right[0]})`, `(?:${left[1]}|${right[1]})`]
      : [`(?:${left[0]})`, `(?:${left[1]})`]
  }
  const sequence = (depth: number): readonly [string, string] => {
    const parts = Array.from({ length: random.integer(1, 3) }, () => {
      const [re2, js] = atom(depth)
      const repeat = random.chance(0.3) ? random.pick(['*', '+', '?', '{2}', '{0,2}', '*?']) : ''
      return [repeat === '' ? re2 : `(?:${re2})${repeat}`, repeat === '' ? js : `(?:${js})${repeat}`] as const
    })
    return [parts.map(([re2]) => re2).join(''), parts.map(([, js]) => js).join('')]
  }
  const [re2, js] = sequence(2)
  const [start, end] = [
    random.chance(0.3) ? '^' : random.chance(0.05) ? '$' : '',
    random.chance(0.3) ? '$' : random.chance(0.05) ? '^' : '',
  ]
  const flag = random.chance(0.15)
  return [
    `${flag ? '(?s)' : ''}${start}${re2}${end}`,
    new RegExp(`${start}${flag ? js.replaceAll('[^\\n]', '[^]') : js}${end}`, 'u'),
  ]
}
