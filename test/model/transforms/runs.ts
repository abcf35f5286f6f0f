import fc from 'fast-check'

/** Settings of the transforms of a run, by type. Each has a naive counterpart in reference.ts. */
export const settings = {
  filter: { where: { flows: 'dst_port in (0, 1)', events: 'type = a' } },
  sample: { one_in: 2, by: ['src_port', 'type'], adjust: true },
  map: { set: { dst_port: 'flow.src_port + 1', scope: '"mapped"' }, drop: ['bytes'] },
  route: { routes: { low: 'dst_port = 0', mid: { flows: 'dst_port = 1', events: 'type = a' } }, else: 'rest' },
  throttle: { rows: 2, interval: '1s', by: ['dst_port', 'type'] },
  dedupe: { by: ['src_port', 'type'], window: '3s' },
  exporters: { by: ['dst_port'], exporters: ['192.0.2.3', '192.0.2.0/31'], window: '3s' },
  aggregate: { by: ['dst_port'], window: '2s', values: { bytes: 'sum(bytes)', flow_logs: 'count()' } },
  late: {
    by: ['dst_port'],
    window: '2s',
    time: 'event',
    lateness: '1s',
    values: { bytes: 'sum(bytes)', flow_logs: 'count()' },
  },
  connections: {
    heartbeat: '1s',
    end_timeout: '3s',
    terminating_timeout: '1s',
    max_duration: '4s',
    connections: 3,
    // Rows have several exporters, for `exporters`.
    reporters: 'sum',
  },
} as const
export type Type = keyof typeof settings
/** Settings of windows; steps change them. */
export const windowings = [
  { window: '2s', lateness: '1s' },
  { window: '3s', lateness: '1s' },
  { window: '700ms', lateness: '3s' },
] as const
/** @param windowing number of the settings of windows */
export function settingsOf(type: Type, windowing: number): object {
  const { window, lateness } = windowings[windowing] ?? windowings[0]
  if (type === 'aggregate') return { ...settings[type], window }
  return type === 'late' ? { ...settings[type], window, lateness } : settings[type]
}
/** The type of transform, where it has another name. */
export const typeOf = (type: Type): string => others[type] ?? type
const others: Readonly<Partial<Record<Type, string>>> = { late: 'aggregate', exporters: 'dedupe' }
export const outputs: Readonly<Partial<Record<Type, readonly string[]>>> = { route: ['low', 'mid', 'rest'] }

export interface Stage {
  readonly type: Type
  /** Its input: an earlier stage, modulo their number; 0 is the source. */
  readonly from: number
}

export const failingCalls = [
  'sync',
  'write',
  'truncate',
  'open',
  'read',
  'rename',
  'remove',
  'list',
  'stat',
  'syncDirectory',
] as const

export type Step =
  | { readonly do: 'flows'; readonly rows: readonly (readonly [src: number | null, dst: number, bytes: number])[] }
  | { readonly do: 'events'; readonly types: readonly ('a' | 'b')[] }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'settle' }
  | { readonly do: 'release' }
  | { readonly do: 'change'; readonly windowing: number }
  /** Calls for these files fail: positions, dead letters, segments, or all of them. */
  | {
      readonly do: 'fail'
      readonly call: (typeof failingCalls)[number]
      readonly where: string
      readonly skip: number
      readonly times: number
    }
  | { readonly do: 'stop-after'; readonly calls: number; readonly how: 'crash' | 'kill' }
  | { readonly do: 'end'; readonly how: 'crash' | 'kill' }

export interface Run {
  readonly seed: number
  readonly batchEvents: number
  readonly segmentBytes: number
  readonly stages: readonly Stage[]
  readonly steps: readonly Step[]
}

const flow = fc.tuple(fc.option(fc.nat({ max: 3 }), { freq: 9 }), fc.nat({ max: 2 }), fc.nat({ max: 1000 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('flows' as const), rows: fc.array(flow, { minLength: 1, maxLength: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('events' as const),
      types: fc.array(fc.constantFrom('a' as const, 'b' as const), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'settle' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 200, 900, 2500, 9000) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'release' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('change' as const), windowing: fc.nat({ max: windowings.length - 1 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      call: fc.constantFrom(...failingCalls),
      where: fc.constantFrom('.offset', '.seg', '/data'),
      skip: fc.nat({ max: 2 }),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('stop-after' as const),
      calls: fc.nat({ max: 40 }),
      how: fc.constantFrom('crash' as const, 'kill' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('crash', 'kill') }) },
)

export const runs: fc.Arbitrary<Run> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  batchEvents: fc.constantFrom(1, 3, 1000),
  segmentBytes: fc.constantFrom(800, 4000, 64 * 1024 * 1024),
  stages: fc.array(
    fc.record({ type: fc.constantFrom(...(Object.keys(settings) as Type[])), from: fc.nat({ max: 6 }) }),
    { minLength: 1, maxLength: 3 },
  ),
  steps: fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }),
})
