import { workloadGroups } from '../../model/refs.ts'
import { quoted } from '../duck.ts'
import type { CachedRows, CacheKind } from '../read/file-cache.ts'
import type { TimeBounds } from '../read/receipt.ts'
import type { ViewInput } from '../read/views.ts'
import { rollupView, type RollupPart } from '../rollup/views.ts'
import type { Refs } from './refs.ts'
import { Talks } from './talks.ts'

/** `workloadRef` of src/model/refs.ts. */
function workload(end: 'src' | 'dst'): string {
  const groups = Object.entries(workloadGroups)
    .map(([kind, group]) => `WHEN ${quoted(kind)} THEN ${quoted(group)}`)
    .join(' ')
  return `'k8s:' || cluster || '/' || (CASE ${end}_owner_kind ${groups}
      ELSE '' END) || '/' || ${end}_owner_kind || '/' || ${end}_namespace || '/' || ${end}_owner_name`
}

export function talksCacheKind(directory: string, refs: Refs): CacheKind<Talks> {
  return {
    stream: 'flows_1h',
    fits: () => true,
    read: (connection, files) => {
      const numbers = new Map(files.map(({ name }, number) => [name, number]))
      return Talks.read(
        connection,
        summed(rowsOf({ directory, files, sources: [], words: [] }, { numbers }), ['file']),
        files.length,
        refs,
      )
    },
    drop: async (_connection, talks) => talks.release(),
  }
}

/** Communication of workloads by hour. Folded rows of the rollup name no workload. */
export function trafficView(input: ViewInput, when?: TimeBounds, cached?: CachedRows): string {
  return summed(rowsOf(input, { when, without: cached?.names }))
}

/** Each column costs planning time. */
const only = new Set([
  'cluster',
  ...['src', 'dst'].flatMap((end) => [`${end}_owner_kind`, `${end}_namespace`, `${end}_owner_name`]),
  'bytes_est',
  'packets_est',
  'flows',
])

function rowsOf(input: ViewInput, part: Omit<RollupPart, 'only'>) {
  return `SELECT time AS hour, ${workload('src')} AS from_ref, ${workload('dst')} AS to_ref, bytes_est AS bytes,
      packets_est AS packets, flows${part.numbers === undefined ? '' : ', file'}
      FROM (${rollupView('flows_1h', input, { ...part, only })})`
}

function summed(rows: string, by: readonly string[] = []) {
  return `SELECT ${['hour', 'from_ref', 'to_ref', ...by].join(', ')},
      ${['bytes', 'packets', 'flows'].map((sum) => `sum(${sum})::HUGEINT AS ${sum}`).join(', ')} FROM (${rows})
      WHERE from_ref IS NOT NULL AND to_ref IS NOT NULL GROUP BY ALL`
}
