import type { BatchTransform } from '../../engine/contracts.ts'
import type { Batch } from '../../model/batches.ts'
import { chooseByReason } from '../rows/choose.ts'
import { keyReader } from '../rows/fields.ts'
import { JournalTime } from '../rows/held.ts'
import type { DedupeConfig } from './config.ts'
import { addressedRows, placeRule, pointReader, prefixOf } from './points.ts'

const flowKey = ['src_addr', 'dst_addr', 'proto', 'src_port', 'dst_port']

interface Report {
  readonly point: string
  last: number
  /** Time of the report before those at `last`. */
  before: number
}

interface Reports {
  last: number
  by: readonly Report[]
}

/** Each occurrence renews its key, so that the memory can be rebuilt from the rows of the window. */
export function dedupeStep(config: DedupeConfig): BatchTransform {
  const { window, keys } = config
  const time = new JournalTime()
  const ruleOfPlace = placeRule(config)
  const read = keysOf(config)
  /** Oldest occurrence first. */
  const seen = new Map<string, Reports>()
  const expire = () => {
    const since = time.now - window
    for (const [key, { last }] of seen) {
      if (last > since && seen.size <= keys) break
      seen.delete(key)
    }
    time.release(since)
  }
  const isRepeat = (key: string, point: string | undefined): boolean => {
    const existing = seen.get(key)
    const reports = existing ?? { last: 0, by: [] }
    reports.last = time.now
    seen.delete(key)
    seen.set(key, reports)
    if (seen.size > keys) expire()
    return point === undefined ? existing !== undefined : repeats(reports, point, time.now, time.now - window)
  }
  return {
    take(piece) {
      time.advance(piece.header.received)
      expire()
      time.need()
      const { batch } = piece
      const misplaced = batch.kind === 'flows' ? ruleOfPlace(batch) : none
      const { key, point } = read(batch)
      return chooseByReason(piece, (row) => {
        const reason = misplaced(row)
        if (reason !== undefined) return reason
        const text = key(row)
        return text !== undefined && isRepeat(text, point(row)) ? 'duplicate' : undefined
      })
    },
    windows: {
      begin(at) {
        time.begin(at)
        seen.clear()
      },
      at: (position) => time.at(position),
      holds: () => time.holds(),
      due: () => undefined,
      close: () => [],
    },
  }
}

/**
 * Notes the report. The preferred one of the points that reported the key before this unit counts, else the first one
 * of the unit. So a preferred point takes over with its second report: the time of its first was counted elsewhere.
 */
function repeats(reports: Reports, point: string, now: number, since: number): boolean {
  const recent = reports.by.filter(({ last }) => last > since)
  let report = recent.find((candidate) => candidate.point === point)
  if (report === undefined) recent.push((report = { point, last: now, before: Number.NEGATIVE_INFINITY }))
  else if (report.last < now) {
    report.before = report.last
    report.last = now
  }
  reports.by = recent
  let counting = recent[0]
  let isKnown = false
  for (const candidate of recent) {
    const earlier = candidate.last < now || candidate.before > since
    if (!earlier || (isKnown && candidate.point > (counting?.point ?? ''))) continue
    counting = candidate
    isKnown = true
  }
  return counting !== report
}

type Keys = Readonly<{ key: (row: number) => string | undefined; point: (row: number) => string | undefined }>

const none = () => undefined

function keysOf({ by, exporters }: DedupeConfig): (batch: Batch) => Keys {
  if (exporters === null) return (batch) => ({ key: by === null ? none : keyReader(batch, by), point: none })
  const prefixes = exporters.map(prefixOf)
  return (batch) => {
    if (batch.kind !== 'flows') return { key: none, point: none }
    const [key, point] = [keyReader(batch, by ?? flowKey), pointReader(batch, prefixes)]
    const addressed = by === null ? addressedRows(batch) : () => true
    return { key: (row) => (point(row) !== undefined && addressed(row) ? key(row) : undefined), point }
  }
}
