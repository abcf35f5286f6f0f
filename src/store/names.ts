/** `<stream>-<hour>-<first>-<last>-<unique><CRC-32>.parquet` describes a file without the manifest (ADR 0024). */
export const streams = ['flows', 'events', 'endpoints', 'flows_1m', 'flows_5m', 'flows_1h'] as const
export type Stream = (typeof streams)[number]

export function holdsRows(stream: Stream): stream is 'flows' | 'events' {
  return stream === 'flows' || stream === 'events'
}

export type FileName = Readonly<{
  name: string
  stream: Stream
  /** Hour of receipt: Unix ms / 3,600,000, floored (UTC). For endpoints, the first hour of the day. */
  hour: number
  firstSequence: number
  lastSequence: number
}>

export const msPerHour = 3_600_000

export function hourOf(ms: number): number {
  return Math.floor(ms / msPerHour)
}

export function dayOf(hour: number): number {
  return hour - (hour % 24)
}

function hourText(hour: number) {
  return new Date(hour * msPerHour).toISOString().slice(0, 13).replace(/[-T]/g, '')
}

const pattern =
  /^(flows|events|endpoints|flows_1m|flows_5m|flows_1h)-(\d{4})(\d\d)(\d\d)(\d\d)-(\d+)-(\d+)-[0-9a-f]+\.parquet$/

export function fileName(stream: Stream, hour: number, first: number, last: number, unique: string): string {
  return `${stream}-${hourText(hour)}-${first}-${last}-${unique}.parquet`
}

export function parseFileName(name: string): FileName | undefined {
  const match = pattern.exec(name)
  if (match === null) return undefined
  const [, stream, year, month, day, hour, first, last] = match
  return {
    name,
    stream: stream as Stream,
    hour: hourOf(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour))),
    firstSequence: Number(first),
    lastSequence: Number(last),
  }
}

export const dataFileNames = /[a-z0-9_]+-\d{10}-\d+-\d+-[0-9a-f]+\.parquet(?!\.)/g

const checksumPattern = /-[0-9a-f]{8}([0-9a-f]{8})\.parquet$/

export function checksumInName(name: string): number | undefined {
  const match = checksumPattern.exec(name)
  return match === null ? undefined : Number.parseInt(match[1] ?? '', 16)
}

export function checksumText(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}

/** Ending of copies of files of endpoints, which all flows of their time need. */
const copyEnding = '.copy'

export function copyOf(name: string): string {
  return name + copyEnding
}

export function isCopy(name: string): boolean {
  return name.endsWith(copyEnding)
}

export function copied(name: string): string {
  return name.slice(0, -copyEnding.length)
}

/** Ending of indexes of files of flows; built in the background. */
const indexEnding = '.index'

export function indexOf(name: string): string {
  return name + indexEnding
}

export function isIndex(name: string): boolean {
  return name.endsWith(indexEnding)
}

export function indexed(name: string): string {
  return name.slice(0, -indexEnding.length)
}

/** Ending of sums of files of flows; built in the background. */
const sumsEnding = '.sums'

export function sumsOf(name: string): string {
  return name + sumsEnding
}

/** Several files of flows with sums of all: those of a day (UTC), and of four hours of it. Larger ones first. */
export const sumLevels = { day: 24, block: 4 } as const
export type SumLevel = keyof typeof sumLevels

const levelSumsPattern = /\.[0-9a-f]{16}\.(?:day|block)$/

/** Beside one of the files of flows; built in the background. `digest`: of the files. */
export function levelSumsOf(name: string, digest: string, level: SumLevel): string {
  return `${name}.${digest}.${level}`
}

export function isLevelSums(name: string): boolean {
  return levelSumsPattern.test(name)
}

/** The file that another one belongs to, with which it is removed. Undefined for other names. */
export function besideOf(name: string): string | undefined {
  const ending = [copyEnding, indexEnding, sumsEnding].find((text) => name.endsWith(text))
  return ending === undefined ? undefined : name.slice(0, -ending.length)
}

export const damagedFolder = 'damaged'

export const temporaryEnding = '.tmp'

/** Query data beyond the memory; DuckDB creates and empties it. */
export const spillFolder = 'tmp'

/** One per query process; the parent empties it. */
export function spillFolderOf(process: number): string {
  return `${spillFolder}-${process}`
}

export const spillPattern = /^tmp(?:-\d+)?$/

/** Lets retention write its record on a full disk. */
export const reserveName = 'manifest.reserve'
export const reserveBytes = 1 << 20

const manifestPattern = /^manifest-(\d+)\.log$/

export function manifestName(generation: number): string {
  return `manifest-${generation}.log`
}

export function manifestGeneration(name: string): number | undefined {
  const match = manifestPattern.exec(name)
  return match === null ? undefined : Number(match[1])
}
