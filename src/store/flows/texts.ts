import { isPresent } from '../../model/columns.ts'
import { wellFormedJson } from '../../model/json-escapes.ts'
import { begin, room, scratch } from './scratch.ts'
import { Numbering } from '../numbering.ts'
import { integers, texts, type Chunk } from '../../codecs/parquet/column.ts'
import { ListLevels } from '../../codecs/parquet/levels.ts'
import type { FlowRows } from '../table-writer.ts'

const twoTo32 = 4_294_967_296

const unchanged = (text: string) => text

class Entries extends Numbering<string> {
  table(dictionary: readonly string[], written = unchanged): (code: number) => number {
    const numbers = new Uint32Array(dictionary.length)
    return (code) => {
      const before = numbers[code]!
      return before > 0 ? before : (numbers[code] = this.number(written(dictionary[code] ?? '')) + 1)
    }
  }
}

export function textChunk(name: string, type: 'text' | 'json', pieces: readonly FlowRows[]): Chunk | undefined {
  const { words, presence } = begin(pieces)
  const entries = new Entries()
  let at = 0
  for (const {
    batch: { columns, count, dictionary },
  } of pieces) {
    const column = columns[name]
    if (column?.kind !== 'dict' && column?.kind !== 'json') {
      presence.addNulls(count)
      continue
    }
    const numberOf = entries.table(dictionary, type === 'json' ? wellFormedJson : unchanged)
    const { codes } = column
    const start = at
    for (let row = 0; row < count; row++) {
      const code = codes[row]!
      if (code !== 0) words[at++] = numberOf(code) - 1
    }
    if (at === start) presence.addNulls(count)
    else if (at - start === count) presence.addPresent(count)
    else for (let row = 0; row < count; row++) presence.add(codes[row] === 0 ? 0 : 1)
  }
  return at === 0 ? undefined : texts({ name, type }, entries.list, words, at, presence)
}

export function wordChunk(name: string, pieces: readonly FlowRows[]): Chunk | undefined {
  const { words, presence } = begin(pieces)
  let at = 0
  for (const {
    batch: { columns, count },
    words: numbers,
  } of pieces) {
    const column = columns[name]
    if (column?.kind !== 'dict') {
      presence.addNulls(count)
      continue
    }
    const { codes } = column
    const start = at
    for (let row = 0; row < count; row++) {
      const number = numbers[codes[row]!]!
      if (number !== 0) words[at++] = number
    }
    if (at === start) presence.addNulls(count)
    else if (at - start === count) presence.addPresent(count)
    else for (let row = 0; row < count; row++) presence.add(numbers[codes[row]!] === 0 ? 0 : 1)
  }
  return at === 0 ? undefined : integers({ name, type: 'u32' }, words, at, 0, presence)
}

/** Text form, readable with any tool. */
export function macChunk(name: string, pieces: readonly FlowRows[]): Chunk | undefined {
  const { words, presence } = begin(pieces)
  const entries = new Entries()
  const numbers = new Map<number, number>()
  let at = 0
  for (const {
    batch: { columns, count },
  } of pieces) {
    const column = columns[name]
    if (column?.kind !== 'mac') {
      presence.addNulls(count)
      continue
    }
    if (column.valid === undefined) presence.addPresent(count)
    else presence.take(column.valid, count)
    for (let row = 0; row < count; row++) {
      if (!isPresent(column.valid, row)) continue
      const address = (column.words[2 * row + 1]! & 0xffff) * twoTo32 + column.words[2 * row]!
      let number = numbers.get(address)
      if (number === undefined) numbers.set(address, (number = entries.number(macText(address))))
      words[at++] = number
    }
  }
  return at === 0 ? undefined : texts({ name, type: 'text' }, entries.list, words, at, presence)
}

export function macText(address: number) {
  return address
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:')
}

export function listChunk(
  name: string,
  type: 'list<u8>' | 'list<text>',
  pieces: readonly FlowRows[],
): Chunk | undefined {
  const levels = new ListLevels()
  const entries = new Entries()
  let at = 0
  for (const {
    batch: { columns, count, dictionary },
  } of pieces) {
    const column = columns[name]
    const numberOf = entries.table(dictionary)
    const { offsets, items } =
      column?.kind === 'list<u8>' || column?.kind === 'list<dict>' ? column : { offsets: undefined, items: undefined }
    for (let row = 0; row < count; row++) {
      const from = offsets?.[row] ?? 0
      const to = offsets?.[row + 1] ?? 0
      levels.row(to - from)
      room(at + to - from)
      for (let item = from; item < to; item++)
        scratch.words[at++] = type === 'list<u8>' ? (items?.[item] ?? 0) : numberOf(items?.[item] ?? 0) - 1
    }
  }
  if (at === 0) return undefined
  return type === 'list<u8>'
    ? integers({ name, type }, scratch.words, at, 0, levels)
    : texts({ name, type }, entries.list, scratch.words, at, levels)
}
