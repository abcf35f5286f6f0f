import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Reader } from 'mmdb-lib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { flowRows } from '../../test/kit/flow-rows.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { buildMmdb, type MmdbOptions, type MmdbValue } from '../../test/kit/mmdb.ts'
import { realHost } from '../host/index.ts'
import { FlowBuilder } from '../model/flow-builder.ts'
import { formatIp, parseIp } from '../model/ip.ts'
import { GeoDatabase } from './geo-database.ts'
import { GeoTree } from './geo-tree.ts'
import { openGeo, type Geo, type GeoFiles } from './geo.ts'

const host = realHost()
let folder: string
let lines: string[]
const open: { close(): void }[] = []
const line = (message: string): void => void lines.push(message)
const log = { debug: line, info: line, warn: line, error: line }
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-geo-'))
  lines = []
})
afterEach(async () => {
  for (const one of open.splice(0)) one.close()
  await rm(folder, { recursive: true, force: true })
})

const asns = {
  '198.51.100.0/24': { autonomous_system_number: 64_500, autonomous_system_organization: 'Example' },
  '203.0.113.0/25': { asn: 'AS64501' },
  '2001:db8::/32': { autonomous_system_number: 4_200_000_000 },
}
const countries = {
  '198.51.100.0/24': { country: { iso_code: 'NO' } },
  '198.51.100.7/32': { country: { iso_code: 'CH' } },
  '203.0.113.0/24': { country_code: 'DE', country: 'Germany' },
  '2001:db8::/33': { country: { iso_code: 'PT' } },
}

async function file(
  name: string,
  records: Readonly<Record<string, MmdbValue>>,
  options?: MmdbOptions,
): Promise<string> {
  const path = join(folder, name)
  await writeFile(`${path}.new`, buildMmdb(records, options))
  await rename(`${path}.new`, path)
  return path
}

async function geo(files: GeoFiles): Promise<Geo> {
  const opened = await openGeo(host, files, log)
  open.push(opened)
  return opened
}

interface Pair {
  readonly src: string
  readonly dst: string
  readonly srcAs?: number
}

function flowsOf(pairs: readonly Pair[]): FlowBuilder {
  const flows = new FlowBuilder(2)
  const [src, dst, as] = [flows.column('src_addr'), flows.column('dst_addr'), flows.column('src_as')]
  flows.reserve(pairs.length)
  for (const [row, pair] of pairs.entries()) {
    for (const [column, address] of [
      [src, pair.src],
      [dst, pair.dst],
    ] as const) {
      column.items.set(parseIp(address) ?? [], 4 * row)
      column.mark(row)
    }
    if (pair.srcAs === undefined) continue
    as.items[row] = pair.srcAs
    as.mark(row)
  }
  flows.commit(pairs.length)
  return flows
}

const known = { src: '198.51.100.1', dst: '203.0.113.1' }

describe('databases of addresses', () => {
  test('provide systems and countries of both ends and families, by the longest range', async () => {
    const flows = flowsOf([
      known,
      { src: '2001:db8:8000::1', dst: '2001:db8::1' },
      { src: '10.0.0.1', dst: '198.51.100.7' },
    ])
    const opened = await geo({ asn: await file('asn.mmdb', asns), country: await file('country.mmdb', countries) })
    opened.fill(flows)
    expect(flowRows(flows.batch())).toEqual([
      {
        src_addr: '198.51.100.1',
        src_as: 64_500,
        src_country: 'NO',
        dst_addr: '203.0.113.1',
        dst_as: 64_501,
        dst_country: 'DE',
      },
      {
        src_addr: '2001:db8:8000::1',
        src_as: 4_200_000_000,
        dst_addr: '2001:db8::1',
        dst_as: 4_200_000_000,
        dst_country: 'PT',
      },
      { src_addr: '10.0.0.1', dst_addr: '198.51.100.7', dst_as: 64_500, dst_country: 'CH' },
    ])
  })

  test('change no value of the exporter, except 0', async () => {
    const flows = flowsOf([
      { ...known, srcAs: 65_000 },
      { ...known, srcAs: 0 },
    ])
    const opened = await geo({ asn: await file('asn.mmdb', asns) })
    opened.fill(flows)
    expect(flowRows(flows.batch())).toMatchObject([
      { src_as: 65_000, dst_as: 64_501 },
      { src_as: 64_500, dst_as: 64_501 },
    ])
    expect(flowRows(flows.batch())[0]).not.toHaveProperty('src_country')
  })

  test('can be one file for both, and IPv4 only, without results for IPv6', async () => {
    const both = await file(
      'both.mmdb',
      { '32.1.13.0/24': { autonomous_system_number: 1, country: { iso_code: 'US' } } },
      { ipVersion: 4 },
    )
    const flows = flowsOf([{ src: '32.1.13.184', dst: '2001:db8::1' }])
    const opened = await geo({ asn: both, country: both })
    opened.fill(flows)
    // The first 32 bits of 2001:db8:: are those of 32.1.13.184.
    expect(flowRows(flows.batch())).toEqual([
      { src_addr: '32.1.13.184', src_as: 1, src_country: 'US', dst_addr: '2001:db8::1' },
    ])
    expect(lines).toEqual(['Loaded an address database.'])
  })

  test('are queried once per address, and again when the file has changed', async () => {
    const path = await file('asn.mmdb', asns)
    const database = await GeoDatabase.open(host, path, log)
    open.push(database)
    const words = parseIp('198.51.100.1') ?? new Uint32Array(4)
    expect(database.get(words, 0)).toMatchObject({ autonomous_system_number: 64_500 })
    const before = database.generation
    await database.look()
    expect(database.generation).toBe(before)
    await file('asn.mmdb', {
      '198.51.100.0/24': { autonomous_system_number: 64_999 },
      '192.0.2.0/24': { autonomous_system_number: 2 },
    })
    await database.look()
    expect(database.generation).toBe(before + 1)
    expect(database.get(words, 0)).toMatchObject({ autonomous_system_number: 64_999 })
  })

  test('that are missing or invalid are reported and retried, and rows lack their fields', async () => {
    const path = join(folder, 'later.mmdb')
    const missing = await GeoDatabase.open(host, path, log)
    open.push(missing)
    const opened = await geo({ country: path })
    const flows = flowsOf([known])
    opened.fill(flows)
    expect(flowRows(flows.batch())).toEqual([{ src_addr: known.src, dst_addr: known.dst }])
    expect(lines).toContain(
      "Cannot use an address database; rows lack its fields. Provide a file in MaxMind's format (.mmdb).",
    )
    await writeFile(path, 'no database')
    await missing.look()
    await file('later.mmdb', countries)
    await missing.look()
    expect(missing.get(parseIp('198.51.100.7') ?? new Uint32Array(4), 0)).toEqual({ country: { iso_code: 'CH' } })
    await writeFile(path, 'no database again')
    await missing.look()
    expect(missing.get(parseIp('198.51.100.7') ?? new Uint32Array(4), 0)).toEqual({ country: { iso_code: 'CH' } })
    expect(lines.at(-1)).toMatch(/the previous content stays in use/)
  })

  test('with a damaged record are reported once, and the address lacks its fields', async () => {
    const path = join(folder, 'damaged.mmdb')
    const bytes = buildMmdb(asns)
    const marker = bytes.indexOf(Buffer.from('abcdef4d61784d696e64', 'hex'))
    bytes.fill(0x3f, bytes.indexOf(Buffer.alloc(16)) + 16, marker)
    await writeFile(path, bytes)
    const opened = await geo({ asn: path })
    const flows = flowsOf([known, { src: known.dst, dst: known.src }])
    opened.fill(flows)
    expect(flowRows(flows.batch())).toEqual([
      { src_addr: known.src, dst_addr: known.dst },
      { src_addr: known.dst, dst_addr: known.src },
    ])
    expect(lines).toEqual([
      'Loaded an address database.',
      'An address database is damaged; rows of some addresses lack its fields. Download it again.',
    ])
  })

  test('resolve more addresses than the cache holds', async () => {
    const opened = await geo({
      asn: await file('asn.mmdb', {
        '10.0.0.0/9': { autonomous_system_number: 1 },
        '10.128.0.0/9': { autonomous_system_number: 2 },
      }),
    })
    const flows = flowsOf(
      Array.from({ length: 100_000 }, (_, i) => ({
        src: `10.${(i * 97) % 256}.${i % 251}.${(i >> 8) % 256}`,
        dst: '192.0.2.1',
      })),
    )
    opened.fill(flows)
    const wrong = flowRows(flows.batch()).filter(
      (row) => row['src_as'] !== (Number(String(row['src_addr']).split('.')[1]) < 128 ? 1 : 2),
    )
    expect(wrong).toEqual([])
  })
})

test.each([4, 6] as const)(
  'the tree of an IPv%i database is searched like in its library, for every record size',
  (ipVersion) => {
    const random = new SeededRandom(ipVersion)
    const v4 = Array.from(
      { length: 300 },
      () => `${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(0, 255)}.0/${random.integer(6, 24)}`,
    )
    const v6 = Array.from(
      { length: 300 },
      () => `20${random.integer(10, 99)}:${random.integer(1, 9)}00::/${random.integer(12, 48)}`,
    )
    const ranges = (ipVersion === 6 ? [...v4, ...v6] : v4).toSorted((a, b) => widthOf(a) - widthOf(b))
    const records = Object.fromEntries(ranges.map((range, number) => [range, { number: number + 1 }]))
    const words = new Uint32Array(4)
    for (const recordSize of [24, 28, 32] as const) {
      const bytes = buildMmdb(records, { ipVersion, recordSize })
      const reader = new Reader(bytes)
      const tree = new GeoTree(bytes, reader.metadata)
      const pointers = new Map<number, number>()
      for (let i = 0; i < 3000; i++) {
        const isV6 = ipVersion === 6 && random.chance(0.5)
        words.set(
          isV6
            ? [(0x20000000 | random.integer(0, 0x999999)) >>> 0, random.integer(0, 2 ** 32 - 1), 0, i]
            : [0, 0, 0xffff, random.integer(0, 2 ** 32 - 1)],
        )
        const wanted = (reader.get(formatIp(words)) as { readonly number: number } | null)?.number
        const pointer = tree.find(words, 0)
        expect(pointer === 0, formatIp(words)).toBe(wanted === undefined)
        if (wanted !== undefined) expect(pointers.get(pointer) ?? wanted).toBe(wanted)
        if (wanted !== undefined) pointers.set(pointer, wanted)
      }
      expect(pointers.size).toBeGreaterThan(20)
    }
  },
)

function widthOf(range: string): number {
  return Number(range.split('/')[1]) + (range.includes(':') ? 0 : 96)
}
