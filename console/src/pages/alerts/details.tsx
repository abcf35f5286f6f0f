import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { alertPath, useAlertActs, type Alerts, type AlertTest, type Rule, type SentTest } from '../../api/alerts.ts'
import { request } from '../../api/client.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { count, counted, duration, time } from '../../parts/format.ts'
import { Notice } from '../../parts/states.tsx'
import { readSearch } from '../../state/codec.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { alertsText } from '../../text/alerts.ts'
import { History } from './history.tsx'
import { StateMark } from '../../parts/alerts/state-mark.tsx'
import { SilenceForm } from './silence.tsx'
import { hasValue, ruleText, shownLabels } from '../../parts/alerts/words.ts'

type DetailsProps = Readonly<{
  name: string
  rule: Rule | undefined
  silences: Alerts['silences']
  mayEdit: boolean
  onAct: (act: 'edit' | 'copy') => void
  onClose: () => void
}>

export function Details({ name, rule, silences, mayEdit, onAct, onClose }: DetailsProps): React.ReactNode {
  return (
    <Drawer of={name} name={alertsText.alerts} title={name} onClose={onClose}>
      {rule === undefined ? (
        <p className="pad dim">{alertRulesText.noRule(name)}</p>
      ) : (
        <Known rule={rule} silences={silences} mayEdit={mayEdit} onAct={onAct} onClose={onClose} />
      )}
      <History rule={name} />
    </Drawer>
  )
}

type OpenForm = 'silence' | 'delete'

function Known({
  rule,
  silences,
  mayEdit,
  onAct,
  onClose,
}: Omit<DetailsProps, 'name' | 'rule'> & { readonly rule: Rule }) {
  const { name, origin } = rule
  const [asks, setAsks] = useState<'' | OpenForm>('')
  const [outcome, setOutcome] = useState('')
  const { busy, refused, act, forget } = useAlertActs()
  const attempt = (send: () => Promise<unknown>) => {
    setOutcome('')
    act(send).catch(reportError)
  }
  const sendTest = async () => {
    const { sinks } = await request<SentTest>(`${alertPath(name)}/send-test`, { method: 'POST' })
    setOutcome(sinks.length === 0 ? alertRulesText.sentNowhere : alertRulesText.sentTo(sinks.join(', ')))
  }
  const evaluate = async () => {
    const { rows } = await request<AlertTest>(`${alertPath(name)}/test`, { method: 'POST' })
    const met = rows.filter((row) => row.met === true).length
    setOutcome(alertRulesText.evaluatedRows(counted(rows.length, 'row'), count(met)))
  }
  const remove = async () => {
    const before = origin?.changed
    await request(alertPath(name), { method: 'DELETE', query: { before } })
    onClose()
  }
  return (
    <>
      <Facts of={rule} />
      {rule.error !== undefined && <p className="bad">{rule.error}</p>}
      {mayEdit && (
        <RuleActs
          of={rule}
          busy={busy}
          silencing={asks === 'silence'}
          onAct={onAct}
          onForm={(next) => setAsks(next === asks ? '' : next)}
          onSendTest={() => attempt(sendTest)}
          onEvaluate={() => attempt(evaluate)}
        />
      )}
      {refused !== undefined && (
        <Notice tone="bad" onClose={forget}>
          {refused.message} {refused.hints.join(' ')}
        </Notice>
      )}
      <p role="status" className="outcome">
        {outcome}
      </p>
      {asks === 'silence' && (
        <SilenceForm
          alerts={rule.alerts}
          busy={busy}
          onCancel={() => setAsks('')}
          onSilence={(body) => {
            setAsks('')
            attempt(() => request(`${alertPath(name)}/silences`, { method: 'POST', body }))
          }}
        />
      )}
      <Silences
        of={silences}
        mayEnd={mayEdit}
        busy={busy}
        onEnd={(id) => attempt(() => request(`${alertPath(name)}/silences/${id}`, { method: 'DELETE' }))}
      />
      <h3>{alertRulesText.active}</h3>
      {rule.alerts.length === 0 ? (
        <p className="dim">{alertRulesText.noneActive}</p>
      ) : (
        <ul className="alert-lines">
          {rule.alerts.map((alert) => (
            <ActiveAlert key={JSON.stringify(alert.labels)} alert={alert} />
          ))}
        </ul>
      )}
      {asks === 'delete' && (
        <Confirm
          title={alertRulesText.confirmDelete(name)}
          act={alertRulesText.delete}
          final
          onNo={() => setAsks('')}
          onYes={() => {
            setAsks('')
            attempt(remove)
          }}
        >
          <p>{alertRulesText.deleteConsequence}</p>
        </Confirm>
      )}
    </>
  )
}

function Facts({ of: rule }: { of: Rule }) {
  const { origin } = rule
  return (
    <dl>
      <Fact name={alertRulesText.state}>
        <StateMark rule={rule} />
      </Fact>
      <Fact name={alertRulesText.rule}>
        <span className="mono">{ruleText(rule)}</span>
      </Fact>
      <Fact name={alertRulesText.severity}>{rule.severity}</Fact>
      {rule.every_seconds > 0 && (
        <Fact name={alertRulesText.evaluated}>
          {alertRulesText.every(duration(rule.every_seconds * 1000))}
          {rule.evaluated_at !== undefined && `, ${time(rule.evaluated_at)}`}
        </Fact>
      )}
      {origin !== undefined && (
        <Fact name={alertRulesText.place}>
          {origin.is === 'file'
            ? `${alertRulesText.inFile(origin.file ?? '', origin.line ?? 0)}. ${alertRulesText.readOnly}`
            : alertRulesText.changed(origin.by ?? '', time(origin.changed ?? null))}
        </Fact>
      )}
    </dl>
  )
}

type RuleActsProps = Pick<DetailsProps, 'onAct'> &
  Readonly<{
    of: Rule
    busy: boolean
    silencing: boolean
    onForm: (form: OpenForm) => void
    onSendTest: () => void
    onEvaluate: () => void
  }>

function RuleActs({ of: { origin }, busy, silencing, onAct, onForm, onSendTest, onEvaluate }: RuleActsProps) {
  return (
    <p className="acts">
      {origin?.is === 'api' && (
        <button type="button" className="primary" disabled={busy} onClick={() => onAct('edit')}>
          {alertRulesText.edit}
        </button>
      )}
      <button type="button" disabled={busy} onClick={() => onAct('copy')}>
        {alertRulesText.copy}
      </button>
      <button type="button" disabled={busy} aria-expanded={silencing} onClick={() => onForm('silence')}>
        {alertRulesText.silence}
      </button>
      <button type="button" disabled={busy} title={alertRulesText.sendTestHint} onClick={onSendTest}>
        {alertRulesText.sendTest}
      </button>
      <button type="button" disabled={busy} onClick={onEvaluate}>
        {alertRulesText.evaluate}
      </button>
      {origin?.is === 'api' && (
        <button type="button" disabled={busy} onClick={() => onForm('delete')}>
          {alertRulesText.delete}
        </button>
      )}
    </p>
  )
}

type SilencesProps = Readonly<{
  of: Alerts['silences']
  mayEnd: boolean
  busy: boolean
  onEnd: (id: Alerts['silences'][number]['id']) => void
}>

function Silences({ of, mayEnd, busy, onEnd }: SilencesProps) {
  if (of.length === 0) return null
  return (
    <>
      <h3>{alertRulesText.silences}</h3>
      <ul className="alert-lines">
        {of.map(({ id, reason, until, by, labels }) => (
          <li key={id}>
            <span className="what">
              {reason}
              <span className="dim">
                {' '}
                {[shownLabels(labels), alertRulesText.until(time(until), by)].filter(Boolean).join(' · ')}
              </span>
            </span>
            {mayEnd && (
              <button
                type="button"
                disabled={busy}
                aria-label={alertRulesText.endSilenceOf(reason)}
                onClick={() => onEnd(id)}
              >
                {alertRulesText.endSilence}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function ActiveAlert({ alert }: { alert: Rule['alerts'][number] }) {
  const [path = '', search = ''] = alert.view.split('?')
  const text = alert.annotations['summary'] ?? shownLabels(alert.labels)
  return (
    <li>
      <span className={alert.state === 'firing' ? 'bad' : 'warning'}>
        {alert.state === 'firing' ? `▲ ${alertsText.firing}` : `◔ ${alertsText.pending}`}
      </span>
      <span className="what">
        {!hasValue(text, alert.value_text) && <b className="number">{alert.value_text} </b>}
        {text}
        <span className="dim">
          {' '}
          {alertsText.since(time(alert.active_at))}
          {alert.silenced_until !== undefined && ` · ${alertRulesText.silencedUntil(time(alert.silenced_until))}`}
          {alert.cause !== undefined && ` · ${alertsText.before(alert.cause.text)}`}
        </span>
      </span>
      <Link to={path} search={readSearch(search) as never}>
        {alertRulesText.showRows}
        {text !== '' && <span className="spoken"> {text}</span>}
      </Link>
    </li>
  )
}
