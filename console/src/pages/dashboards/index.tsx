import { useSaved } from '../../app/saved.ts'
import { useTitle } from '../../app/use-title.ts'
import { savedDashboard } from '../../parts/dashboards/saved.ts'
import { EmptyState, Loading, QueryError, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { BoardPage } from './board.tsx'
import { DashboardList } from './list.tsx'
import { dashboardsCodec } from './state.ts'
import { dashboardsText } from './text.ts'
import './dashboards.css'

export default function DashboardsPage(): React.ReactNode {
  const { state, unread, set } = usePageState(dashboardsCodec)
  const { d, id, edit } = state
  const saved = useSaved()
  const isEmpty = d.panels.length === 0 && d.title === '' && !edit
  const view = saved.data?.find((candidate) => candidate.id === id)
  const stored = view === undefined ? undefined : savedDashboard(view)
  const shown = isEmpty ? stored?.dashboard : d
  useTitle(shown === undefined || shown.title === '' ? dashboardsText.dashboards : shown.title)
  const notice = <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
  if (isEmpty && id === '')
    return (
      <div className="page dashboards">
        {notice}
        <DashboardList onOpen={(opened) => set(opened)} />
      </div>
    )
  if (shown !== undefined) return <BoardPage state={{ ...state, d: shown }} stored={stored} notice={notice} set={set} />
  return (
    <div className="page dashboards">
      <h1 className="spoken">{dashboardsText.dashboards}</h1>
      {saved.isError ? (
        <QueryError of={saved} />
      ) : saved.data === undefined ? (
        <Loading what={dashboardsText.dashboards} />
      ) : (
        <EmptyState
          title={dashboardsText.none}
          action={{
            text: dashboardsText.all,
            onClick: () => set({ id: '', was: '', d: dashboardsCodec.usual.d, edit: false }),
          }}
        >
          {dashboardsText.notSaved}
        </EmptyState>
      )}
    </div>
  )
}
