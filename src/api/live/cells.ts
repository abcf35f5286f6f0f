/** Cells of live rows, in the formats of SQL results. */
import type { Resolver } from '../../engine/contracts.ts'
import type { FrameHeader } from '../../journal/types.ts'
import { dataEncodings, type Batch, type EventBatch, type FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column, type ListDictColumn, type ListU8Column } from '../../model/columns.ts'
import { eventId, heapItem } from '../../model/events.ts'
import { parseWithTexts } from '../../model/exact-json.ts'
import { formatIp } from '../../model/ip.ts'
import { stableId } from '../../model/positions.ts'
import { initiatorOf, servicePortOf } from '../../model/service-port.ts'
import { endpointField, memberOf } from '../../query/index.ts'
import { portEvidence, resolvedTexts, storedColumn, textsOf } from '../../query/live-columns.ts'
import type { Cell } from '../../topics/cells.ts'

type CellReader = (row: number) => Cell

const bodyPreview = 4096

export function cellReader(
  batch: Batch,
  header: FrameHeader,
  name: string,
  resolver: Resolver | undefined,
): CellReader {
  if (name === '_pos') return (row) => stableId(header.source, header.epoch, header.sourceSequence, row)
  return batch.kind === 'flows' ? flowCell(batch, header, name, resolver) : eventCell(batch, header, name)
}

function flowCell(batch: FlowBatch, header: FrameHeader, name: string, resolver: Resolver | undefined): CellReader {
  const endpoint = endpointField(name)
  if (endpoint !== undefined) {
    const readers = endpoint.firstOf.map((part) => flowCell(batch, header, part, resolver))
    return (row) => {
      for (const read of readers) {
        const value = read(row)
        if (value !== null) return value
      }
      return null
    }
  }
  if (memberOf(name) !== undefined) {
    const read = textsOf({ batch, header, resolver }, name)
    return (row) => read?.(row) ?? null
  }
  const resolvedText = resolvedTexts({ batch, header, resolver }, name)
  if (resolvedText !== undefined) {
    // Values in the flow have priority over enrichment.
    const flowText = valueCell(batch, name)
    return (row) => flowText(row) ?? resolvedText(row) ?? null
  }
  if (name === 'bytes_est' || name === 'packets_est')
    return estimateCell(batch, name === 'bytes_est' ? 'bytes' : 'packets')
  if (name === 'service_port' || name === 'initiator') {
    const evidence = portEvidence(batch)
    const sideOf = name === 'initiator' ? initiatorOf : servicePortOf
    return (row) => sideOf(evidence(row)) ?? null
  }
  if (name === 'time_skewed') {
    const skewed = valueCell(batch, name)
    return (row) => (skewed(row) === null ? null : skewed(row) === 1)
  }
  if (name === 'time_received' && batch.columns[name] === undefined) return () => timeText(header.received)
  const column = storedColumn(batch, header, name, resolver)
  return column === undefined ? () => null : columnCell(column, batch.dictionary)
}

function valueCell(batch: FlowBatch, name: string): CellReader {
  const column = batch.columns[name]
  return column === undefined ? () => null : columnCell(column, batch.dictionary)
}

function columnCell(column: Column, dictionary: readonly string[]): CellReader {
  switch (column.kind) {
    case 'ip':
      return (row) => (isPresent(column.valid, row) ? formatIp(column.words, row * 4) : null)
    case 'mac':
      return (row) => (isPresent(column.valid, row) ? macText(column.words, row * 2) : null)
    case 'u64':
      return (row) => (isPresent(column.valid, row) ? wideNumber(column.words, row) : null)
    case 'time':
      return (row) => (isPresent(column.valid, row) ? timeText(column.values[row]) : null)
    case 'dict':
      return (row) => word(dictionary, column.codes[row])
    case 'json':
      return (row) => jsonOf(word(dictionary, column.codes[row]))
    case 'list<u8>':
    case 'list<dict>':
      return (row) => listCell(column, dictionary, row)
    default:
      return (row) => (isPresent(column.valid, row) ? (column.values[row] ?? null) : null)
  }
}

/** A cell of a list; an empty list is null. */
function listCell(column: ListU8Column | ListDictColumn, dictionary: readonly string[], row: number): Cell {
  const items = [...column.items.subarray(column.offsets[row], column.offsets[row + 1])]
  if (items.length === 0) return null
  return column.kind === 'list<u8>' ? items : items.map((code) => dictionary[code] ?? '')
}

function wideNumber(words: Uint32Array, row: number): number | string {
  const lowWord = words[row * 2] ?? 0
  const highWord = words[row * 2 + 1] ?? 0
  if (highWord < 0x20_0000) return highWord * 0x1_0000_0000 + lowWord
  return ((BigInt(highWord) << 32n) | BigInt(lowWord)).toString()
}

/** An unknown sampling interval counts as 1. */
function estimateCell(batch: FlowBatch, of: 'bytes' | 'packets'): CellReader {
  const reported = valueCell(batch, of)
  const sampling = valueCell(batch, 'sampling')
  return (row) => {
    const count = reported(row)
    if (count === null) return null
    const product = BigInt(count as string | number) * BigInt((sampling(row) as number | null) ?? 1)
    return product <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(product) : product.toString()
  }
}

const text = new TextDecoder()

function eventCell(batch: EventBatch, header: FrameHeader, name: string): CellReader {
  switch (name) {
    case 'id':
      return (row) => eventId(batch, row)
    case 'time':
      return (row) => timeText(batch.time[row])
    case 'time_received':
      return () => timeText(header.received)
    case 'extensions':
      return (row) => jsonOf(word(batch.dictionary, batch.extensions[row]))
    case 'data':
      return (row) => bodyCell(batch, row)
    case 'data_base64':
      return (row) =>
        dataEncodings[batch.encoding[row] ?? 0] === 'binary' ? Buffer.from(head(batch, row)).toString('base64') : null
    case 'source':
    case 'type':
    case 'subject':
    case 'datacontenttype':
    case 'dataschema':
    case 'family':
    case 'key':
    case 'ref':
      return (row) => word(batch.dictionary, batch[name][row])
    default:
      return () => null
  }
}

/** A truncated body ends in an ellipsis. */
function bodyCell(batch: EventBatch, row: number): Cell {
  const encoding = dataEncodings[batch.encoding[row] ?? 0]
  if (encoding !== 'json' && encoding !== 'text') return null
  const shownBody = text.decode(head(batch, row))
  if (heapItem(batch.data, row).length > bodyPreview) return `${shownBody}…`
  return encoding === 'json' ? jsonOf(shownBody) : shownBody
}

function head(batch: EventBatch, row: number) {
  return heapItem(batch.data, row).subarray(0, bodyPreview)
}

function word(dictionary: readonly string[], code: number | undefined) {
  return code === undefined || code === 0 ? null : (dictionary[code] ?? null)
}

function jsonOf(written: string | null): Cell {
  if (written === null) return null
  try {
    return parseWithTexts(written) as Cell
  } catch {
    return written
  }
}

/** ISO 8601 in UTC with ms; null for an invalid time. */
function timeText(ms: number | undefined) {
  return ms === undefined || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15 ? null : new Date(ms).toISOString()
}

/** A MAC address as text, from two words: the low word is first. */
function macText(words: Uint32Array, offset: number) {
  const lowWord = words[offset] ?? 0
  const highWord = words[offset + 1] ?? 0
  const bytes = [highWord >>> 8, highWord, lowWord >>> 24, lowWord >>> 16, lowWord >>> 8, lowWord]
  return bytes.map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')
}
