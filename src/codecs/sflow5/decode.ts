import { u32 } from '../packet/packet.ts'
import type { FlowBuilder } from '../../model/flow-builder.ts'
import type { Datagram, Malformed } from './datagram.ts'
import { recordTag, sampleTag } from './format.ts'
import { headerPadding, readRecord } from './records.ts'
import { SampleRows, type Origin } from './rows.ts'
import { Sample } from './sample.ts'

export interface Decoded {
  rows: number
  malformed: Malformed | undefined
  decodedBytes: number
  /** Header padding, and bytes after the last sample. */
  paddingBytes: number
  skippedBytes: number
  malformedBytes: number
  counterSamples: number
  unknownSamples: number
}

/** Decodes sFlow 5 into one builder. Never throws; allocates nothing per row. */
export class Sflow5Decoder {
  readonly #flows: FlowBuilder
  readonly #rows: SampleRows
  readonly #sample = new Sample()
  readonly #result: Decoded = {
    rows: 0,
    malformed: undefined,
    decodedBytes: 0,
    paddingBytes: 0,
    skippedBytes: 0,
    malformedBytes: 0,
    counterSamples: 0,
    unknownSamples: 0,
  }

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#rows = new SampleRows(flows)
  }

  decode(datagram: Datagram, origin: Origin): Readonly<Decoded> {
    const result = this.#result
    result.malformed = datagram.malformed
    result.decodedBytes = datagram.headerBytes
    result.paddingBytes = datagram.padding
    result.malformedBytes = datagram.lost
    result.skippedBytes = result.counterSamples = result.unknownSamples = 0
    this.#flows.reserve(datagram.flowSamples)
    let row = this.#flows.count
    for (let i = 0; i < datagram.samples; i++) row += this.#readSample(datagram, i, row)
    result.rows = row - this.#flows.count
    this.#rows.finish(row, datagram.subAgent, origin)
    return result
  }

  #readSample({ bytes, tags, starts, ends }: Datagram, index: number, row: number): 0 | 1 {
    const result = this.#result
    const tag = tags[index] ?? 0
    const start = starts[index] ?? 0
    const end = ends[index] ?? 0
    if (tag !== sampleTag.flow && tag !== sampleTag.expandedFlow && tag !== sampleTag.discarded) {
      if (tag === sampleTag.counters || tag === sampleTag.expandedCounters) result.counterSamples++
      else result.unknownSamples++
      result.skippedBytes += 8 + end - start
      return 0
    }
    const records = this.#sample.readHead(tag, bytes, start, end)
    if (records === 0) {
      this.#spoiled('sample', 8 + end - start)
      return 0
    }
    result.decodedBytes += 8 + records - start
    this.#readRecords(bytes, records, end)
    this.#sample.settle()
    this.#rows.add(this.#sample, row)
    return 1
  }

  #readRecords(bytes: Uint8Array, from: number, end: number) {
    const result = this.#result
    let at = from
    for (let left = this.#sample.recordCount; left > 0; left--) {
      const start = at + 8
      const next = start > end ? end + 1 : start + u32(bytes, at + 4)
      if (next > end) {
        this.#spoiled('record', end - at)
        return
      }
      const tag = u32(bytes, at)
      const taken = readRecord(tag, bytes, start, next, this.#sample)
      if (taken === 'taken') {
        const padding = tag === recordTag.header ? headerPadding(bytes, start, next) : 0
        result.paddingBytes += padding
        result.decodedBytes += next - at - padding
      } else if (taken === 'unknown') result.skippedBytes += next - at
      else this.#spoiled('record', next - at)
      at = next
    }
    result.skippedBytes += end - at
  }

  #spoiled(why: Malformed, bytes: number) {
    this.#result.malformed ??= why
    this.#result.malformedBytes += bytes
  }
}
