import { duration, time } from '../format.ts'
import { Popover } from '../popover.tsx'
import { useNewest } from '../../api/trace-queries.ts'
import { TableHead } from '../table-head.tsx'
import { auditText } from './text.ts'
import { generalText } from '../../text/general.ts'

/** Always visible, because an empty list can be a delay. */
export function NewestTrace(): React.ReactNode {
  const { data, isError } = useNewest()
  if (data === undefined) return <span className="dim">{isError ? auditText.freshnessUnknown : ''}</span>
  const troubled = (data.collectors ?? []).filter(({ error }) => error !== undefined)
  const latest = data.sources[0]
  return (
    <span className="newest">
      <Popover
        name={auditText.freshness}
        className="how-new"
        label={
          <>
            {data.newest === null ? (
              auditText.noTraceStored
            ) : (
              <>
                {auditText.newestInText} <span className="mono">{time(data.newest)}</span>
              </>
            )}
            {latest?.late != null && <span className="dim"> {auditText.delayOf(late(latest.late))}</span>}{' '}
            <span aria-hidden="true">▾</span>
          </>
        }
      >
        {() => (
          <div className="how-new-body" tabIndex={0} role="region" aria-label={auditText.delayTitle}>
            <p>{auditText.delays}</p>
            {data.sources.length === 0 ? (
              <p className="dim">{auditText.noEventsThisWeek}</p>
            ) : (
              <table className="peers-table">
                <TableHead columns={[generalText.source, auditText.newest, [auditText.delay, 'end']]} />
                <tbody>
                  {data.sources.map(({ source, newest, late: seconds }) => (
                    <tr key={source}>
                      <td>{source}</td>
                      <td className="mono">{time(newest)}</td>
                      <td className="end">{seconds === null ? '–' : late(seconds)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
            {(data.collectors ?? []).map(({ name, type, error }) => (
              <p key={name} className={error === undefined ? 'dim' : 'warning'}>
                {error === undefined ? '● ' : '▲ '}
                {name} ({type}){error === undefined ? auditText.collects : `: ${error}`}
              </p>
            ))}
          </div>
        )}
      </Popover>
      {troubled.map(({ name, error }) => (
        <span key={name} className="warning">
          ▲ {name}: {error}
        </span>
      ))}
    </span>
  )
}

const late = (seconds: number) => duration(seconds * 1000)
