import { conversationNames } from '../../model/conversation-lists.ts'
import { plainBits } from '../../model/service-port.ts'
import { type ConversationRank, type ConversationsRequest } from '../../query/plan/index.ts'
import { flowNames } from '../../query/index.ts'
import { microseconds, portEvidence } from '../../query/live-columns.ts'
import { listeningSides, opensConnection } from '../../model/service-port.ts'
import { compareBytes } from '../../model/text-order.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { Cell } from '../../topics/cells.ts'
import { statCell, type RingAnswer } from './answers.ts'
import type { SumRow } from '../../topics/flows/sums/request.ts'
import { firstGroups, groupsPerSlice } from './rank.ts'
import { coveredSpan, present, scanRing, type Found, type RingSource } from './scan.ts'
import { estimateReader, reportedReader, SumTable } from './sums.ts'
import { compareCells } from '../../topics/cells.ts'
import { FieldValues, GroupIds } from './values.ts'

const field = (name: string) => flowNames.field(name)!
const keyFields = ['src_addr', 'src_port', 'dst_addr', 'dst_port', 'proto'].map(field)
const namedFields = (['src', 'dst'] as const).flatMap((end) => conversationNames.map((part) => `${end}_${part}`))

/** Columns by the number of a directed 5-tuple. */
class Directed {
  readonly sums = new SumTable({ further: ['drop_packets'] })
  readonly flags: (number | undefined)[] = []
  readonly opens: (boolean | undefined)[] = []
  readonly sourceListens: (boolean | undefined)[] = []
  readonly targetListens: (boolean | undefined)[] = []
  readonly first: number[] = []
  readonly last: number[] = []
  readonly rttMin: (number | bigint | undefined)[] = []
  readonly rttMax: (number | bigint | undefined)[] = []
  /** The last in byte order, by field of {@link namedFields}. */
  readonly names: (string | undefined)[][] = namedFields.map(() => [])

  add(match: Found, idOf: (row: number) => number, values: readonly FieldValues[]): void {
    const { batch, rows } = match
    const [bytes, packets] = [estimateReader(batch, 'bytes'), estimateReader(batch, 'packets')]
    const drops = reportedReader(batch, 'drop_packets')
    const [flags, rtt, evidence] = [flagReader(batch), reportedReader(batch, 'rtt'), portEvidence(batch)]
    const [from, to] = [timeOf(match, 'time_start'), timeOf(match, 'time_end')]
    const named = values.map((fieldValues) => fieldValues.of(match))
    const { sums } = this
    for (const row of rows) {
      const id = idOf(row)
      sums.count(id)
      const [sent, counted, dropped, bits, trip] = [bytes(row), packets(row), drops(row), flags(row), rtt(row)]
      if (sent !== undefined) sums.bytes.add(id, sent)
      if (counted !== undefined) sums.packets.add(id, counted)
      if (dropped !== undefined) sums.further('drop_packets').add(id, dropped)
      if (bits !== undefined) this.flags[id] = (this.flags[id] ?? 0) | bits
      const shown = evidence(row)
      if (opensConnection(shown)) this.opens[id] = true
      if (shown.listening === listeningSides.src) this.sourceListens[id] = true
      if (shown.listening === listeningSides.dst) this.targetListens[id] = true
      if (trip !== undefined) {
        this.rttMin[id] = least(this.rttMin[id] ?? trip, trip)
        this.rttMax[id] = largest(this.rttMax[id] ?? trip, trip)
      }
      this.first[id] = Math.min(this.first[id] ?? Number.POSITIVE_INFINITY, from(row))
      this.last[id] = Math.max(this.last[id] ?? Number.NEGATIVE_INFINITY, to(row))
      for (let at = 0; at < named.length; at++) {
        const cell = values[at]?.cells[named[at]?.(row) ?? 0]
        const name = this.names[at]!
        if (typeof cell === 'string') name[id] = later(name[id], cell)
      }
    }
  }
}

interface Conversation {
  readonly key: readonly Cell[]
  ab?: number
  ba?: number
}

/** Rows of `conversationsSql`. */
export async function ringConversations(
  source: RingSource,
  request: ConversationsRequest,
  signal: AbortSignal,
): Promise<RingAnswer> {
  const { resolver, scheduler } = source
  const ids = new GroupIds(keyFields, resolver)
  const values = namedFields.map((name) => new FieldValues(field(name), resolver))
  const directed = new Directed()
  const scan = scanRing(source, request, signal, { order: 'oldest' })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) directed.add(next.value, ids.of(next.value), values)
  const numbers = new Map<string, number>()
  const conversations: Conversation[] = []
  const sums = new SumTable({ further: ['drop_packets'] })
  const totals = new SumTable()
  for (let id = 0; id < directed.sums.size; id++) {
    if (id % groupsPerSlice === groupsPerSlice - 1) await scheduler.next()
    if (directed.sums.flows(id) === 0) continue
    const [src, srcPort, dst, dstPort, proto] = ids.cells(id) as [Cell, Cell, Cell, Cell, Cell]
    const isAb = precedes(src, srcPort, dst, dstPort)
    const key = isAb ? [src, srcPort, dst, dstPort, proto] : [dst, dstPort, src, srcPort, proto]
    const text = JSON.stringify(key)
    let number = numbers.get(text)
    if (number === undefined) {
      numbers.set(text, (number = conversations.length))
      conversations.push({ key })
    }
    conversations[number]![isAb ? 'ab' : 'ba'] = id
    sums.addFrom(number, directed.sums, id)
    totals.addFrom(0, directed.sums, id)
  }
  const order = byRank(request.by, conversations, directed, sums)
  const shown = await firstGroups(sums, request.limit, order, scheduler)
  signal.throwIfAborted()
  const total = {
    _all_conversations: conversations.length,
    _all_flows: totals.flows(0),
    _all_bytes: totals.bytes.cell(0),
    _all_packets: totals.packets.cell(0),
  }
  const rows = shown.map((number) => ({
    ...recordOf(directed, conversations[number]!),
    _drop_packets: sums.further('drop_packets').cell(number),
    ...total,
  }))
  return { rows: rows.length === 0 ? [total] : rows, span: coveredSpan(request.span, next.value.since) }
}

function waysOf({ ab, ba }: Conversation): readonly number[] {
  return [ab, ba].filter((id) => id !== undefined)
}

function recordOf(directed: Directed, conversation: Conversation): SumRow {
  const { key, ab, ba } = conversation
  const [aAddr, aPort, bAddr, bPort, proto] = key
  const record: Record<string, unknown> = {
    _a_addr: aAddr,
    _a_port: aPort,
    _b_addr: bAddr,
    _b_port: bPort,
    _proto: proto,
    _last: extreme(largest, directed.last, conversation),
    _rtt_min: statCell(extreme(least, directed.rttMin, conversation)),
    _rtt_max: statCell(extreme(largest, directed.rttMax, conversation)),
  }
  conversationNames.forEach((part, at) => {
    const [asSource, asTarget] = [directed.names[at], directed.names[at + conversationNames.length]]
    const of = (list: typeof asSource, id: number | undefined) => (id === undefined ? undefined : list?.[id])
    record[`_a_${part}`] = later(of(asSource, ab), of(asTarget, ba)) ?? null
    record[`_b_${part}`] = later(of(asTarget, ab), of(asSource, ba)) ?? null
  })
  for (const [way, id] of [
    ['ab', ab],
    ['ba', ba],
  ] as const) {
    const { sums } = directed
    record[`_flows_${way}`] = id === undefined ? 0 : sums.flows(id)
    record[`_bytes_${way}`] = id === undefined ? null : sums.bytes.cell(id)
    record[`_packets_${way}`] = id === undefined ? null : sums.packets.cell(id)
    record[`_flags_${way}`] = id === undefined ? null : (directed.flags[id] ?? null)
    record[`_opens_${way}`] = id !== undefined && directed.opens[id] === true
    record[`_source_listens_${way}`] = id !== undefined && directed.sourceListens[id] === true
    record[`_target_listens_${way}`] = id !== undefined && directed.targetListens[id] === true
    record[`_first_${way}`] = id === undefined ? null : (directed.first[id] ?? null)
  }
  return record
}

function least<T extends number | bigint>(a: T, b: T): T {
  return b < a ? b : a
}

function largest<T extends number | bigint>(a: T, b: T): T {
  return b > a ? b : a
}

/** Over both directions; null without values. */
function extreme<T extends number | bigint>(
  of: (one: T, other: T) => T,
  column: readonly (T | undefined)[],
  conversation: Conversation,
): T | null {
  const values = waysOf(conversation).flatMap((id) => column[id] ?? [])
  return values.length === 0 ? null : values.reduce(of)
}

function byRank(
  by: ConversationRank,
  conversations: readonly Conversation[],
  directed: Directed,
  sums: SumTable,
): (a: number, b: number) => number {
  const number = (at: number) => {
    const conversation = conversations[at]!
    if (by === 'rtt') return extreme(largest, directed.rttMax, conversation) ?? -1
    const last = extreme(largest, directed.last, conversation) ?? 0
    return by === 'last' ? last : last - (extreme(least, directed.first, conversation) ?? 0)
  }
  const size = (a: number, b: number) => {
    if (by === 'flows') return sums.flows(a) - sums.flows(b)
    if (by === 'bytes' || by === 'packets' || by === 'drop_packets') return sums.compare(by, a, b)
    const [left, right] = [number(a), number(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
  return (a, b) => {
    const order = size(b, a)
    if (order !== 0) return order
    const [left, right] = [conversations[a]!.key, conversations[b]!.key]
    for (let at = 0; at < left.length; at++) {
      const between = compareCells(left[at] ?? null, right[at] ?? null)
      if (between !== 0) return between
    }
    return 0
  }
}

/** The order of addresses as text, then of ports; absent ones first. */
function precedes(src: Cell, srcPort: Cell, dst: Cell, dstPort: Cell) {
  const order = compareBytes(typeof src === 'string' ? src : '', typeof dst === 'string' ? dst : '')
  return order === 0 ? Number(srcPort ?? -1) <= Number(dstPort ?? -1) : order < 0
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compareBytes(a, b) < 0 ? b : a
}

function flagReader(batch: FlowBatch): (row: number) => number | undefined {
  const [column, protocol] = [batch.columns['tcp_flags'], batch.columns['protocol']]
  if (column?.kind !== 'u16') return () => undefined
  const { values, valid } = column
  const agent = batch.dictionary.indexOf('netobserv')
  return (row) => {
    if (!present(valid, row)) return undefined
    const flags = values[row]!
    return agent > 0 && protocol?.kind === 'dict' && protocol.codes[row] === agent ? flags : flags & plainBits
  }
}

function timeOf({ batch, header }: Found, name: string): (row: number) => number {
  const [column, received] = [batch.columns[name], batch.columns['time_received']]
  const read = (of: typeof column, row: number) =>
    of?.kind === 'time' && present(of.valid, row) ? microseconds(of.values[row]) : Number.NaN
  const whole = microseconds(Math.round(header.received))
  return (row) => {
    const [started, came] = [read(column, row), read(received, row)]
    return started === started ? started : came === came ? came : whole
  }
}
