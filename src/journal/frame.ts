/**
 * One frame on disk: a header with its own checksum, then the stored body with its checksum in the header.
 * Little-endian. Fixed part, then the variable part, then the header's CRC-32.
 *
 *  0 u32 magic "WRF1"        4 u8 version   5 u8 kind   6 u8 flags   7 u8 0
 *  8 u32 header bytes       12 u32 body bytes          16 u32 raw bytes of the whole unit
 * 20 u32 body CRC-32        24 f64 sequence            32 f64 first row
 * 40 f64 source sequence    48 f64 source rows         56 f64 source duplicates
 * 64 f64 received           72 f64 time min            80 f64 time max
 * 88 u32 count              92 u32 epoch               96 u32 part
 * 100 u16 source bytes     102 u16 stream bytes       104 u32 shed bytes (JSON)   108 u32 cursor bytes + 1 (0: none)
 * 112 source · stream · shed · cursor · u32 CRC-32 of everything before it
 *
 * Counters are f64: exact up to 2^53, which at a million rows a second lasts 285 years.
 */
import { crc32 } from 'node:zlib'
import type { FrameHeader } from './types.ts'

export const magic = 0x31465257
/** Readers know every version up to it. */
export const frameVersion = 2
/** Flows have narrow columns since version 2. Other frames stay readable for earlier Weirs. */
const versions = { events: 1, flows: 2, empty: 1 } as const
export const fixedBytes = 112
export const smallestHeader = fixedBytes + 4
/** A larger header is damage. */
const largestHeader = 1024 * 1024
/** A frame is one message on any bus. */
export const largestBody = 512 * 1024

const kinds = ['events', 'flows', 'empty'] as const
const flagMore = 1
const flagZstd = 2
const flagAfterLoss = 4

export type HeaderFields = Omit<FrameHeader, 'bodyBytes'> & { readonly zstd: boolean }

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()
const nothing = new Uint8Array(0)

export function encodeHeader(fields: HeaderFields, body: Uint8Array): Uint8Array {
  const source = utf8.encode(fields.source)
  const stream = utf8.encode(fields.stream)
  const shed = Object.keys(fields.sourceShed).length === 0 ? nothing : utf8.encode(JSON.stringify(fields.sourceShed))
  const cursor = fields.cursor ?? nothing
  const bytes = new Uint8Array(smallestHeader + source.length + stream.length + shed.length + cursor.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  bytes[4] = versions[fields.kind]
  bytes[5] = kinds.indexOf(fields.kind)
  bytes[6] = (fields.more ? flagMore : 0) | (fields.zstd ? flagZstd : 0) | (fields.afterLoss ? flagAfterLoss : 0)
  view.setUint32(8, bytes.length, true)
  view.setUint32(12, body.length, true)
  view.setUint32(16, fields.rawBytes, true)
  view.setUint32(20, crc32(body), true)
  view.setFloat64(24, fields.sequence, true)
  view.setFloat64(32, fields.firstRow, true)
  view.setFloat64(40, fields.sourceSequence, true)
  view.setFloat64(48, fields.sourceRows, true)
  view.setFloat64(56, fields.sourceDuplicates, true)
  view.setFloat64(64, fields.received, true)
  view.setFloat64(72, fields.timeMin, true)
  view.setFloat64(80, fields.timeMax, true)
  view.setUint32(88, fields.count, true)
  view.setUint32(92, fields.epoch, true)
  view.setUint32(96, fields.part, true)
  view.setUint16(100, source.length, true)
  view.setUint16(102, stream.length, true)
  view.setUint32(104, shed.length, true)
  view.setUint32(108, fields.cursor === undefined ? 0 : cursor.length + 1, true)
  let at = fixedBytes
  for (const piece of [source, stream, shed, cursor]) {
    bytes.set(piece, at)
    at += piece.length
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true)
  return bytes
}

export type DecodedHeader = Readonly<{
  header: FrameHeader
  headerBytes: number
  bodyChecksum: number
  zstd: boolean
}>

/** `short`: needs `needed` bytes. `newer`: a whole header of an unknown version. */
type HeaderResult =
  | Readonly<{ is: 'header'; decoded: DecodedHeader }>
  | Readonly<{ is: 'short'; needed: number }>
  | { readonly is: 'bad' }
  | Readonly<{ is: 'newer'; version: number }>

const bad: HeaderResult = { is: 'bad' }

export function decodeHeader(bytes: Uint8Array, at: number): HeaderResult {
  const left = bytes.length - at
  if (left < smallestHeader) return { is: 'short', needed: smallestHeader }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, left)
  if (view.getUint32(0, true) !== magic) return bad
  const headerBytes = view.getUint32(8, true)
  const written = bytes[at + 4] ?? 0
  if (written === 0) return bad
  if (written > frameVersion)
    return isWhole(bytes.subarray(at), view, headerBytes) ? { is: 'newer', version: written } : bad
  const sourceBytes = view.getUint16(100, true)
  const streamBytes = view.getUint16(102, true)
  const shedBytes = view.getUint32(104, true)
  const cursorMark = view.getUint32(108, true)
  const cursorBytes = Math.max(0, cursorMark - 1)
  if (
    headerBytes > largestHeader ||
    headerBytes !== smallestHeader + sourceBytes + streamBytes + shedBytes + cursorBytes
  )
    return bad
  if (left < headerBytes) return { is: 'short', needed: headerBytes }
  if (view.getUint32(headerBytes - 4, true) !== crc32(bytes.subarray(at, at + headerBytes - 4))) return bad
  const kind = kinds[bytes[at + 5] ?? 255]
  const bodyBytes = view.getUint32(12, true)
  if (kind === undefined || bodyBytes > largestBody) return bad
  const flags = bytes[at + 6] ?? 0
  let start = at + fixedBytes
  const take = (length: number) => {
    const piece = bytes.subarray(start, start + length)
    start += length
    return piece
  }
  const source = fromUtf8.decode(take(sourceBytes))
  const stream = fromUtf8.decode(take(streamBytes))
  const shed = shedBytes === 0 ? {} : parseCounts(fromUtf8.decode(take(shedBytes)))
  if (shed === undefined) return bad
  const cursor = cursorMark === 0 ? {} : { cursor: take(cursorBytes).slice() }
  return {
    is: 'header',
    decoded: {
      headerBytes,
      bodyChecksum: view.getUint32(20, true),
      zstd: (flags & flagZstd) !== 0,
      header: {
        sequence: view.getFloat64(24, true),
        firstRow: view.getFloat64(32, true),
        kind,
        more: (flags & flagMore) !== 0,
        part: view.getUint32(96, true),
        afterLoss: (flags & flagAfterLoss) !== 0,
        source,
        stream,
        epoch: view.getUint32(92, true),
        sourceSequence: view.getFloat64(40, true),
        sourceRows: view.getFloat64(48, true),
        sourceDuplicates: view.getFloat64(56, true),
        sourceShed: shed,
        count: view.getUint32(88, true),
        received: view.getFloat64(64, true),
        timeMin: view.getFloat64(72, true),
        timeMax: view.getFloat64(80, true),
        bodyBytes,
        rawBytes: view.getUint32(16, true),
        ...cursor,
      },
    },
  }
}

function isWhole(bytes: Uint8Array, view: DataView, headerBytes: number) {
  if (headerBytes < smallestHeader || headerBytes > bytes.length) return false
  return view.getUint32(headerBytes - 4, true) === crc32(bytes.subarray(0, headerBytes - 4))
}

function parseCounts(text: string): Record<string, number> | undefined {
  try {
    const counts = JSON.parse(text) as unknown
    return typeof counts === 'object' && counts !== null ? (counts as Record<string, number>) : undefined
  } catch {
    return undefined
  }
}
