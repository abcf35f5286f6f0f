import type { Frame } from '../../journal/index.ts'
import type { Position } from '../../model/positions.ts'
import type { Replay } from '../contracts.ts'
import { keys } from './names.ts'
import { sharedState } from './shared-state.ts'
import { unitsOf, type SharedSourceOptions } from './source-units.ts'
import { leaderRecord } from './leader-record.ts'
import { frameOf } from './units.ts'

/** Sequences are positions in the source's partition. */
export function sharedReplayOf(id: string, options: SharedSourceOptions): Replay {
  return {
    async *after({ sequence }: Position): AsyncGenerator<Frame> {
      for await (const unit of unitsOf(id, sequence, options)) {
        const frame = unit.pieces[0]?.decoded.header.kind === 'empty' ? undefined : frameOf(unit)
        if (frame !== undefined) yield withPosition(frame, unit.place)
      }
    },
    // The bus has its own retention.
    hold: () => Promise.resolve(),
    shared: { ...sharedState(id, options), leaderRecord: leaderRecord(keys.leader(id), options) },
  }
}

function withPosition(frame: Frame, position: number): Frame {
  return {
    header: { ...frame.header, sequence: position },
    firstSequence: position,
    body: () => frame.body(),
    release: () => frame.release?.(),
  }
}
