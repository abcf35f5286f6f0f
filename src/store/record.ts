import { crc32 } from 'node:zlib'
import type { Positions } from '../model/positions.ts'
import type { FileName } from './names.ts'

/** A data file as the manifest knows it. Times are Unix milliseconds; null when no row has one. */
export interface StoredFile extends FileName {
  /** Version of the column set that it was written with; columns of later versions are absent in it. */
  readonly schema: number
  /** Which columns it has (`columnSet`); without it, all that its version knew. */
  readonly columns?: string
  readonly rows: number
  readonly bytes: number
  readonly timeMin: number | null
  readonly timeMax: number | null
  /** The times are those of its rows. Without it they are what frames said of theirs, and rows may lie outside. */
  readonly timed?: true
  /** Of a file of events: the families of its rows. Without it there may be any. */
  readonly families?: readonly string[]
  readonly receivedMin: number
  readonly receivedMax: number
  /** CRC-32 of the whole file, where its name has none: files of versions before checksums get one from the scrub. */
  readonly crc?: number
  /** Rows by the number of their source, for files of flows and events. Absent in entries of versions before checksums, until the next merge or scrub. */
  readonly perSource?: PerSource
  /** The file is damaged or missing: its rows are not in the store. The entry stays until they are refilled from the journal or expire. */
  readonly lost?: true
}

/** An entry for what becomes another file. */
export function withoutChecksum<File extends Pick<StoredFile, 'crc'>>({ crc: _, ...file }: File): Omit<File, 'crc'> {
  return file
}

/** Rows by the number of their source. */
export type PerSource = readonly (readonly [source: number, rows: number])[]

/** What the store has taken from one source, over all epochs. */
export interface SourceCount {
  /** Number of the source in column `_source`. */
  readonly id: number
  /** Rows that were stored; retention does not lower it. */
  readonly stored: number
  /** Rows that the journal counted and no reader could read. */
  readonly quarantined: number
}

/**
 * One commit. `added` and `removed` are changes; everything else is the whole state after it, so that a damaged record
 * costs nothing but its file names.
 */
export interface ManifestRecord {
  /** Rises by one with every record. */
  readonly version: number
  /** The record repeats everything that is live: what was before it does not count. First in its file. */
  readonly snapshot?: boolean
  readonly added: readonly StoredFile[]
  readonly removed: readonly string[]
  readonly positions: Positions
  /** Where the projection falls back to should this record be lost: what was durable before it. */
  readonly previous: Positions
  readonly sources: Readonly<Record<string, SourceCount>>
  /** Strings of dictionary columns (protocol, scope) by their number in the files. */
  readonly words: readonly string[]
  /** Every endpoint id given out so far is below this. */
  readonly nextEndpoint: number
  /** Rows by the number of their source that retention removed; absent until every entry counts its rows by source. */
  readonly gone?: Readonly<Record<number, number>>
}

const line = /^([0-9a-f]{8}) (\d+) (\{.*\})$/
const utf8 = new TextEncoder()

/** `<crc32 hex> <length> <json>\n`, the length in bytes of the JSON. */
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
  /** Bytes after the last valid record that are none: what a crash in the middle of an append leaves. */
  readonly torn: boolean
  /** Records are missing between valid ones, or the first is no snapshot: the medium lost something that was synced. */
  readonly damaged: boolean
}

/** Reads what can be read: a bad line costs itself only, the next line is tried again. */
export function parseManifest(bytes: Uint8Array): ParsedManifest {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const lines = text.split('\n')
  const records: ManifestRecord[] = []
  // A whole file ends in a newline; a record without one was not written to its end.
  const unfinished = lines.pop() !== ''
  let torn = false
  let damaged = false
  for (const each of lines) {
    const record = decodeLine(each)
    if (record === undefined) {
      torn = true
      continue
    }
    // A valid record after a bad line: what lay between was synced once.
    if (torn) damaged = true
    torn = false
    const before = records.at(-1)
    if (before === undefined ? record.snapshot !== true : record.version !== before.version + 1) damaged = true
    records.push(record)
  }
  return { records, torn: torn || unfinished, damaged: damaged || records.length === 0 }
}
