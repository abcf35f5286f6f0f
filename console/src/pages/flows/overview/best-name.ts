import { useQuery } from '@tanstack/react-query'
import { ask } from '../../../api/client.ts'
import { questionQuery } from '../question.ts'
import type { Asked } from './ask.ts'
import type { Dimension } from './state.ts'
import type { GroupsAnswer } from './sums.ts'

/** What sources are called by, the best first. An address is always there. */
const names = ['src_name', 'src_owner_name', 'src_label'] as const

/** The first that at least half of the flows have. Of many groups the largest decide. */
export function bestName({ columns, rows }: Pick<GroupsAnswer, 'columns' | 'rows'>): Dimension {
  const place = (name: string): number => columns.findIndex((column) => column.name === name)
  const flows = (of: typeof rows): number => of.reduce((sum, row) => sum + Number(row[place('flows')]), 0)
  const all = flows(rows)
  if (all === 0) return names[0]
  return names.find((name) => 2 * flows(rows.filter((row) => (row[place(name)] ?? null) !== null)) >= all) ?? 'src_addr'
}

/** By what the panels tell sources apart when nothing is chosen; undefined while it is not known. */
export function useBestName({ turn: _turn, t, ...question }: Asked, enabled: boolean): Dimension | undefined {
  const query = { ...questionQuery(question), from: t.from, to: t.to, group: names.join(','), by: 'flows', limit: 50 }
  const { data, isError } = useQuery({
    queryKey: ['best name', query], enabled, staleTime: Infinity,
    queryFn: async ({ signal }) => bestName(await ask<GroupsAnswer>('/api/v1/flows', { signal, query })),
  })
  return isError ? names[0] : data
}
