import { flowColumns } from '../flows/views.ts'
import { flag, text, type ViewColumn } from '../view-columns.ts'

const named = (names: readonly string[]) =>
  names.flatMap((name) => flowColumns.filter((column) => column.name === name))
const parts = ['addr', 'name', 'kind', 'namespace', 'owner_kind', 'owner_name', 'node', 'zone']

export const transferColumnsOfView: readonly ViewColumn[] = [
  ...named(['time_received', 'time_start', 'time_end', 'cluster']),
  text('path', 'same_zone, cross_zone, internet_out, internet_in, or why it is unknown'),
  flag('counted', 'False if the node of the destination reports the flow, too'),
  ...named(['src', 'dst'].flatMap((end) => parts.map((part) => `${end}_${part}`))),
  ...named(['bytes_est', 'packets_est', '_pos']),
]
