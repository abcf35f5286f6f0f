import { QueryError } from '../ast.ts'
import { readFilter } from '../index.ts'
import { flowNames, type QueryField } from '../names.ts'
import { formatIp, parseIp } from '../../model/ip.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { nearest } from '../../schema/suggest.ts'
import { fieldsEqual, joined, negated, test, textEquals, type Meaning } from './meaning.ts'
import { comparesNumber, present } from './numbers.ts'
import { parseFlpQuery } from './parse.ts'
import { print } from '../print.ts'
import { matchesRegex } from './regex.ts'
import { FlpQueryProblem, type FlpExpression, type FlpTest } from './tree.ts'

export type FlpFilterOptions = Readonly<{
  /** `Flags` is a list of names, as after the rule `decode_tcp_flags`. */
  flagNames: boolean
  /** Keys that are no fields of Weir: an error, or absent in every flow. */
  unknownKeys: 'error' | 'absent'
}>

export type FlpFilter =
  | Readonly<{
      is: 'filter'
      /** The empty text selects every flow. */
      text: string
      /** Tests without an effect in flowlogs-pipeline. */
      notes: readonly string[]
    }>
  | Readonly<{ is: 'problem'; problem: string }>

/** Selects no flow. */
const nothing = 'bytes < 0'

/** The same flows as in flowlogs-pipeline, including its precedence of `or` over `and`. */
export function readFlpFilter(query: string, options: FlpFilterOptions): FlpFilter {
  const notes: string[] = []
  try {
    const meaning = new Translation(options, notes).of(parseFlpQuery(query))
    if (meaning === true) return { is: 'filter', text: '', notes }
    const text = meaning === false ? nothing : print(meaning, flowNames)
    readFilter(text, flowNames)
    return { is: 'filter', text, notes }
  } catch (error) {
    if (error instanceof FlpQueryProblem || error instanceof QueryError)
      return { is: 'problem', problem: error.message }
    throw error
  }
}

const fieldOfKey: ReadonlyMap<string, Field> = new Map(
  (flowFields as readonly Field[]).flatMap((field) =>
    field.netobserv === undefined ? [] : [[field.netobserv, field] as const],
  ),
)

export const flpFlags: readonly (readonly [name: string, bit: number])[] = [
  'FIN',
  'SYN',
  'RST',
  'PSH',
  'ACK',
  'URG',
  'ECE',
  'CWR',
  'SYN_ACK',
  'FIN_ACK',
  'RST_ACK',
].map((name, bit) => [name, 2 ** bit] as const)

const quicVersions: Readonly<Record<string, number>> = { 'QUIC v1': 1, 'QUIC v2': 0x6b3343cf }

class Translation {
  readonly #options: FlpFilterOptions
  readonly #notes: string[]

  constructor(options: FlpFilterOptions, notes: string[]) {
    this.#options = options
    this.#notes = notes
  }

  of(expression: FlpExpression): Meaning {
    switch (expression.is) {
      case 'and':
      case 'or':
        return joined(expression.is, [this.of(expression.left), this.of(expression.right)])
      case 'with':
      case 'without': {
        const field = this.#field(expression.key)
        const meaning = field !== undefined && present(field)
        return expression.is === 'with' ? meaning : negated(meaning)
      }
      case 'test':
        return this.#test(expression)
    }
  }

  #field(key: string): QueryField | undefined {
    const existing = fieldOfKey.get(key)
    if (existing !== undefined) return flowNames.field(existing.name)
    if (this.#options.unknownKeys === 'error') {
      const near = nearest(key, [...fieldOfKey.keys()])
      throw new FlpQueryProblem(`${key} is no field of a flow${near === undefined ? '' : `; did you mean ${near}?`}`)
    }
    this.#notes.push(`${key} is no field of a flow; it counts as absent`)
    return undefined
  }

  #test({ key, operator, value }: FlpTest): Meaning {
    const field = this.#field(key)
    const isNegative = operator === '!=' || operator === '!~'
    if (typeof value !== 'string') {
      if (field === undefined) return false
      const meaning = this.#isNumber(field) && comparesNumber(field, operator, value)
      if (meaning === false) this.#constant(key, 'with a number', 'false')
      return meaning
    }
    if (field === undefined) return isNegative
    const positive =
      operator === '=~' || operator === '!~'
        ? matchesRegex(field, key, value, { flags: this.#options.flagNames ? flpFlags : undefined })
        : this.#equals(field, key, value)
    if (typeof positive === 'boolean') this.#constant(key, `with \`${value}\``, isNegative ? 'true' : 'false')
    return isNegative ? negated(positive) : positive
  }

  #constant(key: string, by: string, truth: 'true' | 'false') {
    this.#notes.push(`comparing ${key} ${by} is always ${truth}, as in flowlogs-pipeline`)
  }

  /** Not to flowlogs-pipeline, although the field is one. */
  #isNumber({ name }: QueryField) {
    return !(
      name === 'conversation_first' ||
      name === 'quic_version' ||
      (name === 'tcp_flags' && this.#options.flagNames)
    )
  }

  /** flowlogs-pipeline compares texts only; no number equals a text. */
  #equals(field: QueryField, key: string, value: string): Meaning {
    const { name, kind } = field
    if (/\$\([^)]+\)/.test(value)) return this.#equalsField(field, key, value)
    switch (kind) {
      case 'dict':
      case 'text':
        return textEquals(name, value)
      case 'ip': {
        const words = parseIp(value)
        return words !== undefined && formatIp(words) === value && test(name, '=', value)
      }
      case 'mac':
        return /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(value) && test(name, '=', value)
      default: {
        const version = name === 'quic_version' && Object.hasOwn(quicVersions, value) ? quicVersions[value] : undefined
        return version !== undefined && test(name, '=', String(version))
      }
    }
  }

  /** `$(Field)`: the value of another field, as text; the empty text if it is absent. */
  #equalsField(field: QueryField, key: string, value: string): Meaning {
    const variable = /^\$\(([^)]+)\)$/.exec(value)?.[1]
    const compared = variable === undefined ? undefined : this.#field(variable)
    if (variable !== undefined && compared === undefined) return false
    if (compared === undefined || compared.kind !== field.kind || !comparable.has(field.kind))
      throw new FlpQueryProblem(
        `${key} cannot be compared with \`${value}\`: only \`$(Field)\` alone, of the same type`,
      )
    return fieldsEqual(field.name, compared.name)
  }
}

const comparable = new Set(['dict', 'ip', 'u8', 'u16', 'u32', 'mac'])
