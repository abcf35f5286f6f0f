import type { BatchTransform, SinkPiece, TransformOutput } from '../../engine/contracts.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import type { Failure } from '../../model/outcome.ts'
import { selectRows } from '../../model/select.ts'
import { withColumns } from '../../codecs/flow-values/index.ts'
import { JournalTime } from '../rows/held.ts'
import type { ConnectionsConfig } from './config.ts'
import { FlowRows, SharedTexts } from './flow-rows.ts'
import { conversationOf } from './records.ts'
import { Tracker } from './tracker.ts'

/** Wait for rows on their way to the journal before the clock ends a connection. */
const graceMs = 2000
/** Connections that end within it are written together if no rows follow. */
const closeMs = 1000

/** Rebuilt from the rows of its part and of a time before: parts end at moments that follow from the key. */
export function connectionsStep(config: ConnectionsConfig): BatchTransform {
  const time = new JournalTime()
  const tracker = new Tracker(config)
  const shared = new SharedTexts()
  const passesFlows = config.records.includes('flowLog')
  const advance = (to: number) => {
    tracker.advance(time.advance(to))
    time.release(tracker.needsFrom(time.now))
  }
  const written = (...flows: readonly TransformOutput[]): TransformOutput[] => {
    const records = tracker.records.take()
    return records === undefined ? [...flows] : [{ to: '', batch: records }, ...flows]
  }
  return {
    take(piece) {
      const { batch, rows, header } = piece
      if (rows.length === 0) return { outputs: [], failures: [] }
      if (batch.kind !== 'flows')
        return { outputs: [], failures: [{ index: 0, is: 'filter', reason: 'kind', rows: allOf(rows) }] }
      advance(header.received)
      time.need()
      const read = new FlowRows(batch, config.within, shared)
      const slots = new Int32Array(rows.length)
      const ids = passesFlows ? new Array<string | undefined>(rows.length).fill(undefined) : undefined
      const limited = tracker.take(read, rows, time.now, slots, (index, slot) => {
        if (ids !== undefined) ids[index] = conversationOf(tracker.memory, slot)
      })
      if (ids === undefined) return { outputs: written(), failures: outcomes(slots, limited) }
      return { outputs: written({ to: '', batch: flowsOf(piece, batch, ids), rows }), failures: [] }
    },
    windows: {
      begin(at) {
        time.begin(at)
        tracker.clear()
      },
      at: (position) => time.at(position),
      holds: () => time.holds(),
      due() {
        const next = tracker.due()
        return next === undefined ? undefined : Math.ceil(next / closeMs) * closeMs + graceMs
      },
      close(now) {
        // Rows that were received until then may follow.
        advance(now - graceMs)
        return written()
      },
    },
  }
}

function allOf(rows: Uint32Array): Uint32Array {
  return Uint32Array.from(rows, (_, index) => index)
}

function outcomes(slots: Int32Array, limited: ReadonlySet<number>): Failure[] {
  const byReason: Record<'tracked' | 'limit' | 'untracked', number[]> = { tracked: [], limit: [], untracked: [] }
  slots.forEach((slot, index) =>
    byReason[slot < 0 ? 'untracked' : limited.has(index) ? 'limit' : 'tracked'].push(index),
  )
  return Object.entries(byReason).flatMap(([reason, rows]) =>
    rows.length === 0 ? [] : [{ index: rows[0] ?? 0, is: 'filter' as const, reason, rows: Uint32Array.from(rows) }],
  )
}

function flowsOf({ rows }: SinkPiece, batch: FlowBatch, ids: readonly (string | undefined)[]): FlowBatch {
  const more = new FlowBuilder(rows.length)
  more.reserve(rows.length)
  const [type, id] = [more.column('record_type'), more.column('conversation')]
  const flowLog = more.code('flowLog')
  ids.forEach((text, row) => {
    type.items[row] = flowLog
    if (text === undefined) return
    id.items[row] = more.code(text)
    id.mark(row)
  })
  for (let row = 0; row < rows.length; row++) type.mark(row)
  more.commit(rows.length)
  return withColumns(rows.length === batch.count ? batch : (selectRows(batch, rows) as FlowBatch), more.batch())
}
