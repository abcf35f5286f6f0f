import type { UseQueryResult } from '@tanstack/react-query'
import type { Firsts, Logins } from '../../api/traces.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { count, counted, time } from '../format.ts'
import { Pending } from '../states.tsx'
import { TableHead } from '../table-head.tsx'
import { auditText } from './text.ts'
import { generalText } from '../../text/general.ts'

export function FirstOccurrences({ of: query }: { of: UseQueryResult<Firsts> }): React.ReactNode {
  const { data } = query
  if (data === undefined) return <Pending of={query} what={auditText.firstOccurrencesInText} />
  return (
    <>
      <p className="dim">
        {auditText.firstPairs(counted(data.total, 'pair'))}
        {data.since === null ? (
          ''
        ) : (
          <>
            {auditText.firstPairsSince} <span className="mono">{time(data.since)}</span>
          </>
        )}
        {data.total > data.pairs.length ? auditText.newestPairs(count(data.pairs.length)) : ''}.
      </p>
      {data.pairs.length > 0 && (
        <table className="peers-table">
          <TableHead columns={[auditText.first, generalText.actor, generalText.action, [generalText.traces, 'end']]} />
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

export function FailedLogins({ of: query }: { of: UseQueryResult<Logins> }): React.ReactNode {
  const { data } = query
  if (data === undefined) return <Pending of={query} what={auditText.failedLoginsInText} />
  return (
    <>
      <p className="dim">
        {auditText.failedLoginsNote(
          data.total === 0 ? auditText.noFailedLogin : auditText.failedCount(counted(data.total, 'login')),
        )}
      </p>
      {data.actors.length > 0 && (
        <table className="peers-table">
          <TableHead columns={[generalText.actor, [generalText.failed, 'end'], auditText.last, auditText.address]} />
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
