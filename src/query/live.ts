import { dataEncodings, type Batch } from '../model/batches.ts'
import type { Bound, Leaf } from './bound.ts'
import { memberColumn } from '../model/flow-members.ts'
import { compareBytes } from '../model/text-order.ts'
import {
  bodiesOf,
  codesOf,
  isFlows,
  isResolved,
  numbersOf,
  textsOf,
  type LiveHeader,
  type LiveResolver,
  type LiveRows,
} from './live-columns.ts'
import { memberTest, valueTest } from './live-members.ts'
import { bodyMember } from './members.ts'
import { doubleTest, holds, numberTest, textTest, wordsTest } from './live-tests.ts'
import { anyWide, wideOf, wideRow } from './live-wide.ts'

export type { LiveHeader, LiveResolver } from './live-columns.ts'

export type RowTest = (row: number) => boolean

/** Expressions are compiled once; a dictionary column evaluates each string once per batch. */
export type LiveFilter = (batch: Batch, header: LiveHeader, resolver?: LiveResolver) => RowTest

export function compileLive(bound: Bound): LiveFilter {
  const test = compile(bound)
  return (batch, header, resolver) => test({ batch, header, resolver })
}

type Compiled = (rows: LiveRows) => RowTest

const no: RowTest = () => false

function compile(bound: Bound): Compiled {
  switch (bound.is) {
    case 'always':
      return () => () => true
    case 'never':
      return () => no
    case 'leaf': {
      const test = leaf(bound)
      if (!bound.negated) return test
      return (rows) => {
        const matches = test(rows)
        return (row) => !matches(row)
      }
    }
    case 'and':
    case 'or': {
      const parts = bound.parts.map(compile)
      const stopAt = bound.is === 'or'
      return (rows) => {
        const tests = parts.map((part) => part(rows))
        return (row) => {
          for (let at = 0; at < tests.length; at++) if (tests[at]!(row) === stopAt) return stopAt
          return !stopAt
        }
      }
    }
  }
}

function leaf(given: Leaf): Compiled {
  const {
    field: { name, kind },
    match,
  } = given
  if (match.is === 'field') return betweenFields(given, match.operator, match.other.name)
  if (given.field.keys !== undefined) return ofBody(given.field.keys, match)
  if (given.field.member !== undefined) return ofMember(given.field.member, match)
  switch (kind) {
    case 'dict':
    case 'text':
      return texts(name, match)
    case 'list<dict>':
      return listOfTexts(name, match)
    case 'list<u8>':
      return listOfNumbers(name, match)
    case 'json':
      return jsonExists(name)
    case 'u64':
    case 'mac':
    case 'ip':
    case 'estimate': {
      const test = match.is === 'integers' ? wordsTest(match.intervals) : () => true
      return (rows) => {
        const read = wideOf(rows, name)
        return read === undefined ? no : wideRow(read, test)
      }
    }
    default: {
      const test =
        match.is === 'integers'
          ? numberTest(match.intervals)
          : match.is === 'doubles'
            ? doubleTest(match.intervals)
            : () => true
      return (rows) => {
        const read = numbersOf(rows, name)
        if (read === undefined) return no
        return (row) => {
          const value = read(row)
          return value === value && test(value)
        }
      }
    }
  }
}

/** 0 unknown, 1 false, 2 true. */
function memoized(dictionary: readonly string[], test: (text: string) => boolean): (code: number) => boolean {
  const bytes = new Uint8Array(dictionary.length)
  return (code) => {
    if (code === 0) return false
    let answer = bytes[code]
    if (answer === 0) {
      answer = test(dictionary[code] ?? '') ? 2 : 1
      bytes[code] = answer
    }
    return answer === 2
  }
}

function ofMember(key: string, match: Leaf['match']): Compiled {
  const test = memberTest(key, match)
  return (rows) => {
    const codes = isFlows(rows) ? codesOf(rows, memberColumn) : undefined
    if (codes === undefined) return no
    const matches = memoized(rows.batch.dictionary, test)
    return (row) => matches(codes[row] ?? 0)
  }
}

function ofBody(keys: readonly string[], match: Leaf['match']): Compiled {
  const test = valueTest(match)
  return (rows) => {
    const read = bodiesOf(rows)
    return (row) => {
      const value = bodyMember(read(row), keys)
      return value !== undefined && test(value)
    }
  }
}

function texts(name: string, match: Leaf['match']): Compiled {
  const test = textTest(match)
  return (rows) => {
    const codes = codesOf(rows, name)
    const resolved = isFlows(rows) && isResolved(rows.batch, name, rows.resolver)
    if (codes !== undefined && !resolved) {
      const matches = memoized(rows.batch.dictionary, test)
      return (row) => matches(codes[row] ?? 0)
    }
    const read = textsOf(rows, name)
    if (read === undefined) return no
    const cache = new Map<string, boolean>()
    return (row) => {
      const text = read(row)
      if (text === undefined) return false
      if (!resolved) return test(text)
      let answer = cache.get(text)
      if (answer === undefined) cache.set(text, (answer = test(text)))
      return answer
    }
  }
}

function listOfTexts(name: string, match: Leaf['match']): Compiled {
  const test = textTest(match)
  return (rows) => {
    const column = isFlows(rows) ? rows.batch.columns[name] : undefined
    if (column?.kind !== 'list<dict>') return no
    const { offsets, items } = column
    // Code 0 is the empty text here.
    const matches = memoized(rows.batch.dictionary, test)
    const empty = test('')
    return (row) => {
      for (let at = offsets[row] ?? 0; at < (offsets[row + 1] ?? 0); at++)
        if (items[at] === 0 ? empty : matches(items[at] ?? 0)) return true
      return false
    }
  }
}

function listOfNumbers(name: string, match: Leaf['match']): Compiled {
  const test = match.is === 'integers' ? numberTest(match.intervals) : () => true
  return (rows) => {
    const column = isFlows(rows) ? rows.batch.columns[name] : undefined
    if (column?.kind !== 'list<u8>') return no
    const { offsets, items } = column
    return (row) => {
      for (let at = offsets[row] ?? 0; at < (offsets[row + 1] ?? 0); at++) if (test(items[at] ?? 0)) return true
      return false
    }
  }
}

function jsonExists(name: string): Compiled {
  return (rows) => {
    const { batch } = rows
    if (batch.kind === 'events' && name === 'data') {
      return (row) =>
        dataEncodings[batch.encoding[row] ?? 0] === 'json' || dataEncodings[batch.encoding[row] ?? 0] === 'text'
    }
    const codes = codesOf(rows, name)
    return codes === undefined ? no : (row) => codes[row] !== 0
  }
}

function betweenFields({ field }: Leaf, operator: '=' | '<' | '<=' | '>' | '>=', compared: string): Compiled {
  if (field.kind === 'dict' || field.kind === 'text') {
    return (rows) => {
      const [left, right] = [textsOf(rows, field.name), textsOf(rows, compared)]
      if (left === undefined || right === undefined) return no
      return (row) => {
        const [a, b] = [left(row), right(row)]
        return a !== undefined && b !== undefined && (operator === '=' ? a === b : holds(operator, compareBytes(a, b)))
      }
    }
  }
  if (field.kind === 'f64' || field.kind === 'time' || field.kind === 'bool') {
    return (rows) => {
      const [left, right] = [numbersOf(rows, field.name), numbersOf(rows, compared)]
      if (left === undefined || right === undefined) return no
      return (row) => {
        const [a, b] = [left(row), right(row)]
        return !Number.isNaN(a) && !Number.isNaN(b) && holds(operator, a === b ? 0 : a < b ? -1 : 1)
      }
    }
  }
  const pair = [new Uint32Array(4), new Uint32Array(4)] as const
  return (rows) => {
    const [left, right] = [anyWide(rows, field.name), anyWide(rows, compared)]
    if (left === undefined || right === undefined) return no
    return (row) => left(row, pair[0]) && right(row, pair[1]) && holds(operator, order(pair[0], pair[1]))
  }
}

function order(a: Uint32Array, b: Uint32Array) {
  for (let word = 0; word < 4; word++) if (a[word] !== b[word]) return (a[word] ?? 0) - (b[word] ?? 0)
  return 0
}
