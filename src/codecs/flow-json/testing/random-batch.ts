// Batches with every field of the registry and values of every size.
import type { FlowBatch } from '../../../model/batches.ts'
import type { Column } from '../../../model/columns.ts'
import { flowFields } from '../../../model/fields.ts'
import type { SeededRandom } from '../../../../test/kit/random.ts'

const texts = [
  '',
  'eth0',
  'a"b\\c',
  'tab\tline\n\u0001\u2028',
  'größe 日本 😀',
  '\ud800 alone',
  'x'.repeat(300),
  'TCP',
  'app-1',
]
const json = ['{"Rack":12345678901234567890,"SrcAddr":"6.6.6.6"}', '{}', '{"a":{"b":[1,"ü"]},"Zone":null}', '[1]']

export function randomBatch(random: SeededRandom, count = random.integer(1, 20)): FlowBatch {
  const dictionary = [
    '',
    ...texts,
    ...json,
    'newConnection',
    'heartbeat',
    'endConnection',
    `n${random.integer(0, 1e9)}`,
  ]
  const firstJson = 1 + texts.length
  const columns: Record<string, Column> = {}
  const many = <T>(make: () => T, width = 1): T[] => Array.from({ length: width * count }, make)
  const integer = (bits: number): number =>
    random.pick([0, 1, 2 ** bits - 1, random.integer(0, 2 ** bits - 1), random.integer(0, 99), 2 ** (bits - 1)])
  const word = (): number => integer(32)
  const text = (): number => (random.integer(0, 3) === 0 ? 0 : random.integer(1, dictionary.length - 1))
  const offsets = Uint32Array.from({ length: count + 1 })
  for (let row = 0; row < count; row++) offsets[row + 1] = (offsets[row] as number) + random.integer(0, 3)
  const items = offsets[count] as number
  const time = (): number =>
    random.pick([Number.NaN, 0, 1.75, -1, 1_700_000_000_007, 1_700_000_000_000 + random.integer(0, 1e8) / 4, 253e12])
  for (const { name, kind } of flowFields) {
    if (random.integer(0, 3) === 0) continue
    const valid = random.integer(0, 1) === 0 ? {} : { valid: Uint8Array.from(many(() => integer(8))) }
    columns[name] = ((): Column => {
      switch (kind) {
        case 'u8':
          return { kind, ...valid, values: Uint8Array.from(many(() => random.pick([1, 6, 17, 58, integer(8)]))) }
        case 'u16':
          return { kind, ...valid, values: Uint16Array.from(many(() => random.pick([2048, 34525, integer(16)]))) }
        case 'u32':
          return { kind, ...valid, values: Uint32Array.from(many(word)) }
        case 'i32':
          return { kind, ...valid, values: Int32Array.from(many(() => word() | 0)) }
        case 'f64':
          return { kind, ...valid, values: Float64Array.from(many(() => random.pick([time(), -0.5, 1e21, 0.1 + 0.2]))) }
        case 'time':
          return { kind, ...valid, values: Float64Array.from(many(time)) }
        case 'u64':
        case 'mac':
          return { kind, ...valid, words: Uint32Array.from(many(word, 2)) }
        case 'ip':
          return { kind, ...valid, words: addresses() }
        case 'dict':
          return { kind, codes: Uint32Array.from(many(text)) }
        case 'json':
          return {
            kind,
            codes: Uint32Array.from(many(() => random.pick([0, firstJson + random.integer(0, json.length - 1)]))),
          }
        case 'list<u8>':
          return { kind, offsets, items: Uint8Array.from({ length: items }, () => integer(8)) }
        case 'list<dict>':
          return { kind, offsets, items: Uint32Array.from({ length: items }, text) }
      }
    })()
  }
  return { kind: 'flows', count, dictionary, columns }

  function addresses(): Uint32Array {
    const one = (): number[] =>
      random.integer(0, 1) === 0
        ? [0, 0, 0xffff, word()]
        : Array.from({ length: 4 }, () => random.pick([0, 1, 0x10000, 0x00ab0000, 0xffffffff, word()]))
    return Uint32Array.from(Array.from({ length: count }, one).flat())
  }
}
