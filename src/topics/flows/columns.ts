import { withoutUndefined } from '../../model/json.ts'
import type { QueryField } from '../../query/index.ts'
import type { ViewColumn } from '../view-columns.ts'
import type { FlowColumn } from './schema.ts'
import { flowColumns } from './views.ts'

export function columnOf({ name, kind, sql }: QueryField): FlowColumn {
  if (kind === 'text' && sql !== undefined) return { name, type: 'VARCHAR' }
  const { type = 'VARCHAR', unit } = flowColumns.find((column) => column.name === name) ?? ({} as Partial<ViewColumn>)
  return { name, type, ...withoutUndefined({ unit }) }
}

export const measureColumns: readonly FlowColumn[] = [
  { name: 'bytes', type: 'HUGEINT', unit: 'By' },
  { name: 'packets', type: 'HUGEINT', unit: '{packet}' },
  { name: 'flows', type: 'BIGINT', unit: '{flow}' },
]
