import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Home } from '../../../../src/api/published.ts'
import { useHome } from './queries.ts'
import { fromFirstRow, ratesOf } from '../../api/series.ts'
import { PageLink } from '../../app/page-link.tsx'
import { Chart } from '../../parts/chart.tsx'
import { Operation } from '../../parts/objects/change.tsx'
import { inShort } from '../../parts/objects/diff.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { conditionOf } from '../../parts/endpoint-condition.ts'
import { count, momentAt, plainText, shortTime, volume } from '../../parts/format.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { TableHead } from '../../parts/table-head.tsx'
import { ErrorState, Loading, StaleNotice } from '../../parts/states.tsx'
import { refText } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'
import { folded } from './folded.ts'
import { LevelCard } from './levels.tsx'
import { homeText } from './text.ts'

const rate = (value: number) => `${volume(value)}/s`
const hour = { from: 'now-1h', to: 'now' }
const lastHour = { v: '1', live: '0', t: 'now-1h..now' }

/** `alerts`: the card of alerts, which has a separate request. */
export function Overview({ alerts }: { alerts: React.ReactNode }): React.ReactNode {
  const { data, error, refetch } = useHome()
  const again = () => void refetch().catch(reportError)
  if (data === undefined)
    return error === null ? <Loading what={homeText.theOverview} /> : <ErrorState error={error} onRetry={again} />
  const hasFlows = Number(data.talkers.total.flows) > 0
  const hasChanges = (data.changes?.length ?? 0) > 0
  return (
    <>
      {error !== null && <StaleNotice error={error} onRetry={again} />}
      <Traffic of={data} hasFlows={hasFlows} />
      <div className="overview">
        <div className="overview-column">
          {alerts}
          {hasFlows && <LevelCard />}
          {data.watches && data.warnings !== null && <Warnings of={data.warnings} />}
          {!hasChanges && <Changes of={data} />}
        </div>
        {hasChanges && <Changes of={data} />}
        {hasFlows && <Talkers of={data.talkers} />}
      </div>
    </>
  )
}

function Traffic({ of: { traffic, talkers }, hasFlows }: { of: Home; hasFlows: boolean }) {
  const chart = useMemo(() => fromFirstRow(ratesOf(traffic)), [traffic])
  return (
    <section className="panel" aria-label={homeText.traffic}>
      <h2>
        {homeText.traffic}{' '}
        {hasFlows && (
          <span className="sum dim">
            {homeText.trafficSum(volume(Number(talkers.total.bytes)), count(talkers.total.flows))}
            {chart.since !== undefined && ` · ${homeText.since(momentAt(chart.since * 1000))}`}
          </span>
        )}{' '}
        <Link to="/flows" search={lastHour as never} className="all">
          {homeText.allFlows}
        </Link>
        <AddToDashboard
          as="mark"
          of={{ t: hour, panel: { kind: 'series', title: homeText.traffic, group: 'src_endpoint', width: 4 } }}
        />
      </h2>
      {hasFlows ? (
        <Chart
          label={homeText.bytesPerSecond}
          times={chart.times}
          series={[{ name: generalText.bytes, values: chart.values }]}
          unknown={chart.unknown}
          stacked
          height={96}
          format={rate}
        />
      ) : (
        <p className="dim">{homeText.noFlows}</p>
      )}
    </section>
  )
}

const talkers = { ...lastHour, group: 'src_name,src_addr,dst_name,dst_addr,service_port' } as const

function Talkers({ of }: { of: Home['talkers'] }) {
  const bytes = of.columns.findIndex(({ name }) => name === 'bytes')
  return (
    <section className="panel" aria-label={homeText.topTalkers}>
      <h2>
        {homeText.topTalkers}{' '}
        <Link className="all" to="/flows" search={talkers as never}>
          {homeText.allTalkers}
        </Link>
        <AddToDashboard
          as="mark"
          of={{ t: hour, panel: { kind: 'top', title: homeText.topTalkers, group: 'src_endpoint,dst_endpoint' } }}
        />
      </h2>
      <table className="talkers">
        <TableHead columns={[homeText.sourceAndDestination, [generalText.bytes, 'end']]} />
        <tbody>
          {of.rows.map((row) => {
            const [source, destination] = [row[0], row[1]]
            const q = conditionOf(['src_endpoint', 'dst_endpoint'], [source, destination])
            return (
              <tr key={JSON.stringify([source, destination])}>
                <th scope="row">
                  <Link to="/flows" search={{ ...lastHour, q } as never}>
                    {homeText.pair(
                      plainText(source ?? homeText.noAddress),
                      plainText(destination ?? homeText.noAddress),
                    )}
                  </Link>
                </th>
                <td className="end">{volume(Number(row[bytes]))}</td>
              </tr>
            )
          })}
          {Number(of.others.groups) > 0 && (
            <tr className="dim">
              <th scope="row">{generalText.remaining(count(of.others.groups))}</th>
              <td className="end">{volume(Number(of.others.bytes))}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

function Changes({ of: { changes, watches } }: { of: Home }) {
  return (
    <section className="panel entries" aria-label={homeText.latestChanges}>
      <h2>
        {homeText.latestChanges}{' '}
        <PageLink to="/changes" className="all">
          {homeText.allChanges}
        </PageLink>
        <AddToDashboard
          as="mark"
          of={{ panel: { kind: 'changes', title: generalText.changes, view: 'list', width: 4 } }}
        />
      </h2>
      {changes === null || changes.length === 0 ? (
        <p className="dim">
          {changes === null ? generalText.noStoreFixed : watches ? homeText.noChanges : homeText.noCluster}
        </p>
      ) : (
        <ul>
          {folded(changes).map(({ pos, time, operation, ref, diff, actor, actor_ref: actorRef, times }) => (
            <li key={pos}>
              <span className="mono dim">{shortTime(time)}</span>
              <span className="what">
                <Operation of={operation} /> <ResourceLink to={ref}>{refText(ref)}</ResourceLink>{' '}
                {times > 1 && <b className="number">{homeText.times(count(times))} </b>}
                <span className="dim">{inShort(operation, diff).slice(0, 2).join(' · ')}</span>
              </span>
              {(actorRef ?? actor) !== null && (
                <span className={actorRef === null ? 'dim' : undefined}>
                  {actorRef === null ? actor : <ActorLink to={actorRef} name={actor} />}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Warnings({ of }: { of: NonNullable<Home['warnings']> }) {
  return (
    <section className="panel entries" aria-label={homeText.failures}>
      <h2>
        {homeText.failures}
        <AddToDashboard
          as="mark"
          of={{
            t: hour,
            panel: {
              kind: 'events',
              title: homeText.failures,
              view: 'list',
              filter: homeText.warningEvents,
              limit: 20,
              width: 4,
            },
          }}
        />
      </h2>
      {of.length === 0 ? (
        <p className="dim">{homeText.noFailures}</p>
      ) : (
        <ul>
          {of.map(({ time, ref, reason, message, events }) => (
            <li key={`${ref} ${reason}`}>
              <span className="mono dim">{shortTime(time)}</span>
              <span className="what">
                <span className="warning">▲ {reason}</span> <ResourceLink to={ref}>{refText(ref)}</ResourceLink>{' '}
                <span className="dim">{message}</span>
              </span>
              {events > 1 && <span className="dim number">{homeText.times(count(events))}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
