import fc from 'fast-check'

/** One step of a run as plain data, so that failing runs shrink. */
export type Operation =
  /** Appends units without waiting. */
  | { readonly do: 'append'; readonly units: readonly UnitShape[] }
  /** Waits until everything that can happen without time has happened. */
  | { readonly do: 'settle' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  /** A reader takes what there is, so many bytes at a time. */
  | { readonly do: 'read'; readonly reader: number; readonly bytes: number }
  /** A reader makes its place durable. */
  | { readonly do: 'commit'; readonly reader: number }
  /** The journal may drop what all readers have passed. */
  | { readonly do: 'release' }
  /** The next fitting call of the disk fails. */
  | { readonly do: 'fail'; readonly call: FailingCall; readonly skip: number; readonly times: number }
  | { readonly do: 'fill'; readonly bytes: number }
  | { readonly do: 'empty' }
  /** Power loss, or a kill, within the disk call after so many others. */
  | { readonly do: 'stop-after'; readonly calls: number; readonly how: 'crash' | 'kill' }
  /** The end of a life, and the next one. */
  | { readonly do: 'end'; readonly how: 'crash' | 'kill' | 'close'; readonly flip?: Flip }
  /** Everything that is durable is compared with the model. */
  | { readonly do: 'verify' }

export interface UnitShape {
  readonly source: number
  /** 0: only a cursor. */
  readonly rows: number
  readonly size: 'small' | 'medium' | 'large' | 'parts'
  readonly cursor: boolean
  readonly shed: number
  readonly duplicates: number
}

/** One bit of one segment, both chosen by a fraction. */
export interface Flip {
  readonly segment: number
  readonly at: number
  readonly bit: number
}

export const failingCalls = ['sync', 'write', 'open', 'truncate', 'syncDirectory', 'remove', 'free'] as const
export type FailingCall = (typeof failingCalls)[number]

/** Limits of the journal, small so that a short run reaches them. */
export interface Limits {
  readonly segmentBytes: number
  readonly maxBytes: number
  readonly keepBytes: number
  readonly groupBytes: number
}

export const sources = ['alpha', 'beta', 'gamma'] as const
export const readers = 2

const fraction = fc.integer({ min: 0, max: 999 }).map((n) => n / 1000)

const unitShape: fc.Arbitrary<UnitShape> = fc.record({
  source: fc.nat({ max: sources.length - 1 }),
  rows: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) }),
  size: fc.oneof(
    { weight: 40, arbitrary: fc.constant('small' as const) },
    { weight: 30, arbitrary: fc.constant('medium' as const) },
    { weight: 10, arbitrary: fc.constant('large' as const) },
    { weight: 1, arbitrary: fc.constant('parts' as const) },
  ),
  cursor: fc.boolean(),
  shed: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) }),
  duplicates: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) },
  ),
})

const flip: fc.Arbitrary<Flip> = fc.record({ segment: fraction, at: fraction, bit: fc.nat({ max: 7 }) })
const reader = fc.nat({ max: readers - 1 })

const weighted = (
  weight: number,
  arbitrary: fc.Arbitrary<Operation>,
): { weight: number; arbitrary: fc.Arbitrary<Operation> } => ({ weight, arbitrary })

const operation: fc.Arbitrary<Operation> = fc.oneof(
  weighted(
    12,
    fc.record({ do: fc.constant('append' as const), units: fc.array(unitShape, { minLength: 1, maxLength: 4 }) }),
  ),
  weighted(6, fc.constant({ do: 'settle' as const })),
  weighted(2, fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 100, 5000, 3_600_000) })),
  weighted(
    1,
    fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-86_400_000, -1000, 1000, 86_400_000) }),
  ),
  weighted(4, fc.record({ do: fc.constant('read' as const), reader, bytes: fc.constantFrom(1, 500, 1_000_000) })),
  weighted(3, fc.record({ do: fc.constant('commit' as const), reader })),
  weighted(2, fc.constant({ do: 'release' as const })),
  weighted(
    3,
    fc.record({
      do: fc.constant('fail' as const),
      call: fc.constantFrom(...failingCalls),
      skip: fc.nat({ max: 3 }),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  weighted(1, fc.record({ do: fc.constant('fill' as const), bytes: fc.constantFrom(0, 100, 3000) })),
  weighted(1, fc.constant({ do: 'empty' as const })),
  weighted(
    4,
    fc.record({
      do: fc.constant('stop-after' as const),
      calls: fc.nat({ max: 25 }),
      how: fc.constantFrom('crash', 'kill'),
    }),
  ),
  weighted(4, fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('crash', 'crash', 'kill', 'close') })),
  weighted(1, fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('crash', 'kill', 'close'), flip })),
  weighted(2, fc.constant({ do: 'verify' as const })),
)

export interface Run {
  /** Determines the surviving unsynced writes and the order of concurrent calls. */
  readonly seed: number
  readonly limits: Limits
  readonly operations: readonly Operation[]
}

export const runs: fc.Arbitrary<Run> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  limits: fc.record({
    segmentBytes: fc.constantFrom(600, 3000, 20_000, 64 * 1024 * 1024),
    maxBytes: fc.constantFrom(8000, 60_000, 8 * 1024 ** 3, 8 * 1024 ** 3, 8 * 1024 ** 3),
    keepBytes: fc.constantFrom(0, 0, 4000, 256 * 1024 * 1024),
    groupBytes: fc.constantFrom(1, 500, 16 * 1024 * 1024),
  }),
  operations: fc.array(operation, { minLength: 1, maxLength: 40, size: 'max' }),
})
