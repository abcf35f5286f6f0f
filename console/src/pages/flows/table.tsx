import { useCallback, useMemo, useState } from 'react'
import { loadable, useLoaded } from '../../hooks/use-loaded.ts'
import { plainText } from '../../parts/format.ts'
import { Loading, Notice } from '../../parts/states.tsx'
import { fieldsOf, isGroupable } from '../../parts/flows/columns.tsx'
import { LiveFlows } from './live-flows.tsx'
import type { FlowViewProps } from './views.ts'
import { flowsText } from '../../parts/flows/text.ts'

const stored = loadable(() => import('./stored-flows.tsx'))
const groups = loadable(() => import('./grouped-flows.tsx'))

export default function FlowTable({ state, set, columns, tabs }: FlowViewProps): React.ReactNode {
  const chosen = useMemo(() => state.cols.flatMap((id) => columns.get(id) ?? []), [state.cols, columns])
  const fields = useMemo(() => fieldsOf(chosen), [chosen])
  const [opened, setOpened] = useState<ReadonlyMap<string, unknown>>(new Map())
  const open = useCallback(
    (values: ReadonlyMap<string, unknown>) => {
      setOpened(values)
      set({ sel: plainText(values.get('_pos')) })
    },
    [set],
  )
  const sort = useCallback(
    (id: string) => {
      const next = state.sort === `-${id}` ? id : state.sort === id ? '' : `-${id}`
      set({ sort: next, ...(next === '' ? {} : { live: false }) })
    },
    [state.sort, set],
  )
  const isGroup = (id: string) => {
    const column = columns.get(id)
    return column !== undefined && isGroupable(column)
  }
  const group = useMemo(() => state.group.filter(isGroup), [state.group, columns])
  const unknown = [...state.cols.filter((id) => !columns.has(id)), ...state.group.filter((id) => !isGroup(id))]
  const grouped = useMemo(() => ({ ...state, group }), [state, group])
  const isLive = state.live && group.length === 0
  const StoredFlows = useLoaded(isLive || group.length > 0 ? undefined : stored)
  const GroupedFlows = useLoaded(group.length > 0 ? groups : undefined)
  const shared = { state, set, columns, tabs, chosen, fields, opened, onOpen: open, onSort: sort }
  return (
    <>
      {unknown.length > 0 && (
        <Notice onClose={() => set({ cols: chosen.map(({ id }) => id), group }, 'replace')}>
          {flowsText.noColumn(
            unknown.map((id) => `“${id}”`).join(', '),
            state.group.length > group.length ? flowsText.orGroup : '',
          )}
        </Notice>
      )}
      {isLive ? (
        <LiveFlows {...shared} />
      ) : group.length > 0 && GroupedFlows !== undefined ? (
        <GroupedFlows state={grouped} set={set} columns={columns} tabs={tabs} />
      ) : group.length === 0 && StoredFlows !== undefined ? (
        <StoredFlows {...shared} />
      ) : (
        <Loading what={flowsText.storedFlows} />
      )}
    </>
  )
}
