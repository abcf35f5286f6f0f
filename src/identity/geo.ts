import type { Host } from '../host/index.ts'
import type { FlowBuilder, GrowingColumn } from '../model/flow-builder.ts'
import type { Log } from '../telemetry/ports.ts'
import { GeoDatabase } from './geo-database.ts'

export type GeoFiles = Readonly<{
  asn?: string
  country?: string
}>

export interface Geo {
  fill(flows: FlowBuilder): void
  close(): void
}

export async function openGeo(host: Pick<Host, 'disk' | 'timers'>, files: GeoFiles, log: Log): Promise<Geo> {
  const asn = files.asn === undefined ? undefined : await GeoDatabase.open(host, files.asn, log)
  const country =
    files.country === undefined
      ? undefined
      : files.country === files.asn
        ? asn
        : await GeoDatabase.open(host, files.country, log)
  return new GeoColumns(asn, country)
}

const slots = 1 << 16
const probes = 4

class GeoColumns implements Geo {
  readonly #asnDatabase: GeoDatabase | undefined
  readonly #countryDatabase: GeoDatabase | undefined
  readonly #keys = new Uint32Array(4 * slots)
  readonly #used = new Uint8Array(slots)
  readonly #asns = new Uint32Array(slots)
  readonly #countries = new Uint16Array(slots)
  readonly #names: string[] = ['']
  readonly #numbers = new Map<string, number>()
  readonly #asnRecords = new Map<number, number>()
  readonly #countryRecords = new Map<number, number>()
  #generation = -1
  #turn = 0

  constructor(asn: GeoDatabase | undefined, country: GeoDatabase | undefined) {
    this.#asnDatabase = asn
    this.#countryDatabase = country
  }

  fill(flows: FlowBuilder): void {
    const generation = (this.#asnDatabase?.generation ?? 0) + (this.#countryDatabase?.generation ?? 0)
    if (generation !== this.#generation) {
      this.#generation = generation
      this.#used.fill(0)
      this.#asnRecords.clear()
      this.#countryRecords.clear()
    }
    this.#fillSide(flows, flows.column('src_addr'), flows.column('src_as'), flows.column('src_country'))
    this.#fillSide(flows, flows.column('dst_addr'), flows.column('dst_as'), flows.column('dst_country'))
  }

  close(): void {
    this.#asnDatabase?.close()
    this.#countryDatabase?.close()
  }

  #fillSide(
    flows: FlowBuilder,
    address: GrowingColumn<Uint32Array>,
    as: GrowingColumn<Uint32Array>,
    country: GrowingColumn<Uint32Array>,
  ) {
    if (!address.used) return
    for (let row = 0; row < flows.count; row++) {
      if (as.items[row] !== 0 && country.items[row] !== 0) continue
      const slot = this.#slotOf(address.items, 4 * row)
      if (slot < 0) continue
      const asn = this.#asns[slot] ?? 0
      // Exporters write AS 0 for unknown.
      if (asn !== 0 && as.items[row] === 0) {
        as.items[row] = asn
        as.mark(row)
      }
      const number = this.#countries[slot] ?? 0
      if (number !== 0 && country.items[row] === 0) {
        country.items[row] = flows.code(this.#names[number] ?? '')
        country.mark(row)
      }
    }
  }

  #slotOf(words: Uint32Array, at: number): number {
    const w0 = words[at] ?? 0,
      w1 = words[at + 1] ?? 0,
      w2 = words[at + 2] ?? 0,
      w3 = words[at + 3] ?? 0
    if ((w0 | w1 | w2 | w3) === 0) return -1
    const first = hash(w0, w1, w2, w3) & (slots - 1)
    const keys = this.#keys
    let free = -1
    for (let i = 0; i < probes; i++) {
      const slot = (first + i) & (slots - 1)
      if (this.#used[slot] === 0) {
        free = slot
        break
      }
      const key = 4 * slot
      if (keys[key + 3] === w3 && keys[key] === w0 && keys[key + 1] === w1 && keys[key + 2] === w2) return slot
    }
    const slot = free >= 0 ? free : (first + (this.#turn++ % probes)) & (slots - 1)
    this.#lookup(words, at, slot)
    return slot
  }

  #lookup(words: Uint32Array, at: number, slot: number) {
    for (let word = 0; word < 4; word++) this.#keys[4 * slot + word] = words[at + word] ?? 0
    this.#used[slot] = 1
    this.#asns[slot] = answerOf(this.#asnDatabase, this.#asnRecords, words, at, asnOf)
    this.#countries[slot] = answerOf(this.#countryDatabase, this.#countryRecords, words, at, (record) =>
      this.#numberOf(countryOf(record)),
    )
  }

  #numberOf(name: string | undefined): number {
    if (name === undefined) return 0
    let number = this.#numbers.get(name)
    if (number === undefined) {
      number = this.#names.push(name) - 1
      this.#numbers.set(name, number)
    }
    return number
  }
}

function answerOf(
  database: GeoDatabase | undefined,
  records: Map<number, number>,
  words: Uint32Array,
  at: number,
  read: (record: unknown) => number,
): number {
  const pointer = database?.find(words, at) ?? 0
  if (database === undefined || pointer === 0) return 0
  const record = records.get(pointer)
  if (record !== undefined) return record
  const answer = read(database.get(words, at))
  records.set(pointer, answer)
  return answer
}

function hash(w0: number, w1: number, w2: number, w3: number) {
  let mixed = Math.imul(w0 ^ Math.imul(w1, 0x85ebca6b), 0xc2b2ae35)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ w2, 0x2c1b3c6d)
  mixed = Math.imul(mixed ^ (mixed >>> 13) ^ w3, 0x297a2d39)
  return mixed ^ (mixed >>> 16)
}

/** MaxMind: `autonomous_system_number`; IPinfo: `asn` as `AS64500`. */
function asnOf(record: unknown) {
  const { autonomous_system_number: number, asn } = objectOf(record)
  const value = typeof number === 'number' ? number : typeof asn === 'string' ? Number(asn.replace(/^AS/i, '')) : asn
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 0xffffffff ? value : 0
}

/** MaxMind: `country.iso_code`; IPinfo: `country_code`, or `country`. */
function countryOf(record: unknown): string | undefined {
  const { country, country_code: code } = objectOf(record)
  const name = objectOf(country)['iso_code'] ?? code ?? country
  return typeof name === 'string' && /^[A-Z]{2}$/.test(name) ? name : undefined
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
