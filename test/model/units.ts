import type { Unit } from '../../src/journal/types.ts'
import type { Appended } from '../../src/journal/types.ts'
import { SeededRandom } from '../kit/random.ts'
import type { UnitShape } from './operations.ts'
import { sources } from './operations.ts'

/** The state of one appended unit. */
export interface ModelUnit {
  /** Order of the call, over all lives. */
  readonly index: number
  readonly unit: Unit
  /** `unknown`: the life ended before the response. */
  state: 'waiting' | 'accepted' | 'refused' | 'unknown'
  appended: Appended | undefined
  /** The unit was accepted, or a start found it: it is never lost. */
  promised: boolean
  /** Refused in this life: it may be on the disk until the next segment exists. */
  untruncated: boolean
  /** A flipped bit hit it: it may be unreadable, and must then be counted. */
  damaged: boolean
  /** Sequence of its last frame, once known. */
  sequence: number | undefined
}

const bytes = { small: 40, medium: 900, large: 9000, parts: 1_200_000 }
/** Incompressible; bodies are windows into it. */
const noise = new SeededRandom(77).bytes(1_300_000)

export function makeUnit(index: number, shape: UnitShape, now: number): ModelUnit {
  const source = sources[shape.source] ?? sources[0]
  const length = shape.rows === 0 ? 0 : bytes[shape.size]
  const window = noise.subarray((index * 131) % 90_000)
  // Medium bodies compress, so that both storage forms occur.
  const raw = shape.size === 'medium' ? new Uint8Array(length).fill(index & 255) : window.subarray(0, length)
  return {
    index,
    state: 'waiting',
    appended: undefined,
    promised: false,
    untruncated: false,
    damaged: false,
    sequence: undefined,
    unit: {
      source,
      // Identifies the unit of every frame.
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
