import type { Holders } from '../engine/contracts.ts'
import type { Column } from '../model/columns.ts'
import type { End } from '../model/endpoint.ts'
import { parseExact, stringifyExact } from '../model/exact-json.ts'
import { isRecord } from '../model/json.ts'
import type { LabelCopy } from './name-settings.ts'
import type { Words } from './words.ts'

type Members = Readonly<Record<string, string>>

export function labelMembers(copies: readonly LabelCopy[] | undefined, holders: Holders): LabelMembers | undefined {
  return copies === undefined || copies.length === 0 || holders.labels === undefined
    ? undefined
    : new LabelMembers(copies, (number) => holders.labels?.(number) ?? '')
}

class LabelMembers {
  readonly #copies: readonly LabelCopy[]
  readonly #labelsOf: (number: number) => string
  readonly #ends: Readonly<{ rows: Uint32Array; members: readonly (Members | undefined)[] }>[] = []

  constructor(copies: readonly LabelCopy[], labelsOf: (number: number) => string) {
    this.#copies = copies
    this.#labelsOf = labelsOf
  }

  add(end: End, rows: Uint32Array, numbers: readonly number[]): void {
    const copies = this.#copies.filter((copy) => copy.end === end)
    const members = numbers.map((number) => membersOf(this.#labelsOf(number), copies))
    if (members.some((member) => member !== undefined)) this.#ends.push({ rows, members })
  }

  put(columns: Record<string, Column>, words: Words): void {
    if (this.#ends.length === 0) return
    const carried = columns['extra']
    const codes = carried?.kind === 'json' ? carried.codes.slice() : new Uint32Array(this.#ends[0]?.rows.length ?? 0)
    const cache = new Map<string, number>()
    for (let row = 0; row < codes.length; row++) {
      const results: Members[] = []
      for (const { rows, members } of this.#ends) {
        const member = members[rows[row]!]
        if (member !== undefined) results.push(member)
      }
      if (results.length === 0) continue
      const before = codes[row]!
      const key = [before, ...this.#ends.map(({ rows }) => rows[row])].join(' ')
      let code = cache.get(key)
      if (code === undefined) cache.set(key, (code = words.code(merged(words.list[before] ?? '', results))))
      codes[row] = code
    }
    columns['extra'] = { kind: 'json', codes }
  }
}

function merged(carried: string, members: readonly Members[]) {
  const before = carried === '' ? undefined : parseExact(carried)
  return stringifyExact(Object.assign({}, ...members, isRecord(before) ? before : {})) ?? carried
}

function membersOf(labels: string, copies: readonly LabelCopy[]): Members | undefined {
  if (labels === '' || copies.length === 0) return undefined
  const entries = Object.entries(JSON.parse(labels) as Members)
  const members = copies.flatMap(({ prefix, include, exclude, maxLength = Infinity }) =>
    entries
      .filter(([name]) => !exclude.includes(name) && (include.length === 0 || include.includes(name)))
      .map(([name, value]) => [`${prefix}_${name}`, shortened(value, maxLength)] as const),
  )
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

/** The end of a longer text is three periods. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  const letters = Array.from(text)
  return letters.length <= most
    ? text
    : `${letters.slice(0, Math.max(0, most - 3)).join('')}${'.'.repeat(Math.min(3, most))}`
}
