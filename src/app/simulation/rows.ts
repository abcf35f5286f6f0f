/** Rows as the sources of a configuration give them. Row n of a source is the same in each run of a seed. */
import { putFields } from '../../codecs/flow-values/index.ts'
import { SeededRandom } from '../../host/simulated/random.ts'
import { encodeBatch } from '../../journal/index.ts'
import { timeRange } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import type { Hint, Hints } from './hints.ts'
import type { PlannedSource } from './sources.ts'

/** Rows that take values of a filter. */
const hintedShare = 0.6
const ports = [443, 443, 443, 80, 53, 5432, 6379, 8080, 9092, 22] as const
const types = ['created', 'changed', 'closed', 'failed'] as const
const utf8 = new TextEncoder()

export class Rows {
  readonly #source: PlannedSource
  readonly #hints: readonly Hint[]
  readonly #base: number

  constructor(source: PlannedSource, hints: Hints, random: SeededRandom) {
    this.#source = source
    this.#hints = source.kind === 'flows' ? hints.flows : hints.events
    this.#base = random.integer(0, 2 ** 20) * 2 ** 32
  }

  /** `first`: number of the first row, which the cursor continues. */
  unit(first: number, count: number, received: number): Omit<Unit, 'source'> {
    const { id, kind } = this.#source
    const cursor = utf8.encode(String(first + count))
    if (kind === 'flows') {
      const raw = encodeBatch(this.#flows(first, count, received)).slice()
      const times = { timeMin: received - 60_000, timeMax: received }
      return { stream: id, kind, count, raw, received, cursor, ...times }
    }
    const batch = toEventBatch(Array.from({ length: count }, (_, row) => this.#event(first + row, received)))
    return { stream: id, kind, count, raw: encodeBatch(batch).slice(), received, cursor, ...timeRange(batch.time) }
  }

  #flows(first: number, count: number, received: number): FlowBatch {
    const puts = putFields(count)
    const put = (name: string, row: number, value: unknown) => puts.to(name)?.(row, value)
    for (let row = 0; row < count; row++) {
      const random = this.#random(first + row)
      const bytes = Math.floor(60 * 10 ** (4 * random.next()))
      put('src_addr', row, `10.${random.integer(0, 7)}.${random.integer(0, 255)}.${random.integer(1, 254)}`)
      put('dst_addr', row, `10.8.${random.integer(0, 63)}.${random.integer(1, 254)}`)
      put('src_port', row, random.integer(32_768, 60_999))
      put('dst_port', row, random.pick(ports))
      put('proto', row, random.chance(0.2) ? 17 : 6)
      put('bytes', row, bytes)
      put('packets', row, Math.ceil(bytes / 800))
      put('time_start', row, received - random.integer(1000, 60_000))
      put('time_end', row, received)
      for (const [name, value] of this.#hint(random))
        put(name.replace('.', '_'), row, /^\d+$/.test(value) ? Number(value) : value)
    }
    return puts.done()
  }

  #event(number: number, received: number): WeirEvent {
    const { id, family, size } = this.#source
    const random = this.#random(number)
    const hint = this.#hint(random)
    const body: Record<string, unknown> = { number, customer: `customer-${random.integer(0, 999)}` }
    for (const [name, value] of hint) if (name.startsWith('data.')) setMember(body, name.slice(5).split('.'), value)
    const filler = Math.floor(size * (0.5 + random.next())) - JSON.stringify(body).length
    if (filler > 10) body['text'] = random.bytes(filler / 2).reduce((text, byte) => text + byte.toString(16), '')
    return {
      id: `${id}-${number}`,
      source: hint.get('source') ?? `/simulated/${id}`,
      type: hint.get('type') ?? `simulated.${random.pick(types)}`,
      subject: hint.get('subject') ?? `object/${random.integer(0, 9999)}`,
      key: hint.get('key') ?? `key-${random.integer(0, 999)}`,
      family,
      time: received,
      datacontenttype: 'application/json',
      encoding: 'json',
      data: utf8.encode(JSON.stringify(body)),
    }
  }

  #random(row: number): SeededRandom {
    return new SeededRandom(this.#base + row)
  }

  #hint(random: SeededRandom): ReadonlyMap<string, string> {
    if (this.#hints.length === 0 || !random.chance(hintedShare)) return new Map()
    const hint = random.pick(this.#hints)
    return new Map([...hint].map(([name, values]) => [name, random.pick(values)]))
  }
}

function setMember(body: Record<string, unknown>, path: readonly string[], value: string) {
  const [first = '', ...rest] = path
  if (rest.length === 0) body[first] = value
  else setMember((body[first] ??= {}) as Record<string, unknown>, rest, value)
}
