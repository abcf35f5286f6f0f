import type { Random } from '../../host/index.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { flowFields, type Field } from '../../model/fields.ts'

/** Numbers beyond 2^53 are text, addresses four words. */
export type AnyCell = number | string | null | readonly (number | string)[]

export interface AnyFlows {
  readonly batch: FlowBatch
  readonly cells: Readonly<Record<string, readonly AnyCell[]>>
}

const dictionary = ['', 'a', '', 'é—中', 'x'.repeat(70), '{"k":[1,null]}', '"text"', 'A', 'netflow9', '[]']
const strings = [1, 3, 4, 7, 8]
const jsons = [5, 6, 9]

export function anyFlows(random: Random, count: number, share: number, received: number): AnyFlows {
  const columns: Record<string, Column> = {}
  const cells: Record<string, AnyCell[]> = {}
  for (const field of flowFields as readonly Field[]) {
    if (random.next() >= share) continue
    const made = anyColumn(random, field, count, received)
    columns[field.name] = made.column
    cells[field.name] = made.cells
  }
  return { batch: { kind: 'flows', count, dictionary, columns }, cells }
}

function shape(random: Random, limit: number): () => number {
  const below = (max: number): number => Math.floor(random.next() * max)
  const constant = below(limit)
  let rising = below(limit / 2)
  switch (below(6)) {
    case 0:
      return () => constant
    case 1:
      return () => (rising = Math.min(limit - 1, rising + below(3)))
    case 2:
      return () => below(Math.min(limit, 4))
    case 3:
      return () => below(limit)
    case 4:
      return () => (below(3) === 0 ? limit - 1 : 0)
    default:
      return () => (below(20) === 0 ? below(limit) : constant)
  }
}

function anyColumn(
  random: Random,
  { kind }: Field,
  count: number,
  received: number,
): { column: Column; cells: AnyCell[] } {
  const cells: AnyCell[] = []
  const holes = random.next()
  const valid = holes < 0.5 ? undefined : new Uint8Array((count + 7) >> 3)
  const here = (row: number): boolean => {
    if (valid === undefined) return true
    const present = holes < 0.6 || (holes < 0.95 && random.next() < 0.5)
    if (present) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7))
    return present
  }
  const mask = valid === undefined ? {} : { valid }
  const fill = <T extends { [index: number]: number }>(values: T, make: () => number): T => {
    for (let row = 0; row < count; row++) {
      values[row] = make()
      cells.push(here(row) ? (values[row] ?? 0) : null)
    }
    return values
  }
  switch (kind) {
    case 'u8':
      return { column: { kind, ...mask, values: fill(new Uint8Array(count), shape(random, 256)) }, cells }
    case 'u16':
      return { column: { kind, ...mask, values: fill(new Uint16Array(count), shape(random, 65_536)) }, cells }
    case 'u32':
      return { column: { kind, ...mask, values: fill(new Uint32Array(count), shape(random, 2 ** 32)) }, cells }
    case 'i32':
      return { column: { kind, ...mask, values: fill(new Int32Array(count), shape(random, 2 ** 32)) }, cells }
    case 'f64':
      return {
        column: { kind, ...mask, values: fill(new Float64Array(count), () => random.next() * 1e6 - 1000) },
        cells,
      }
    case 'time': {
      const step = random.next() < 0.5 ? 1 : 0.001
      const next = shape(random, random.next() < 0.9 ? 60_000 : 2 ** 40)
      return {
        column: {
          kind,
          ...mask,
          values: fill(new Float64Array(count), () => received - Math.round(next() / step) * step),
        },
        cells,
      }
    }
    case 'u64':
    case 'mac': {
      const low = shape(random, 2 ** 32)
      const high = random.next() < 0.5 ? () => 0 : shape(random, kind === 'mac' ? 2 ** 16 : 2 ** 32)
      const words = new Uint32Array(2 * count)
      for (let row = 0; row < count; row++) {
        words.set([low(), high()], 2 * row)
        const whole = (BigInt(words[2 * row + 1] ?? 0) << 32n) | BigInt(words[2 * row] ?? 0)
        const text =
          kind === 'mac'
            ? whole
                .toString(16)
                .padStart(12, '0')
                .replace(/(..)(?=.)/g, '$1:')
            : String(whole)
        cells.push(here(row) ? text : null)
      }
      return { column: { kind, ...mask, words }, cells }
    }
    case 'ip': {
      const words = new Uint32Array(4 * count)
      const next = shape(random, 5000)
      for (let row = 0; row < count; row++) {
        const host = next()
        words.set([0, 0, 0xffff, 0x0a010000 + host], 4 * row)
        cells.push(here(row) ? `10.1.${host >> 8}.${host & 255}` : null)
      }
      return { column: { kind, ...mask, words }, cells }
    }
    case 'dict':
    case 'json': {
      const codes = new Uint32Array(count)
      const among = kind === 'dict' ? strings : jsons
      for (let row = 0; row < count; row++) {
        const code = holes > 0.5 && random.next() < 0.5 ? 0 : (among[Math.floor(random.next() * among.length)] ?? 1)
        codes[row] = code
        cells.push(code === 0 ? null : (dictionary[code] ?? ''))
      }
      return { column: { kind, codes }, cells }
    }
    default: {
      const offsets = new Uint32Array(count + 1)
      const items: number[] = []
      for (let row = 0; row < count; row++) {
        const some = Array.from({ length: Math.floor(random.next() * 4) }, () =>
          kind === 'list<u8>'
            ? Math.floor(random.next() * 256)
            : (strings[Math.floor(random.next() * strings.length)] ?? 1),
        )
        items.push(...some)
        offsets[row + 1] = items.length
        cells.push(
          some.length === 0 ? null : some.map((item) => (kind === 'list<u8>' ? item : (dictionary[item] ?? ''))),
        )
      }
      return {
        column:
          kind === 'list<u8>'
            ? { kind, offsets, items: Uint8Array.from(items) }
            : { kind, offsets, items: Uint32Array.from(items) },
        cells,
      }
    }
  }
}
