import type { UseQueryResult } from '@tanstack/react-query'
import type { Firsts, Logins } from '../../api/traces.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { count, counted, time } from '../../parts/format.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'

/** Who did something that the store never saw of him before. */
export function FirstTimes({
  of: { data, isError, error, refetch },
}: {
  readonly of: UseQueryResult<Firsts>
}): React.ReactNode {
  if (data === undefined)
    return isError ? (
      <ErrorState
        error={error}
        onRetry={() => {
          refetch().catch(reportError)
        }}
      />
    ) : (
      <Loading what="first times" />
    )
  return (
    <>
      <p className="dim">
        {counted(data.total, 'pair')} of actor and action for the first time
        {data.since === null ? (
          ''
        ) : (
          <>
            , by what is stored since <span className="mono">{time(data.since)}</span>
          </>
        )}
        {data.total > data.pairs.length ? `; the newest ${count(data.pairs.length)}` : ''}.
      </p>
      {data.pairs.length > 0 && (
        <table className="peers-table">
          <thead>
            <tr>
              <th scope="col">First</th>
              <th scope="col">Actor</th>
              <th scope="col">Action</th>
              <th scope="col" className="end">
                Traces
              </th>
            </tr>
          </thead>
          <tbody>
            {data.pairs.map(({ actor, actor_name: name, service, action, first, traces }) => (
              <tr key={`${actor ?? ''} ${service ?? ''} ${action ?? ''}`}>
                <td className="mono">{time(first)}</td>
                <td>
                  <ActorLink to={actor} name={name} />
                </td>
                <td>
                  <span className="dim">{service}</span> {action}
                </td>
                <td className="end">{count(traces)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

/** Logins that failed, by who tried. */
export function FailedLogins({
  of: { data, isError, error, refetch },
}: {
  readonly of: UseQueryResult<Logins>
}): React.ReactNode {
  if (data === undefined)
    return isError ? (
      <ErrorState
        error={error}
        onRetry={() => {
          refetch().catch(reportError)
        }}
      />
    ) : (
      <Loading what="failed logins" />
    )
  return (
    <>
      <p className="dim">
        {data.total === 0 ? 'No login failed' : `${counted(data.total, 'login')} failed`}: actions called login, sign-in
        or authenticate that did not go well.
      </p>
      {data.actors.length > 0 && (
        <table className="peers-table">
          <thead>
            <tr>
              <th scope="col">Actor</th>
              <th scope="col" className="end">
                Failed
              </th>
              <th scope="col">Last</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {data.actors.map(({ actor, actor_name: name, failed, last, addresses }) => (
              <tr key={actor ?? ''}>
                <td>
                  <ActorLink to={actor} name={name} />
                </td>
                <td className="end">{count(failed)}</td>
                <td className="mono">{time(last)}</td>
                <td className="mono">{addresses.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}
