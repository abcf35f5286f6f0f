import { useIncidentHistory } from '../../api/incidents.ts'
import { asApiError } from '../../api/problem.ts'
import { count, time } from '../../parts/format.ts'
import { Pending } from '../../parts/states.tsx'
import { incidentsText } from './text.ts'

export function History({ id, version }: { id: string; version: number }): React.ReactNode {
  const history = useIncidentHistory(id, version)
  const { data } = history
  const hasNoStore = history.isError && asApiError(history.error).code === 'WEIR_API_NO_STORE'
  return (
    <>
      <h3>{incidentsText.history}</h3>
      {data === undefined ? (
        hasNoStore ? (
          <p className="dim">{incidentsText.noHistory}</p>
        ) : (
          <Pending of={history} what={incidentsText.theHistory} />
        )
      ) : (
        <ul className="incident-lines" aria-label={incidentsText.history}>
          {data.versions.map(({ version: number, time: at, by, action, fields }) => (
            <li key={`${number} ${at}`}>
              <span className="what">
                <span className="mono">{time(at)}</span>{' '}
                {incidentsText.historyLine(number, incidentsText.actions[action], by)}
                {action === 'changed' && fields.length > 0 && <span className="dim"> · {fields.join(', ')}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
      {data !== undefined && data.missing > 0 && <p className="dim">{incidentsText.missing(count(data.missing))}</p>}
    </>
  )
}
