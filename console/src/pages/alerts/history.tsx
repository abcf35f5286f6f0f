import { Link } from '@tanstack/react-router'
import { useAlertHistory } from '../../api/alerts.ts'
import { duration, time } from '../../parts/format.ts'
import { Pending } from '../../parts/states.tsx'
import { readSearch } from '../../state/codec.ts'
import { serverNow } from '../../state/server-time.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { alertsText } from '../../text/alerts.ts'
import { shownLabels } from '../../parts/alerts/words.ts'

const shown = 100
const refreshMs = 10_000

export function History({ rule }: { rule: string }): React.ReactNode {
  const history = useAlertHistory({ rule, from: 'now-7d', limit: shown }, refreshMs)
  const { data } = history
  return (
    <>
      <h3>{alertRulesText.history}</h3>
      {data === undefined ? (
        <Pending of={history} what={alertsText.theAlerts} />
      ) : data.alerts.length === 0 ? (
        <p className="dim">{alertRulesText.noHistory}</p>
      ) : (
        <ul className="alert-lines" aria-label={alertRulesText.historyOf}>
          {data.alerts.map((alert) => {
            const { starts_at: start, ends_at: end, labels, silenced, silence, cause, reason, view } = alert
            const [path = '', search = ''] = view.split('?')
            const lasted = (end === null ? serverNow() : Date.parse(end)) - Date.parse(start)
            const notes = [
              shownLabels(labels),
              ...(silenced ? [`${alertRulesText.silenced}${silence === undefined ? '' : `: ${silence.reason}`}`] : []),
              ...(reason === undefined ? [] : [reason]),
              ...(cause === undefined ? [] : [alertsText.before(cause)]),
            ]
            return (
              <li key={`${start} ${JSON.stringify(labels)}`}>
                <span className="what">
                  <Link to={path} search={readSearch(search) as never} className="mono">
                    {time(start)} – {end === null ? alertRulesText.still : time(end)}
                  </Link>{' '}
                  {duration(lasted)}
                  <span className="dim"> {notes.filter(Boolean).join(' · ')}</span>
                </span>
              </li>
            )
          })}
        </ul>
      )}
      {data?.more === true && <p className="dim">{alertRulesText.olderLeftOut}</p>}
    </>
  )
}
