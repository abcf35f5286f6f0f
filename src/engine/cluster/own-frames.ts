import type { Frame } from '../../journal/index.ts'
import type { Position } from '../../model/positions.ts'
import type { OwnFrames } from '../contracts.ts'
import { keys } from './names.ts'
import { ownState } from './own-state.ts'
import { unitsOf, type OwnOptions } from './own-units.ts'
import { turnRecord } from './turn.ts'
import { frameOf } from './units.ts'

/** What a shared journal has of one source, told by whichever instance. Sequences of the frames are places in its partition. */
export function sharedFramesOf(id: string, options: OwnOptions): OwnFrames {
  return {
    async *after({ sequence }: Position): AsyncGenerator<Frame> {
      for await (const unit of unitsOf(id, sequence, options)) {
        const frame = unit.pieces[0]?.decoded.header.kind === 'empty' ? undefined : frameOf(unit)
        if (frame !== undefined) yield placed(frame, unit.place)
      }
    },
    // The bus keeps what it keeps, whatever we need: states are put there often enough.
    hold: () => Promise.resolve(),
    shared: { ...ownState(id, options), turn: turnRecord(keys.turn(id), options) },
  }
}

/** The body is the stored one's; where it is, is said by the place. */
function placed(frame: Frame, place: number): Frame {
  return {
    header: { ...frame.header, sequence: place },
    firstSequence: place,
    body: () => frame.body(),
    release: () => frame.release?.(),
  }
}
