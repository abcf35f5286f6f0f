// Random views of data set D, as addresses of the console and as conditions of SQL.
import type { SeededRandom } from '../../../kit/random.ts'
import type { SpanOfD } from '../data-set/template.ts'
import { randomFilter } from '../random-filters.ts'
import type { Measure } from './written.ts'

export interface View {
  /** Parameters that all addresses of the view share. */
  readonly address: Readonly<Record<string, string>>
  /** Unix ms; the end is exclusive. */
  readonly from: number
  readonly to: number
  readonly where: string
  readonly dim: string
  readonly by: Measure
  readonly charted: Measure
  readonly top: number
  readonly group: readonly string[]
  readonly sort: string
  readonly scope: (typeof scopes)[number]
}

const minute = 60_000
const dims = [
  'src_endpoint',
  'dst_endpoint',
  'src_namespace',
  'dst_owner_name',
  'src_node',
  'dst_zone',
  'src_label',
  'dst_addr',
  'service_port',
  'dst_port',
  'proto',
  'exporter_addr',
]
const groups = [
  ['src_namespace', 'dst_namespace'],
  ['src_owner_name', 'dst_owner_name'],
  ['src_zone', 'dst_zone'],
  ['src_addr', 'dst_addr'],
  ['service_port'],
  ['proto', 'sampling'],
  ['exporter_addr'],
]
const scopes = ['namespace', 'node', 'zone', 'label'] as const
const sorts = ['', '-bytes_est', 'packets_est', '-src_port', 'time_end']
const sampled = [
  { filter: 'sampling = 50', sql: 'coalesce(sampling = 50, false)' },
  { filter: 'not exists(sampling)', sql: 'sampling IS NULL' },
  { filter: 'bytes_est >= 10k', sql: `coalesce(${estimate('bytes')} >= 10000, false)` },
]

/** Reported value × sampling interval. */
export function estimate(field: 'bytes' | 'packets'): string {
  return `(${field}::HUGEINT * coalesce(nullif(sampling, 0), 1))`
}

const exchanged = (sql: string): string =>
  sql.replaceAll(/\b(src|dst)_/g, (_, end) => (end === 'src' ? 'dst_' : 'src_'))

export function randomView(random: SeededRandom, span: SpanOfD): View {
  const length = random.pick([20, 60, 150, 200, 700, 1300]) * minute + random.integer(0, 59_999)
  const from = random.integer(span.from + 5 * minute, span.to - length - 1000)
  const sampling = random.chance(0.5) ? random.pick(sampled) : undefined
  const whole = random.chance(0.2) ? { filter: '', sql: 'true' } : randomFilter(random, random.integer(0, 2))
  const question =
    sampling === undefined
      ? whole
      : whole.filter === ''
        ? sampling
        : { filter: `(${whole.filter}) and ${sampling.filter}`, sql: `(${whole.sql}) AND ${sampling.sql}` }
  const [both, once] = [random.chance(0.3), random.chance(0.4)]
  const directed = both ? `((${question.sql}) OR (${exchanged(question.sql)}))` : `(${question.sql})`
  const iso = (ms: number): string => new Date(ms).toISOString()
  return {
    address: {
      v: '1',
      live: '0',
      t: `${iso(from)}..${iso(from + length)}`,
      q: question.filter,
      ...(both ? { both: '1' } : {}),
      ...(once ? { once: '1' } : {}),
    },
    from,
    to: from + length,
    where: once ? `${directed} AND (node_direction = 1 AND dst_owner_name IS NOT NULL) IS NOT TRUE` : directed,
    dim: random.pick(dims),
    by: random.pick(['bytes', 'packets', 'flows', 'drop_bytes', 'drop_packets'] as const),
    charted: random.pick(['bytes', 'packets', 'flows'] as const),
    top: random.pick([5, 10, 15]),
    group: random.pick(groups),
    sort: random.pick(sorts),
    scope: random.pick(scopes),
  }
}
