import fc from 'fast-check'

/** One step of a run of journal, store and sinks. */
export type Operation =
  | { readonly do: 'append'; readonly units: readonly UnitShape[] }
  /** A client of the http source repeats the push of so many pushes ago. */
  | { readonly do: 'push-again'; readonly back: number }
  | { readonly do: 'settle' }
  | { readonly do: 'pass'; readonly ms: number }
  /** The clock is set: hours close, and recur. */
  | { readonly do: 'jump'; readonly ms: number }
  /** What the other side of a sink does from now on. */
  | { readonly do: 'mood'; readonly sink: number; readonly mood: Mood }
  /** The store reads, commits, merges. */
  | { readonly do: 'feed'; readonly bytes: number }
  | { readonly do: 'commit' }
  | { readonly do: 'maintain' }
  /** The duplicate window is saved. */
  | { readonly do: 'snapshot' }
  /** An operator looks after the dead letters of a sink. */
  | { readonly do: 'letters'; readonly sink: number; readonly act: 'retry' | 'drop' }
  | {
      readonly do: 'fail'
      readonly call: (typeof failingCalls)[number]
      readonly where: (typeof places)[number]
      readonly skip: number
      readonly times: number
    }
  | { readonly do: 'fill'; readonly bytes: number }
  | { readonly do: 'empty' }
  | { readonly do: 'stop-after'; readonly calls: number; readonly how: 'crash' | 'kill' }
  | { readonly do: 'end'; readonly how: 'crash' | 'kill' | 'close'; readonly flip?: Flip }
  | { readonly do: 'verify' }

/** One bit of one file, chosen by fractions. Table files are excluded; another program defines their format. */
export interface Flip {
  readonly folder: (typeof flipped)[number]
  readonly file: number
  readonly at: number
  readonly bit: number
}

export const flipped = ['journal', 'store', 'dead-letters', 'state', ''] as const

export interface UnitShape {
  readonly source: number
  readonly rows: number
  readonly key: number
  readonly type: number
}

/** `flaky` responds differently for each row; `half` accepts everything and then throws. */
export const moods = ['accept', 'away', 'half', 'flaky', 'reject', 'hang'] as const
export type Mood = (typeof moods)[number]

const failingCalls = ['sync', 'write', 'open', 'truncate', 'syncDirectory', 'rename', 'remove', 'read'] as const
const places = ['/data/journal', '.offset', '/data/dead-letters', '/data/store', '/data/state', '/data'] as const

/** Clients push `alpha`, with repeats; it passes the duplicate window. */
export const sources = ['alpha', 'beta', 'gamma'] as const
export const sinks = ['all', 'some'] as const
export const types = ['kept', 'other'] as const

export interface Run {
  readonly seed: number
  readonly segmentBytes: number
  /** Sinks drop rows beyond their retention. */
  readonly drop: boolean
  readonly batchEvents: number
  readonly giveUp: boolean
  readonly operations: readonly Operation[]
}

const sink = fc.nat({ max: sinks.length - 1 })
const unit: fc.Arbitrary<UnitShape> = fc.record({
  source: fc.nat({ max: sources.length - 1 }),
  rows: fc.integer({ min: 0, max: 4 }),
  key: fc.nat({ max: 3 }),
  type: fc.nat({ max: 1 }),
})
const fraction = fc.nat({ max: 999 }).map((n) => n / 1000)
const flip: fc.Arbitrary<Flip> = fc.record({
  folder: fc.constantFrom('journal', 'journal', ...flipped),
  file: fraction,
  at: fraction,
  bit: fc.nat({ max: 7 }),
})
const weighted = (
  weight: number,
  arbitrary: fc.Arbitrary<Operation>,
): { weight: number; arbitrary: fc.Arbitrary<Operation> } => ({ weight, arbitrary })

const operation: fc.Arbitrary<Operation> = fc.oneof(
  weighted(
    12,
    fc.record({ do: fc.constant('append' as const), units: fc.array(unit, { minLength: 1, maxLength: 3 }) }),
  ),
  weighted(3, fc.record({ do: fc.constant('push-again' as const), back: fc.nat({ max: 3 }) })),
  weighted(6, fc.constant({ do: 'settle' as const })),
  weighted(4, fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 300, 5000) })),
  weighted(2, fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-3_600_000, 3_700_000, 7_300_000) })),
  weighted(6, fc.record({ do: fc.constant('mood' as const), sink, mood: fc.constantFrom(...moods) })),
  weighted(5, fc.record({ do: fc.constant('feed' as const), bytes: fc.constantFrom(1, 1_000_000) })),
  weighted(4, fc.constant({ do: 'commit' as const })),
  weighted(2, fc.constant({ do: 'maintain' as const })),
  weighted(2, fc.constant({ do: 'snapshot' as const })),
  weighted(2, fc.record({ do: fc.constant('letters' as const), sink, act: fc.constantFrom('retry', 'drop') })),
  weighted(
    4,
    fc.record({
      do: fc.constant('fail' as const),
      call: fc.constantFrom(...failingCalls),
      where: fc.constantFrom(...places),
      skip: fc.nat({ max: 4 }),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  weighted(1, fc.record({ do: fc.constant('fill' as const), bytes: fc.constantFrom(0, 200, 5000) })),
  weighted(1, fc.constant({ do: 'empty' as const })),
  weighted(
    4,
    fc.record({
      do: fc.constant('stop-after' as const),
      calls: fc.nat({ max: 60 }),
      how: fc.constantFrom('crash', 'kill'),
    }),
  ),
  weighted(4, fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('crash', 'crash', 'kill', 'close') })),
  weighted(1, fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('crash', 'kill', 'close'), flip })),
  weighted(2, fc.constant({ do: 'verify' as const })),
)

export const runs: fc.Arbitrary<Run> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  segmentBytes: fc.constantFrom(600, 3000, 64 * 1024 * 1024),
  drop: fc.constantFrom(false, false, false, true),
  batchEvents: fc.constantFrom(1, 3, 1000),
  giveUp: fc.constantFrom(false, false, true),
  operations: fc.array(operation, { minLength: 1, maxLength: 50, size: 'max' }),
})
