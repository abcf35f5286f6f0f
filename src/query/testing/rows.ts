import type { SeededRandom } from '../../../test/kit/random.ts'
import { initiatorOf, servicePortOf } from '../../model/service-port.ts'
import type { NameTable, QueryField } from '../names.ts'

/**
 * Integers as bigint (times in µs, addresses 128 bits, MAC addresses 48), doubles as number. Missing fields are absent.
 */
export type Row = Readonly<Record<string, PlainValue>>
export type PlainValue = bigint | number | string | boolean | readonly string[] | readonly number[]

export const words = [
  '',
  'a',
  'A',
  'b',
  'shop',
  'Shop',
  'db-1',
  'db_1',
  'db%1',
  '100%',
  'ä',
  'Ä',
  'a\nb',
  'line\n',
  '\u{1d11e}',
  '\uffee',
  "it's",
  '"q"',
  'back\\slash',
  '\\',
  '*',
  'a*b',
  ' ',
  'and',
  'bytes',
  'web-17.prod',
  'web-9.prod',
  '\u017f',
  '\u212a',
  'k',
  's',
  '443',
  'null',
  'https://x.example/a?b=c',
  '日本',
]

const twoTo64 = 1n << 64n
const mapped = 0xffffn << 32n

export const addresses: readonly bigint[] = [
  ...[0x0a000001n, 0x0a0000ffn, 0x0a010203n, 0x0aff0000n, 0xc0a80101n, 0xffffffffn, 0n, 0x01020304n, 0x64400001n].map(
    (value) => mapped | value,
  ),
  0n,
  1n,
  0x20010db8n << 96n,
  (0x20010db8n << 96n) | 1n,
  (0x20010db8n << 96n) | (0x5n << 64n) | 9n,
  (0xfe80n << 112n) | 0xabcdn,
  (1n << 128n) - 1n,
  (0x20010db9n << 96n) | (0xffffn << 48n),
  mapped - 1n,
  mapped + (1n << 32n),
  0x0001000200030004000500060007_0008n,
  (0x0064ff9bn << 96n) | 0x0a000001n,
]

const integers: Readonly<Record<string, readonly bigint[]>> = {
  u8: [0n, 1n, 6n, 17n, 58n, 200n, 255n],
  u16: [0n, 22n, 53n, 80n, 443n, 8080n, 40_000n, 65_535n],
  u32: [0n, 1n, 2n, 64_500n, 1000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn],
  u64: [
    0n,
    1n,
    999n,
    1000n,
    1024n,
    10_000n,
    5n << 20n,
    0xffff_ffffn,
    1n << 32n,
    (1n << 53n) - 1n,
    1n << 53n,
    (1n << 53n) + 1n,
    1n << 63n,
    twoTo64 - 2n,
    twoTo64 - 1n,
  ],
  i32: [0n, 1n, -1n, -5n, 2n ** 31n - 1n, -(2n ** 31n)],
  time: [
    0n,
    1_763_632_800_000_000n,
    1_763_632_800_123_000n,
    1_763_632_800_123_250n,
    1_763_719_200_000_000n,
    -86_400_000_000n,
    253_402_300_799_000_000n,
  ],
  mac: [0n, 0x0242ac110002n, 0xffffffffffffn],
}

const doubles = [0, -0, 0.0015, 1, 1.5, 20, 175, 189.99, 1e-9, 1e15, -3.25, 2999, Number.POSITIVE_INFINITY]

export function randomValue(random: SeededRandom, { kind }: QueryField): PlainValue {
  switch (kind) {
    case 'ip':
      return random.pick(addresses)
    case 'f64':
      return random.pick(doubles)
    case 'bool':
      return random.chance(0.5)
    case 'dict':
    case 'text':
      return random.pick(words)
    case 'json':
      return random.pick(['{}', '{"a":1}', '[1,2]', '"text"'])
    case 'list<dict>':
      return Array.from({ length: random.integer(1, 3) }, () => random.pick(words))
    case 'list<u8>':
      return Array.from({ length: random.integer(1, 3) }, () => random.integer(0, 3))
    case 'u64':
      if (random.chance(0.3))
        return BigInt.asUintN(
          64,
          (BigInt(random.integer(0, 2 ** 32 - 1)) << 32n) | BigInt(random.integer(0, 2 ** 32 - 1)),
        )
      return random.pick(integers['u64'] ?? [])
    default:
      return random.pick(integers[kind] ?? [0n])
  }
}

/** Each field is absent in about a third of the rows, some in all; some are constant. */
export function randomRows(random: SeededRandom, names: NameTable, count: number): Row[] {
  const constant = new Map(
    names.fields.filter(() => random.chance(0.15)).map((field) => [field.name, randomValue(random, field)]),
  )
  const never = new Set(names.fields.filter(() => random.chance(0.15)).map(({ name }) => name))
  return Array.from({ length: count }, (_, index) => {
    const row: Record<string, PlainValue> = {}
    for (const field of names.fields) {
      if (field.kind === 'estimate' || never.has(field.name) || random.chance(0.3)) continue
      row[field.name] = constant.get(field.name) ?? randomValue(random, field)
    }
    if (names.view === 'events')
      Object.assign(row, {
        id: `${random.pick(words)}${index}`,
        source: random.pick(words),
        type: random.pick(words),
        family: random.pick(['event', 'audit']),
      })
    if (row['data'] !== undefined) delete row['data_base64']
    if (row['data_base64'] !== undefined)
      row['data_base64'] = Buffer.from(String(row['data_base64'])).toString('base64')
    row['_pos'] = `test:1:7:${index}`
    row['time_received'] ??= 1_763_632_800_500_000n
    if (names.view === 'events') row['time_received'] = 1_763_632_800_500_000n
    for (const count of ['bytes', 'packets']) {
      if (typeof row[count] === 'bigint' && names.field(`${count}_est`) !== undefined)
        row[`${count}_est`] = row[count] * ((row['sampling'] as bigint | undefined) ?? 1n)
    }
    if (row['listening_side'] !== undefined) row['listening_side'] = BigInt(random.integer(0, 2))
    if (names.view === 'flows') deriveService(row)
    return row
  })
}

function deriveService(row: Record<string, PlainValue>) {
  const number = (name: string) => (row[name] === undefined ? undefined : Number(row[name]))
  const isAgent = row['protocol'] === 'netobserv'
  const evidence = {
    src: number('src_port'),
    dst: number('dst_port'),
    flags: number('tcp_flags'),
    isAgent,
    listening: number('listening_side'),
  }
  const [port, initiator] = [servicePortOf(evidence), initiatorOf(evidence)]
  delete row['service_port']
  delete row['initiator']
  if (port !== undefined) row['service_port'] = BigInt(port)
  if (initiator !== undefined) row['initiator'] = initiator
}
