import { incidentStates, useIncidents } from '../../api/incidents.ts'
import { useMe } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { counted } from '../../parts/format.ts'
import { ListPage, ListTable } from '../../parts/list-page.tsx'
import { EmptyState, RefreshButton } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { columns } from './columns.tsx'
import { Details } from './details.tsx'
import { incidentsCodec } from './state.ts'
import { incidentsText } from './text.ts'
import './incidents.css'

export default function IncidentsPage(): React.ReactNode {
  useTitle(incidentsText.incidents)
  const { state, unread, set } = usePageState(incidentsCodec)
  const { sel, edit } = state
  const { data, error, refetch } = useIncidents()
  const me = useMe()
  const mayEdit = me.data?.role === 'admin'
  const rows = data?.filter((incident) => state.state === '' || incident.state === state.state)
  const again = () => void refetch().catch(reportError)
  return (
    <ListPage
      title={incidentsText.incidents}
      className="incidents"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [state.state === '' ? '' : incidentsText.stateNames[state.state]],
        filter: (
          <div className="quick">
            <div role="group" aria-label={incidentsText.state}>
              {(['', ...incidentStates] as const).map((name) => (
                <button
                  key={name}
                  type="button"
                  className="chip"
                  aria-pressed={state.state === name}
                  onClick={() => set({ state: name })}
                >
                  {name === '' ? incidentsText.all : incidentsText.stateNames[name]}
                </button>
              ))}
            </div>
          </div>
        ),
      }}
    >
      <ListTable
        of={{ rows, error: error ?? undefined, busy: data === undefined && error === null, again }}
        label={incidentsText.incidents}
        line={
          <span className="number" role="status">
            {rows === undefined ? '' : counted(rows.length, 'incident')}
          </span>
        }
        acts={<RefreshButton onClick={again} />}
        loads={incidentsText.theIncidents}
        needsStore={incidentsText.unavailable}
        empty={
          (data?.length ?? 0) > 0 ? (
            <EmptyState
              title={incidentsText.noneInState}
              action={{ text: incidentsText.showAll, onClick: () => set({ state: '' }) }}
            >
              {incidentsText.noneInStateHint}
            </EmptyState>
          ) : (
            <EmptyState title={incidentsText.none} action={{ text: incidentsText.openFlows, to: '/flows' }}>
              {mayEdit ? incidentsText.noneHint : incidentsText.viewerHint}
            </EmptyState>
          )
        }
        grid={{
          label: incidentsText.newestFirst,
          columns,
          rowKey: ({ id }) => id,
          total: rows?.length,
          selected: sel,
          onOpen: ({ id }) => set({ sel: id, edit: false }),
        }}
        drawer={
          sel !== '' && (
            <Details
              key={sel}
              id={sel}
              mayEdit={mayEdit}
              editing={edit && mayEdit}
              onEdit={(next) => set({ edit: next })}
              onClose={() => set({ sel: '', edit: false })}
            />
          )
        }
      />
    </ListPage>
  )
}
