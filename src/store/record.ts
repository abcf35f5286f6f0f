import { crc32 } from 'node:zlib'
import type { Positions } from '../model/positions.ts'
import type { FileName } from './names.ts'

/** Manifest entry of a data file. Times are Unix ms; null if no row has one. */
export interface StoredFile extends FileName {
  /** Schema version with which the file was written; columns of later versions are absent in it. */
  readonly schema: number
  /** Columns of the file (`columnSet`); if absent, all columns of its version. */
  readonly columns?: string
  readonly rows: number
  readonly bytes: number
  readonly timeMin: number | null
  readonly timeMax: number | null
  /** The times were read from the rows. If absent, they are from frame headers, and rows may be outside. */
  readonly timed?: true
  /** For files of events: families of the rows. If absent, any. */
  readonly families?: readonly string[]
  readonly receivedMin: number
  readonly receivedMax: number
  /** CRC-32 of the whole file if the name has none; the scrub adds it to files of early versions. */
  readonly crc?: number
  /** Rows by source number, for flows and events. Absent in entries of early versions until the next merge or scrub. */
  readonly perSource?: PerSource
  /**
   * The file is damaged or missing, and its rows are not in the store. The entry stays until a refill from the journal
   * or expiry.
   */
  readonly lost?: true
}

export function withoutChecksum<File extends Pick<StoredFile, 'crc'>>({ crc: _, ...file }: File): Omit<File, 'crc'> {
  return file
}

export type PerSource = readonly (readonly [source: number, rows: number])[]

/** Rows that the store accepted from one source, over all epochs. */
export interface SourceCount {
  readonly id: number
  readonly stored: number
  /** Unreadable or missing rows that the journal counted. */
  readonly quarantined: number
}

/**
 * One commit. `added` and `removed` are changes. All other fields are the whole state after it, so that a damaged
 * record loses only file names.
 */
export interface ManifestRecord {
  readonly version: number
  /** The record repeats the whole live state, and earlier records do not count. First in its file. */
  readonly snapshot?: boolean
  readonly added: readonly StoredFile[]
  readonly removed: readonly string[]
  readonly positions: Positions
  /** Positions that were durable before the record; the projection resumes there if the record is lost. */
  readonly previous: Positions
  readonly sources: Readonly<Record<string, SourceCount>>
  /** Strings of dictionary columns (protocol, scope); the index is the number in the files. */
  readonly words: readonly string[]
  /** Greater than every assigned endpoint id. */
  readonly nextEndpoint: number
  /** Rows that retention removed, by source number; absent until every entry counts its rows by source. */
  readonly gone?: Readonly<Record<number, number>>
}

const line = /^([0-9a-f]{8}) (\d+) (\{.*\})$/
const utf8 = new TextEncoder()

/** `<crc32 hex> <length> <json>\n`; length of the JSON in bytes. */
export function encodeRecord(record: ManifestRecord): Uint8Array {
  const json = JSON.stringify(record)
  const bytes = utf8.encode(json)
  return utf8.encode(`${crc32(bytes).toString(16).padStart(8, '0')} ${bytes.length} ${json}\n`)
}

function decodeLine(text: string): ManifestRecord | undefined {
  const found = line.exec(text)
  if (found === null) return undefined
  const json = Buffer.from(found[3] ?? '', 'utf8')
  if (json.length !== Number(found[2]) || crc32(json).toString(16).padStart(8, '0') !== found[1]) return undefined
  return JSON.parse(json.toString('utf8')) as ManifestRecord
}

export interface ParsedManifest {
  readonly records: readonly ManifestRecord[]
  /** Bytes without a valid record follow the last one, as a crash during an append leaves them. */
  readonly torn: boolean
  /** Records are missing between valid ones, or the first is no snapshot: synced data was lost. */
  readonly damaged: boolean
}

export function parseManifest(bytes: Uint8Array): ParsedManifest {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const lines = text.split('\n')
  const records: ManifestRecord[] = []
  // A whole file ends in a newline; otherwise the last record is incomplete.
  const unfinished = lines.pop() !== ''
  let torn = false
  let damaged = false
  for (const each of lines) {
    const record = decodeLine(each)
    if (record === undefined) {
      torn = true
      continue
    }
    if (torn) damaged = true
    torn = false
    const before = records.at(-1)
    if (before === undefined ? record.snapshot !== true : record.version !== before.version + 1) damaged = true
    records.push(record)
  }
  return { records, torn: torn || unfinished, damaged: damaged || records.length === 0 }
}
