/** Each transform once more, over plain rows. */
import { murmur128 } from '../../../src/engine/dedupe/murmur.ts'
import { NaiveConnections } from './connections.ts'
import { NaiveExporters } from './exporters.ts'
import type { Type } from './runs.ts'
import { NaiveWindows, type ReferenceEra } from './windows.ts'

export type Row = Readonly<Record<string, unknown>>

export interface InputFrame {
  readonly sequence: number
  readonly received: number
  readonly kind: 'flows' | 'events'
  readonly rows: readonly Row[]
}

/** A recorded time after a row. */
export interface ReferenceTick {
  readonly sequence: number
  readonly at: number
}

export interface Expected {
  /** By output. */
  readonly rows: ReadonlyMap<string, readonly Row[]>
  readonly outcomes: Readonly<Record<string, number>>
}

const number = (row: Row, name: string): number | undefined => row[name] as number | undefined

/** @param eras of an aggregate, oldest first */
export function expectedOf(
  type: Type,
  frames: readonly InputFrame[],
  ticks: readonly ReferenceTick[],
  eras: readonly ReferenceEra[],
): Expected {
  const rows = new Map<string, Row[]>()
  const outcomes: Record<string, number> = {}
  const emit = (row: Row, to = ''): void => void rows.set(to, [...(rows.get(to) ?? []), row])
  const count = (reason: string): void => void (outcomes[reason] = (outcomes[reason] ?? 0) + 1)
  const passIf = (passes: boolean, reason: string, row: Row): void => (passes ? emit(row) : count(reason))
  let now = 0
  const left = [...ticks]
  const seen = new Map<string, number>()
  const counts = new Map<string, number>()
  const connections = new NaiveConnections(
    { heartbeat: 1000, idle: 3000, ending: 1000, part: 4000, connections: 3 },
    emit,
  )
  const exporters = new NaiveExporters(3000)
  const windows = eras.map((era) => ({ since: era.since, sums: new NaiveWindows(era, emit) }))
  const closeWindows = (): void => {
    for (const { sums } of windows) sums.close(now)
  }
  const tickUntil = (sequence: number): void => {
    while (left[0] !== undefined && left[0].sequence < sequence) {
      now = Math.max(now, left[0].at)
      closeWindows()
      if (type === 'connections') connections.advance((left[0]?.at ?? 0) - 2000)
      left.shift()
    }
  }
  for (const frame of frames) {
    tickUntil(frame.sequence)
    now = Math.max(now, frame.received)
    closeWindows()
    for (const row of frame.rows) {
      const [src, dst] = [number(row, 'src_port'), number(row, 'dst_port')]
      const isFlow = frame.kind === 'flows'
      // `type` is also another name of the record type of flows.
      const kind = row[isFlow ? 'record_type' : 'type']
      switch (type) {
        case 'filter':
          passIf(isFlow ? dst === 0 || dst === 1 : row['type'] === 'a', 'filtered', row)
          break
        case 'sample': {
          const key = [src, kind].map((value) => (value === undefined ? '\0' : `=${String(value)}\0`)).join('')
          const passes = murmur128([new TextEncoder().encode(key)])[0] % 2 === 0
          passIf(passes, 'sampled', isFlow ? { ...row, sampling: (number(row, 'sampling') ?? 1) * 2 } : row)
          break
        }
        case 'map':
          if (!isFlow) emit(row)
          else if (src === undefined) count('rejected')
          else {
            const { bytes: _, ...rest } = row
            emit({ ...rest, dst_port: src + 1, scope: 'mapped' })
          }
          break
        case 'route':
          emit(row, dst === 0 && isFlow ? 'low' : (isFlow ? dst === 1 : row['type'] === 'a') ? 'mid' : 'rest')
          break
        case 'throttle': {
          const key = `${Math.floor(now / 1000)} ${String(dst)} ${String(kind)}`
          counts.set(key, (counts.get(key) ?? 0) + 1)
          passIf((counts.get(key) ?? 0) <= 2, 'throttled', row)
          break
        }
        case 'dedupe': {
          const key = `${String(src)} ${String(kind)}`
          const last = seen.get(key)
          seen.set(key, now)
          passIf(last === undefined || last <= now - 3000, 'duplicate', row)
          break
        }
        case 'exporters':
          passIf(!isFlow || exporters.counts(row, now), 'duplicate', row)
          break
        case 'aggregate':
        case 'late': {
          const { sums } = windows.findLast(({ since }) => since <= now) ?? windows[0] ?? {}
          count(isFlow ? (sums?.take(row, now) ?? 'no window') : 'kind')
          break
        }
        case 'connections':
          if (isFlow) connections.advance(frame.received)
          count(isFlow ? connections.take(row) : 'kind')
      }
    }
  }
  tickUntil(Infinity)
  return { rows, outcomes }
}
