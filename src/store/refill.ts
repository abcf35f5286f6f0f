import type { Log, Metrics } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { openReader } from '../journal/index.ts'
import type { Frame, FrameHeader, Tail } from '../journal/types.ts'
import type { Store } from './index.ts'
import { holdsRows, hourOf } from './names.ts'
import type { StoredFile } from './record.ts'

const max = { rows: 262_144, bytes: 64 << 20 }
const readBytes = 1 << 20

type RefillOptions = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
}>

export type Slice = Readonly<{
  frames: readonly Frame[]
  reached: number
  whole: boolean
}>

export function remainder(
  lost: StoredFile,
  refilled: Readonly<{ rows: number; perSource: ReadonlyMap<number, number> }> | undefined,
  reached: number,
): StoredFile | undefined {
  const perSource = (lost.perSource ?? []).flatMap(([source, rows]): [number, number][] => {
    const remainingRows = rows - (refilled?.perSource.get(source) ?? 0)
    return remainingRows > 0 ? [[source, remainingRows]] : []
  })
  const isComplete = reached >= lost.lastSequence
  if (isComplete && (!holdsRows(lost.stream) || perSource.length === 0)) return undefined
  const rows = perSource.reduce((sum, [, count]) => sum + count, 0)
  return { ...lost, rows, perSource, firstSequence: isComplete ? lost.firstSequence : reached + 1 }
}

/** While the journal has the frames of lost files. Rollups are rebuilt from the whole range or not at all. */
export class Refill {
  readonly #options: RefillOptions
  readonly #tried = new Set<string>()

  constructor(options: RefillOptions) {
    this.#options = options
  }

  /** A part of one file; true if more may remain. Must not overlap `apply` or `commit` of the projection. */
  async run(store: Store, directory: string, tail: Tail): Promise<boolean> {
    const lostFile = store
      .lost()
      .find(
        ({ name, stream }) =>
          !this.#tried.has(name) && (stream === 'flows' || stream === 'events' || stream === 'flows_1m'),
      )
    if (lostFile === undefined) return false
    const slice = await this.#read(lostFile, store.covered(lostFile), directory, tail)
    const isComplete = slice.reached >= lostFile.lastSequence
    const isUsable = lostFile.stream === 'flows_1m' ? slice.whole && isComplete : slice.frames.length > 0
    if (!isUsable) {
      this.#tried.add(lostFile.name)
      return true
    }
    const rows = await store.projection.refill(lostFile, slice)
    if (rows === undefined) return true
    if (isComplete) this.#tried.add(lostFile.name)
    const { log, metrics } = this.#options
    metrics.count('weir_store_refilled_rows_total', rows, { stream: lostFile.stream })
    log.info('Refilled rows of a lost store file from the journal.', {
      file: lostFile.name,
      rows,
      lost: lostFile.rows,
    })
    return true
  }

  async #read(
    lost: StoredFile,
    covered: (header: FrameHeader) => boolean,
    directory: string,
    tail: Tail,
  ): Promise<Slice> {
    const kind = lost.stream === 'events' ? 'events' : 'flows'
    const reader = openReader({
      host: this.#options.host,
      directory,
      tail,
      after: { sequence: lost.firstSequence - 1, row: 0 },
    })
    const frames: Frame[] = []
    let [rows, bytes, reached, whole] = [0, 0, lost.firstSequence - 1, true]
    try {
      while (rows < max.rows && bytes < max.bytes) {
        const readFrames = await reader.ready(readBytes)
        if (readFrames.length === 0) return { frames, reached: lost.lastSequence, whole: false }
        for (const frame of readFrames) {
          const { header } = frame
          whole &&= frame.firstSequence <= reached + 1
          if (frame.firstSequence > lost.lastSequence) return { frames, reached: lost.lastSequence, whole }
          reached = header.sequence
          if (header.kind === kind && header.count > 0 && hourOf(header.received) === lost.hour && !covered(header)) {
            frames.push(frame)
            rows += header.count
            bytes += header.rawBytes
          }
          if (reached >= lost.lastSequence) return { frames, reached, whole }
        }
      }
      return { frames, reached, whole: whole && lost.stream !== 'flows_1m' }
    } finally {
      await reader.close()
    }
  }
}
