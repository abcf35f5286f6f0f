import { crc32 } from 'node:zlib'
import type { Positions } from '../model/positions.ts'
import type { FileName } from './names.ts'

/** Manifest entry. Times are Unix ms; null if no row has one. */
export interface StoredFile extends FileName {
  /** Columns of later versions are absent in the file. */
  readonly schema: number
  /** `columnSet`; if absent, all columns of its version. */
  readonly columns?: string
  readonly rows: number
  readonly bytes: number
  readonly timeMin: number | null
  readonly timeMax: number | null
  /** Times of the rows. If absent, of frame headers, and rows may be outside. */
  readonly timed?: true
  /** True for files of flows: the event time of each flow is its `time_end`. Absent: not known. */
  readonly endTimes?: true
  readonly families?: readonly string[]
  readonly receivedMin: number
  readonly receivedMax: number
  readonly crc?: number
  /** By source number. Absent in early entries until the next merge or scrub. */
  readonly perSource?: PerSource
  /** Sums of flows, in a file beside that of the flows that can be missing or damaged. Absent until it is built. */
  readonly sums?: SumsOfFile
  /** Sums of all flows of the day, and of the four hours, of this file, in a file that can be missing or damaged. */
  readonly day?: SumsOfFiles
  readonly block?: SumsOfFiles
  /** A table of DuckDB with this name instead of a file, never in a manifest, and the rows of it that belong to it. */
  readonly table?: Readonly<{ name: string; where: string }>
  /** The rows are not in the store. The entry stays until a refill or expiry. */
  readonly lost?: true
}

export type SumsOfFile = Readonly<{
  version: number
  bytes: number
  crc: number
  /** Rows by name of the part. */
  parts: Readonly<Record<string, number>>
  /** First and last `flow_time` of the flows, Unix µs. */
  from: number
  to: number
}>

/** `files`: digest of their names. */
export type SumsOfFiles = SumsOfFile & Readonly<{ files: string }>

/** With the copy of endpoints and the sums of flows. */
export function bytesOnDisk({
  stream,
  bytes,
  sums,
  day,
  block,
}: Pick<StoredFile, 'stream' | 'bytes' | 'sums' | 'day' | 'block'>): number {
  const ofFiles = (day?.bytes ?? 0) + (block?.bytes ?? 0)
  return (stream === 'endpoints' ? 2 * bytes : bytes) + (sums?.bytes ?? 0) + ofFiles
}

export function withoutChecksum<File extends Pick<StoredFile, 'crc'>>({ crc: _, ...file }: File): Omit<File, 'crc'> {
  return file
}

export type PerSource = readonly (readonly [source: number, rows: number])[]

export type SourceCount = Readonly<{
  id: number
  stored: number
  quarantined: number
  filtered?: number
  /** Sequences of their frames: from the first to before the end, which is absent while the source is not read. */
  skipped?: readonly (readonly [first: number, end?: number])[]
}>

export function isSkipped({ skipped = [] }: Pick<SourceCount, 'skipped'>, sequence: number): boolean {
  return skipped.some(([first, end = Infinity]) => first <= sequence && sequence < end)
}

/** One commit. `added` and `removed` are changes; all other fields are the whole state after it. */
export type ManifestRecord = Readonly<{
  version: number
  snapshot?: boolean
  added: readonly StoredFile[]
  removed: readonly string[]
  positions: Positions
  previous: Positions
  sources: Readonly<Record<string, SourceCount>>
  words: readonly string[]
  nextEndpoint: number
  /** Removed by retention, by source number; absent until every entry counts by source. */
  gone?: Readonly<Record<number, number>>
  /** Rows that retention removed, by reason; absent: none since they are counted. */
  expired?: Readonly<Record<string, number>>
}>

const line = /^([0-9a-f]{8}) (\d+) (\{.*\})$/
const utf8 = new TextEncoder()

/** `<crc32 hex> <length> <json>\n`; length of the JSON in bytes. */
export function encodeRecord(record: ManifestRecord): Uint8Array {
  const json = JSON.stringify(record)
  const bytes = utf8.encode(json)
  return utf8.encode(`${crc32(bytes).toString(16).padStart(8, '0')} ${bytes.length} ${json}\n`)
}

function decodeLine(text: string): ManifestRecord | undefined {
  const match = line.exec(text)
  if (match === null) return undefined
  const json = Buffer.from(match[3] ?? '', 'utf8')
  if (json.length !== Number(match[2]) || crc32(json).toString(16).padStart(8, '0') !== match[1]) return undefined
  return JSON.parse(json.toString('utf8')) as ManifestRecord
}

export type ParsedManifest = Readonly<{
  records: readonly ManifestRecord[]
  /** Bytes after the last record, as a crash leaves them. */
  torn: boolean
  /** Synced records are missing, or the first is no snapshot. */
  damaged: boolean
}>

export function parseManifest(bytes: Uint8Array): ParsedManifest {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const lines = text.split('\n')
  const records: ManifestRecord[] = []
  const unfinished = lines.pop() !== ''
  let torn = false
  let damaged = false
  for (const line of lines) {
    const record = decodeLine(line)
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
