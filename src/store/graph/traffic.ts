import { workloadGroups } from '../../model/refs.ts'
import { quoted } from '../duck.ts'
import type { Kept, KeptKind } from '../read/kept.ts'
import type { Receipt } from '../read/receipt.ts'
import type { ViewInput } from '../read/views.ts'
import { rollupView } from '../rollup/views.ts'
import type { Refs } from './refs.ts'
import { Talks } from './talks.ts'

/** `workloadRef` of src/model/refs.ts, as SQL. */
function workload(end: 'src' | 'dst'): string {
  const groups = Object.entries(workloadGroups).map(([kind, group]) => `WHEN ${quoted(kind)} THEN ${quoted(group)}`).join(' ')
  return `'k8s:' || cluster || '/' || (CASE ${end}_owner_kind ${groups} ELSE '' END) || '/' || ${end}_owner_kind || '/' || ${end}_namespace || '/' || ${end}_owner_name`
}

/** Files that one statement speaks of. */
const filesAtOnce = 64

/** Sums of workloads, without all the rest of a rollup. */
export function keptTalks(directory: string, refs: Refs): KeptKind<Talks> {
  return {
    stream: 'flows_1h', fits: () => true,
    read: async (connection, files) => {
      // Of each file by itself: hardly two have the same columns.
      const each = files.map((file, number) => `SELECT ${number}::UINTEGER AS file, hour, from_ref, to_ref, bytes, flows FROM (${summed(rowsOf({ directory, files: [file], sources: [], words: [] }))})`)
      const statements = Array.from({ length: Math.ceil(each.length / filesAtOnce) }, (_, at) => each.slice(at * filesAtOnce, (at + 1) * filesAtOnce).join(' UNION ALL '))
      return Talks.read(connection, statements, files.length, refs)
    },
    drop: async (_connection, talks) => talks.release(),
  }
}

/** View `traffic`: which workload talked to which, and how much, by the hour. What the rollup has put together with others names no workload. */
export function trafficView(input: ViewInput, when?: Receipt, kept?: Kept): string {
  return summed(rowsOf(input, when, kept?.names))
}

function rowsOf(input: ViewInput, when?: Receipt, without?: ReadonlySet<string>): string {
  return `SELECT time AS hour, ${workload('src')} AS from_ref, ${workload('dst')} AS to_ref, bytes_est AS bytes, packets_est AS packets, flows FROM (${rollupView('flows_1h', input, when, without)})`
}

function summed(rows: string): string {
  return `SELECT hour, from_ref, to_ref, ${['bytes', 'packets', 'flows'].map((sum) => `sum(${sum})::HUGEINT AS ${sum}`).join(', ')} FROM (${rows}) WHERE from_ref IS NOT NULL AND to_ref IS NOT NULL GROUP BY ALL`
}
