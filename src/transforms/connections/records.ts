import { murmur128 } from '../../engine/dedupe/murmur.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import type { RecordType } from './config.ts'
import { endTexts } from '../../model/endpoint.ts'
import { commonTexts } from './flow-rows.ts'
import { state, type Memory } from './memory.ts'
import { keyWords } from './slots.ts'

/** Values of `flow_end_reason` (information element 136). */
export const endReason = { idle: 1, active: 2, end: 3, resources: 5 } as const

export class Records {
  readonly #memory: Memory
  readonly #totals: boolean
  #flows: FlowBuilder | undefined

  constructor(memory: Memory, { totals }: Readonly<{ totals: boolean }>) {
    this.#memory = memory
    this.#totals = totals
  }

  add(slot: number, type: RecordType, reason = 0): void {
    const memory = this.#memory
    const flows = (this.#flows ??= new FlowBuilder(64))
    flows.reserve(1)
    const row = flows.count
    const states = memory.states[slot]!
    const put = (name: NumberField, value: number) => {
      const column = flows.column(name)
      column.items[row] = value
      column.mark(row)
    }
    const text = (name: TextField, value: string) => {
      const column = flows.column(name)
      column.items[row] = flows.code(value)
      column.mark(row)
    }
    text('record_type', type)
    text('conversation', conversationOf(memory, slot))
    put('conversation_first', (states & state.reported) === 0 ? 1 : 0)
    memory.states[slot] = states | state.reported
    const [start, end] = [memory.start[slot]!, memory.end[slot]!]
    put('time_start', Number.isNaN(start) ? memory.began[slot]! : start)
    put('time_end', Number.isNaN(end) ? memory.last[slot]! : end)
    this.#ends(flows, slot, row, states)
    put('proto', memory.table.keys[slot * keyWords + 9]!)
    if (memory.etype[slot] !== 0) put('etype', memory.etype[slot]!)
    if (memory.flags[slot] !== 0) put('tcp_flags', memory.flags[slot]!)
    if (memory.sampling[slot] !== 0) put('sampling', memory.sampling[slot]!)
    put('flow_logs', memory.flows[slot]!)
    if (reason !== 0) put('flow_end_reason', reason)
    const wide = (name: WideField, low: number, high: number) => {
      const column = flows.column(name)
      column.items[2 * row] = low
      column.items[2 * row + 1] = high + (low > 0xffff_ffff ? 1 : 0)
      column.mark(row)
    }
    const rtt = memory.rtt[slot]!
    if (!Number.isNaN(rtt)) wide('rtt_max', rtt % 2 ** 32, Math.floor(rtt / 2 ** 32))
    const [ab, ba] = [memory.sums(slot, 0), memory.sums(slot, 1)]
    wide('bytes_ab', ab.bytesLow, ab.bytesHigh)
    wide('bytes_ba', ba.bytesLow, ba.bytesHigh)
    wide('packets_ab', ab.packetsLow, ab.packetsHigh)
    wide('packets_ba', ba.packetsLow, ba.packetsHigh)
    if (this.#totals) {
      wide('bytes', ab.bytesLow + ba.bytesLow, ab.bytesHigh + ba.bytesHigh)
      wide('packets', ab.packetsLow + ba.packetsLow, ab.packetsHigh + ba.packetsHigh)
    }
    const texts = memory.texts[slot] ?? []
    for (let index = 0; index < texts.length; index++) {
      const [name, value] = [textNames[index], texts[index]]
      if (name !== undefined && value !== undefined && value !== '') text(name, value)
    }
    flows.commit(1)
  }

  take(): FlowBatch | undefined {
    const batch = this.#flows?.batch()
    this.#flows = undefined
    return batch
  }

  #ends(flows: FlowBuilder, slot: number, row: number, states: number) {
    const aIsLess = (states & state.aIsLess) !== 0
    const { keys } = this.#memory.table
    const at = slot * keyWords
    const [src, dst] = [flows.column('src_addr'), flows.column('dst_addr')]
    for (let word = 0; word < 4; word++) {
      src.items[4 * row + word] = keys[at + (aIsLess ? 0 : 4) + word]!
      dst.items[4 * row + word] = keys[at + (aIsLess ? 4 : 0) + word]!
    }
    src.mark(row)
    dst.mark(row)
    const ports = keys[at + 8]!
    const [less, greater] = [ports >>> 16, ports & 0xffff]
    const [from, to] = [flows.column('src_port'), flows.column('dst_port')]
    from.items[row] = aIsLess ? less : greater
    to.items[row] = aIsLess ? greater : less
    from.mark(row)
    to.mark(row)
  }
}

type TextField = 'record_type' | 'conversation' | (typeof commonTexts)[number] | EndText
type EndText = `${'src' | 'dst'}_${(typeof endTexts)[number]}`
type NumberField = Extract<
  FlowFieldName,
  | 'conversation_first'
  | 'time_start'
  | 'time_end'
  | 'proto'
  | 'etype'
  | 'tcp_flags'
  | 'sampling'
  | 'flow_logs'
  | 'flow_end_reason'
>
type WideField = 'rtt_max' | 'bytes' | 'packets' | 'bytes_ab' | 'bytes_ba' | 'packets_ab' | 'packets_ba'

const textNames: readonly TextField[] = [
  ...commonTexts,
  ...(['src', 'dst'] as const).flatMap((end) => endTexts.map((name): EndText => `${end}_${name}`)),
]

/** The same for both directions, and after each restart: 16 hexadecimal digits of a hash of the key. */
export function conversationOf({ ids, table }: Memory, slot: number): string {
  let id = ids[slot]
  if (id === undefined) {
    const key = table.keys.slice(slot * keyWords, (slot + 1) * keyWords)
    const [a, b] = murmur128([new Uint8Array(key.buffer)])
    id = hex(a) + hex(b)
    ids[slot] = id
  }
  return id
}

function hex(word: number) {
  return (word >>> 0).toString(16).padStart(8, '0')
}
