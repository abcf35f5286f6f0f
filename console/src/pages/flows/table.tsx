import { lazy, Suspense, useCallback, useMemo, useState } from 'react'
import { plainText } from '../../parts/format.ts'
import { Loading, Notice } from '../../parts/states.tsx'
import { fieldsOf } from '../../parts/flows/columns.tsx'
import { LiveFlows } from './live-flows.tsx'
import type { FlowViewProps } from './views.ts'
import { flowsText } from '../../text/flows.ts'

const StoredFlows = lazy(() => import('./stored-flows.tsx'))
const GroupedFlows = lazy(() => import('./grouped-flows.tsx'))

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
  const isGroup = (id: string) => (columns.get(id)?.sort.length ?? 0) > 0 && columns.get(id)?.fields.length === 1
  const group = useMemo(() => state.group.filter(isGroup), [state.group, columns])
  const unknown = [...state.cols.filter((id) => !columns.has(id)), ...state.group.filter((id) => !isGroup(id))]
  const grouped = useMemo(() => ({ ...state, group }), [state, group])
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
      {group.length > 0 ? (
        <Suspense fallback={<Loading what={flowsText.storedFlows} />}>
          <GroupedFlows state={grouped} set={set} columns={columns} tabs={tabs} />
        </Suspense>
      ) : state.live ? (
        <LiveFlows {...shared} />
      ) : (
        <Suspense fallback={<Loading what={flowsText.storedFlows} />}>
          <StoredFlows {...shared} />
        </Suspense>
      )}
    </>
  )
}
