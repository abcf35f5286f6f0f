import type { Unit } from '../../src/journal/types.ts'
import type { Appended } from '../../src/journal/types.ts'
import { SeededRandom } from '../kit/random.ts'
import type { UnitShape } from './operations.ts'
import { sources } from './operations.ts'

/** What the model knows of one unit that was handed to the journal. */
export interface ModelUnit {
  /** Order of the call, over all lives. */
  readonly index: number
  readonly unit: Unit
  /** `unknown`: the life ended before the journal answered. */
  state: 'waiting' | 'accepted' | 'refused' | 'unknown'
  appended: Appended | undefined
  /** It is never appended again: it, or a cursor that covers it, was accepted. */
  promised: boolean
  /**
   * It may have been part of a failed sync: then it can be in the page cache only, which a later process cannot
   * detect.
   */
  doubtful: boolean
  /** The newest start found it. */
  offered: boolean
  /** A flipped bit hit it: it may not be read any more, and then has to be counted. */
  damaged: boolean
  /** Sequence of its last frame, once known. */
  sequence: number | undefined
}

const bytes = { small: 40, medium: 900, large: 9000, parts: 1_200_000 }
/** Incompressible, and shared: a unit's body is a window into it. */
const noise = new SeededRandom(77).bytes(1_300_000)

export function makeUnit(index: number, shape: UnitShape, now: number): ModelUnit {
  const source = sources[shape.source] ?? sources[0]
  const length = shape.rows === 0 ? 0 : bytes[shape.size]
  const window = noise.subarray((index * 131) % 90_000)
  // Medium bodies compress, so that both ways of storing one are met.
  const raw = shape.size === 'medium' ? new Uint8Array(length).fill(index & 255) : window.subarray(0, length)
  return {
    index,
    state: 'waiting',
    appended: undefined,
    promised: false,
    offered: false,
    doubtful: false,
    damaged: false,
    sequence: undefined,
    unit: {
      source,
      // The name under which the model recognises it: every frame can be traced to one call.
      stream: `u${index}`,
      kind: shape.rows === 0 ? 'empty' : 'events',
      count: shape.rows,
      raw,
      received: now,
      timeMin: Number.NaN,
      timeMax: Number.NaN,
      ...(shape.cursor || shape.rows === 0 ? { cursor: new TextEncoder().encode(`after ${index}`) } : {}),
      ...(shape.shed === 0 ? {} : { shed: { full: shape.shed } }),
      ...(shape.duplicates === 0 ? {} : { duplicates: shape.duplicates }),
    },
  }
}

export function cursorText(cursor: Uint8Array | undefined): string | undefined {
  return cursor === undefined ? undefined : new TextDecoder().decode(cursor)
}
