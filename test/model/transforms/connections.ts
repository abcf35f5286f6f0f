/** Connection tracking over plain rows: every list is searched in full. */
import { murmur128 } from '../../../src/engine/dedupe/murmur.ts'
import { hashOf, keyWords } from '../../../src/transforms/connections/slots.ts'
import type { Row } from './reference.ts'

export interface Limits {
  readonly heartbeat: number
  readonly idle: number
  readonly ending: number
  readonly part: number
  readonly connections: number
}

interface Connection {
  readonly key: Uint32Array
  /** A's end is the one with the lesser address. */
  aIsLess: boolean
  open: boolean
  reported: boolean
  began: number
  last: number
  /** Order of the last flow, of the last flow with FIN, and of the next heartbeat. */
  lastOrder: number
  finAt: number | undefined
  finOrder: number
  beatAt: number
  beatOrder: number
  flows: number
  start: string | undefined
  end: string | undefined
  flags: number
  sampling: number | undefined
  scaled: boolean
  scope: string | undefined
  bytes: [number, number]
}

interface Due {
  readonly at: number
  /** Of the same time: idle, ended, heartbeat. */
  readonly rank: number
  readonly order: number
  readonly connection: Connection
}

export class NaiveConnections {
  readonly #limits: Limits
  readonly #emit: (row: Row) => void
  #all: Connection[] = []
  #now = 0
  #order = 0

  constructor(limits: Limits, emit: (row: Row) => void) {
    this.#limits = limits
    this.#emit = emit
  }

  advance(to: number): void {
    this.#now = Math.max(this.#now, to)
    for (;;) {
      const [next] = this.#dues().sort((a, b) => a.at - b.at || a.rank - b.rank || a.order - b.order)
      if (next === undefined || next.at > this.#now) return
      const { connection, rank } = next
      if (rank === 0) {
        this.#end(connection, connection.finAt === undefined ? 1 : 3)
        this.#all = this.#all.filter((one) => one !== connection)
      } else if (rank === 1) this.#end(connection, 3)
      else {
        this.#report(connection, 'heartbeat')
        connection.beatAt = next.at + this.#limits.heartbeat
        connection.beatOrder = ++this.#order
      }
    }
  }

  /** The reason of the row's outcome. */
  take(row: Row): string {
    if (row['proto'] !== 6 || row['src_addr'] === undefined || row['dst_addr'] === undefined) return 'untracked'
    const isFromLess = String(row['src_addr']) < String(row['dst_addr'])
    const key = keyOf(row, isFromLess)
    let reason = 'tracked'
    let connection = this.#all.find((one) => one.key.every((word, index) => word === key[index]))
    if (connection === undefined) {
      if (this.#all.length === this.#limits.connections) {
        const oldest = this.#all.reduce((a, b) => (b.lastOrder < a.lastOrder ? b : a))
        if (oldest.open) reason = 'limit'
        this.#end(oldest, 5)
        this.#all = this.#all.filter((one) => one !== oldest)
      }
      connection = { key, open: false } as Connection
      this.#all.push(connection)
    }
    const isNew = !connection.open
    const phase = hashOf(key) % this.#limits.part
    const part = (time: number): number => Math.floor((time - phase) / this.#limits.part)
    if (isNew || part(this.#now) > part(connection.began)) {
      if (!isNew) this.#report(connection, 'endConnection', 2)
      this.#begin(connection, row, isFromLess)
      connection.reported = !isNew
      if (isNew) connection.finAt = undefined
    }
    this.#sum(connection, row, isFromLess)
    if (isNew) this.#report(connection, 'newConnection')
    return reason
  }

  #begin(connection: Connection, row: Row, isFromLess: boolean): void {
    const [from, to] = [Number(row['src_port'] ?? 0), Number(row['dst_port'] ?? 0)]
    const flags = Number(row['tcp_flags'] ?? 0)
    const isFromA = (flags & 0x12) === 2 || from >= to
    Object.assign(connection, {
      aIsLess: isFromA === isFromLess,
      open: true,
      began: this.#now,
      beatAt: this.#now + this.#limits.heartbeat,
      beatOrder: ++this.#order,
      flows: 0,
      start: undefined,
      end: undefined,
      flags: 0,
      sampling: row['sampling'],
      scaled: false,
      scope: row['scope'],
      bytes: [0, 0],
    })
  }

  #sum(connection: Connection, row: Row, isFromLess: boolean): void {
    connection.last = this.#now
    connection.lastOrder = ++this.#order
    connection.flows++
    const flags = Number(row['tcp_flags'] ?? 0)
    connection.flags |= flags
    const [start, end] = [row['time_start'], row['time_end']]
    if (typeof start === 'string' && !(connection.start !== undefined && connection.start <= start))
      connection.start = start
    if (typeof end === 'string' && !(connection.end !== undefined && connection.end >= end)) connection.end = end
    const sampling = row['sampling'] as number | undefined
    if (!connection.scaled && sampling !== connection.sampling) {
      const before = connection.sampling ?? 1
      connection.bytes = [connection.bytes[0] * before, connection.bytes[1] * before]
      connection.scaled = true
      connection.sampling = 1
    }
    const way = isFromLess === connection.aIsLess ? 0 : 1
    connection.bytes[way] += Number(row['bytes'] ?? 0) * (connection.scaled ? (sampling ?? 1) : 1)
    if ((flags & 5) === 0) return
    connection.finAt = this.#now
    connection.finOrder = ++this.#order
  }

  #dues(): Due[] {
    const { idle, ending } = this.#limits
    return this.#all.flatMap((connection) => {
      const { open, last, lastOrder, finAt, finOrder, beatAt, beatOrder } = connection
      return [
        { at: last + idle, rank: 0, order: lastOrder, connection },
        ...(open && finAt !== undefined ? [{ at: finAt + ending, rank: 1, order: finOrder, connection }] : []),
        ...(open ? [{ at: beatAt, rank: 2, order: beatOrder, connection }] : []),
      ]
    })
  }

  #end(connection: Connection, reason: number): void {
    if (connection.open) this.#report(connection, 'endConnection', reason)
    connection.open = false
  }

  #report(connection: Connection, type: string, reason?: number): void {
    const { key, aIsLess, reported, flows, flags, start, end, began, last, sampling, scope, bytes } = connection
    const [a, b] = murmur128([new Uint8Array(key.slice().buffer)])
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
    const ends = [0, 4].map((at) => `10.0.0.${(key[at + 3] ?? 0) & 0xff}`)
    const ports = [(key[8] ?? 0) >>> 16, (key[8] ?? 0) & 0xffff]
    const [src, dst] = aIsLess ? [0, 1] : [1, 0]
    this.#emit({
      record_type: type,
      conversation: hex(a) + hex(b),
      conversation_first: reported ? 0 : 1,
      time_start: start ?? new Date(began).toISOString(),
      time_end: end ?? new Date(last).toISOString(),
      src_addr: ends[src],
      dst_addr: ends[dst],
      src_port: ports[src],
      dst_port: ports[dst],
      proto: 6,
      ...(flags === 0 ? {} : { tcp_flags: flags }),
      ...(sampling === undefined ? {} : { sampling }),
      flow_logs: flows,
      ...(reason === undefined ? {} : { flow_end_reason: reason }),
      bytes_ab: bytes[0],
      bytes_ba: bytes[1],
      packets_ab: 0,
      packets_ba: 0,
      ...(scope === undefined ? {} : { scope }),
    })
    connection.reported = true
  }
}

function keyOf(row: Row, isFromLess: boolean): Uint32Array {
  const key = new Uint32Array(keyWords)
  const [less, greater] = isFromLess ? (['src', 'dst'] as const) : (['dst', 'src'] as const)
  const word = (end: string): number => ((10 << 24) | Number(String(row[`${end}_addr`]).split('.')[3])) >>> 0
  key.set([0, 0, 0xffff, word(less), 0, 0, 0xffff, word(greater)])
  key[8] = Number(row[`${less}_port`] ?? 0) * 65_536 + Number(row[`${greater}_port`] ?? 0)
  key[9] = 6
  if (row['scope'] !== undefined)
    key.set(murmur128([new TextEncoder().encode(`=${String(row['scope'])}`)]).slice(0, 2), 10)
  return key
}
