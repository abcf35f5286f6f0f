import { useAlerts, type Rule } from '../../api/alerts.ts'
import { useMe } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { count } from '../../parts/format.ts'
import { EmptyState, ErrorState, Loading, Notice, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { alertsText } from '../../text/alerts.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { selectOf } from '../../parts/dashboards/select.ts'
import { Details } from './details.tsx'
import { Editor } from './editor.tsx'
import { commonAlerts } from './common-alerts.ts'
import { formOf, freeName, newForm } from './form.ts'
import { RuleList } from './list.tsx'
import { alertsCodec } from './state.ts'
import './alerts.css'

const closed = { act: '', q: '', m: '', by: '', on: 'flows' } as const

export default function AlertsPage(): React.ReactNode {
  useTitle(alertsText.alerts)
  const { state, unread, set } = usePageState(alertsCodec)
  const { data, error, refetch } = useAlerts()
  const me = useMe()
  const mayEdit = me.data?.role === 'admin'
  const again = () => void refetch().catch(reportError)
  const { sel, act } = state
  const open = data?.rules.find(({ name }) => name === sel)
  const names = data?.rules.map(({ name }) => name) ?? []
  const begin = () => set({ ...closed, act: 'new', sel: '' })
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{alertsText.alerts}</h1>
        {data !== undefined && <Headline rules={data.rules} counts={data} />}
        <AddToDashboard of={{ panel: { kind: 'alerts', title: alertsText.alerts, select: selectOf({ rule: sel }) } }} />
        {mayEdit && (
          <button type="button" className="primary" onClick={begin}>
            {alertRulesText.newAlert}
          </button>
        )}
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {error !== null && data !== undefined && <StaleNotice error={error} onRetry={again} />}
      {data?.problem !== undefined && <Notice tone="bad">{data.problem}</Notice>}
      {data === undefined ? (
        error === null ? (
          <Loading what={alertsText.theAlerts} />
        ) : (
          <ErrorState error={error} onRetry={again} />
        )
      ) : (
        <div className="page-body alert-rules">
          <section className="panel" aria-label={alertRulesText.rules}>
            {data.rules.length === 0 ? (
              <EmptyState
                title={alertsText.noRules}
                action={mayEdit ? { text: alertRulesText.newAlert, onClick: begin } : undefined}
              >
                {mayEdit ? alertRulesText.noRulesHint : alertRulesText.viewerHint}
              </EmptyState>
            ) : (
              <RuleList rules={data.rules} selected={sel} onOpen={(name) => set({ ...closed, sel: name })} />
            )}
          </section>
          {mayEdit && act === 'new' ? (
            <Editor
              key="new"
              title={alertRulesText.newAlert}
              usual={newForm(state, names)}
              common={state.q === '' && state.m === '' ? commonAlerts(names) : []}
              onSaved={(name) => set({ ...closed, sel: name }, 'replace')}
              onClose={() => set(closed)}
            />
          ) : mayEdit && open?.settings !== undefined && act !== '' ? (
            <Editor
              key={`${act} ${open.name}`}
              title={act === 'edit' ? alertRulesText.editorOf(open.name) : alertRulesText.newAlert}
              usual={formOf(act === 'edit' ? open.name : freeName(open.name, names), open.settings)}
              before={act === 'edit' ? open.origin?.changed : undefined}
              onSaved={(name) => set({ ...closed, sel: name }, 'replace')}
              onClose={() => set(closed)}
            />
          ) : (
            sel !== '' && (
              <Details
                key={sel}
                name={sel}
                rule={open}
                silences={data.silences.filter(({ rule }) => rule === sel)}
                mayEdit={mayEdit}
                onAct={(next) => set({ act: next })}
                onClose={() => set({ ...closed, sel: '' })}
              />
            )
          )}
        </div>
      )}
    </div>
  )
}

function Headline({
  rules,
  counts: { firing, pending, silenced },
}: {
  rules: readonly Rule[]
  counts: Readonly<{ firing: number; pending: number; silenced: number }>
}) {
  const failing = rules.filter(({ state }) => state === 'failing').length
  return (
    <p className="alert-headline" role="status">
      <b className={firing > silenced ? 'bad' : 'good'}>{alertRulesText.countFiring(count(firing))}</b>
      {failing > 0 && <b className="bad">{alertRulesText.countFailing(count(failing))}</b>}
      {pending > 0 && <span>{alertRulesText.countPending(count(pending))}</span>}
      {silenced > 0 && <span>{alertRulesText.countSilenced(count(silenced))}</span>}
    </p>
  )
}
