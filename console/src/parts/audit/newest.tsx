import { duration, time } from '../format.ts'
import { Popover } from '../popover.tsx'
import { useNewest } from '../../api/trace-queries.ts'

/** How new what is shown can be: always in sight, since nothing to see may be a delay. */
export function NewestTrace(): React.ReactNode {
  const { data, isError } = useNewest()
  if (data === undefined) return <span className="dim">{isError ? 'how new it is, is not known' : ''}</span>
  const troubled = (data.collectors ?? []).filter(({ error }) => error !== undefined)
  const latest = data.sources[0]
  return (
    <span className="newest">
      <Popover
        name="How new"
        className="how-new"
        label={
          <>
            {data.newest === null ? (
              'no trace is stored'
            ) : (
              <>
                newest <span className="mono">{time(data.newest)}</span>
              </>
            )}
            {latest?.late != null && <span className="dim"> told {late(latest.late)} later</span>}{' '}
            <span aria-hidden="true">▾</span>
          </>
        }
      >
        {() => (
          <div className="how-new-body" tabIndex={0} role="region" aria-label="How late each source tells">
            <p>
              When each source told its newest trace, and how long after it had happened. Clouds tell minutes late: what
              is not here may still come.
            </p>
            {data.sources.length === 0 ? (
              <p className="dim">In seven days no source told of any.</p>
            ) : (
              <table className="peers-table">
                <thead>
                  <tr>
                    <th scope="col">Told by</th>
                    <th scope="col">Newest</th>
                    <th scope="col" className="end">
                      Late
                    </th>
                  </tr>
                </thead>
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
                {name} ({type}){error === undefined ? ' collects' : `: ${error}`}
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

const late = (seconds: number): string => duration(seconds * 1000)
