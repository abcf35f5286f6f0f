import { isIpv4Range, type Cidr } from '../model/cidr.ts'
import { mappedPrefix } from '../model/ip.ts'

export type NetworkEntry = Readonly<{
  range: Cidr
  name?: string
  label?: string
}>

export type Meaning = Readonly<{
  name?: string
  label?: string
}>

/** Nested ranges are flattened into disjoint spans, so that a lookup is one binary search without allocations. */
export class PrefixTable {
  readonly #v4: Uint32Array
  readonly #v4Meanings: Uint32Array
  readonly #v4Index: Uint32Array
  readonly #v6: Uint32Array
  readonly #v6Meanings: Uint32Array
  /** Number 0 is "unknown". */
  readonly meanings: readonly Meaning[]

  constructor(entries: readonly NetworkEntry[]) {
    const meanings = new Meanings()
    const v4 = flatten(
      entries.filter(({ range }) => isIpv4Range(range)),
      meanings,
    ).filter(({ start }) => start >> 32n === BigInt(mappedPrefix))
    const v6 = flatten(
      entries.filter(({ range }) => !isIpv4Range(range)),
      meanings,
    )
    this.#v4 = Uint32Array.from(v4, ({ start }) => Number(start & 0xffffffffn))
    this.#v4Meanings = Uint32Array.from(v4, ({ meaning }) => meaning)
    this.#v4Index = indexOf(this.#v4)
    this.#v6 = Uint32Array.from(
      v6.flatMap(({ start }) => [96n, 64n, 32n, 0n].map((shift) => Number((start >> shift) & 0xffffffffn))),
    )
    this.#v6Meanings = Uint32Array.from(v6, ({ meaning }) => meaning)
    this.meanings = meanings.all
  }

  lookup(words: Uint32Array, offset: number): number {
    if (words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === mappedPrefix) {
      return this.#lookupV4(words[offset + 3] ?? 0)
    }
    return this.#lookupV6(words[offset] ?? 0, words[offset + 1] ?? 0, words[offset + 2] ?? 0, words[offset + 3] ?? 0)
  }

  #lookupV4(address: number): number {
    const starts = this.#v4
    // Finds the last span that starts at or before the address; `low` is the one after it.
    let low = this.#v4Index[address >>> 16] ?? 0
    let high = this.#v4Index[(address >>> 16) + 1] ?? 0
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((starts[middle] ?? 0) <= address) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : (this.#v4Meanings[low - 1] ?? 0)
  }

  #lookupV6(a: number, b: number, c: number, d: number): number {
    const starts = this.#v6
    let low = 0
    let high = this.#v6Meanings.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = middle * 4
      const w = starts[at] ?? 0,
        x = starts[at + 1] ?? 0,
        y = starts[at + 2] ?? 0,
        z = starts[at + 3] ?? 0
      const before = w !== a ? w < a : x !== b ? x < b : y !== c ? y < c : z <= d
      if (before) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : (this.#v6Meanings[low - 1] ?? 0)
  }
}

type Span = Readonly<{
  start: bigint
  meaning: number
}>

type Nested = Readonly<{
  end: bigint
  meaning: number
}>

/** One pass with a stack, since ranges are nested or disjoint. */
function flatten(entries: readonly NetworkEntry[], meanings: Meanings): Span[] {
  const ranges = merged(entries)
  const spans: Span[] = []
  const open: Nested[] = []
  const say = (start: bigint, meaning: number) => {
    if (spans.at(-1)?.start === start) spans.pop()
    if ((spans.at(-1)?.meaning ?? 0) !== meaning) spans.push({ start, meaning })
  }
  const closeUntil = (address: bigint) => {
    for (let last = open.at(-1); last !== undefined && last.end <= address; last = open.at(-1)) {
      open.pop()
      say(last.end, open.at(-1)?.meaning ?? 0)
    }
  }
  for (const { start, bits, name, label } of ranges) {
    closeUntil(start)
    const outer = meanings.all[open.at(-1)?.meaning ?? 0]
    const meaning = meanings.number(name ?? outer?.name, label ?? outer?.label)
    open.push({ end: start + (1n << BigInt(128 - bits)), meaning })
    say(start, meaning)
  }
  closeUntil(1n << 128n)
  return spans.filter(({ start }) => start < 1n << 128n)
}

interface Range extends Meaning {
  readonly start: bigint
  readonly bits: number
}

function merged(entries: readonly NetworkEntry[]): Range[] {
  const ranges = new Map<string, Range>()
  for (const { range, name, label } of entries) {
    const start = range.words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
    const key = `${start}/${range.bits}`
    const before = ranges.get(key)
    ranges.set(key, { start, bits: range.bits, ...meaningOf(before?.name ?? name, before?.label ?? label) })
  }
  return [...ranges.values()].toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.bits - b.bits))
}

class Meanings {
  readonly all: Meaning[] = [{}]
  readonly #numbers = new Map<string, number>([['[null,null]', 0]])

  number(name: string | undefined, label: string | undefined): number {
    const key = JSON.stringify([name ?? null, label ?? null])
    const existing = this.#numbers.get(key)
    if (existing !== undefined) return existing
    const number = this.all.push(meaningOf(name, label)) - 1
    this.#numbers.set(key, number)
    return number
  }
}

function meaningOf(name: string | undefined, label: string | undefined): Meaning {
  return { ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { label }) }
}

function indexOf(starts: Uint32Array): Uint32Array {
  const index = new Uint32Array(65_537)
  let span = 0
  for (let upper = 0; upper <= 65_536; upper++) {
    while (span < starts.length && (starts[span] ?? 0) < upper * 65_536) span++
    index[upper] = span
  }
  return index
}
