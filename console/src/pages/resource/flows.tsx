import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Change, WholeResource } from '../../api/objects.ts'
import { ratesOf } from '../../api/series.ts'
import { Chart } from '../../parts/chart.tsx'
import { count, plainText, volume } from '../../parts/format.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { usePeers, useTraffic, type FlowsAsked } from './ask.ts'
import { trafficOf } from './traffic.ts'

const rate = (value: number): string => `${volume(value)}/s`

/** The flows of the hour before, with its changes over them. */
export function FlowsOf({ of }: { readonly of: WholeResource }): React.ReactNode {
  const traffic = useMemo(() => trafficOf(of), [of])
  const sends: FlowsAsked = { filter: traffic.sends, from: traffic.from, to: traffic.to }
  const receives: FlowsAsked = { ...sends, filter: traffic.receives }
  const [out, into] = [useTraffic(sends), useTraffic(receives)]
  const marks = useMemo(() => marksOf(of.changes), [of.changes])
  const chart = useMemo(() => {
    if (out.data === undefined || into.data === undefined) return undefined
    const [one, other] = [ratesOf(out.data), ratesOf(into.data)]
    return {
      times: one.times,
      series: [
        { name: `sent ${volume(one.sum)}`, values: one.values },
        { name: `received ${volume(other.sum)}`, values: other.values },
      ],
    }
  }, [out.data, into.data])
  if (traffic.none !== undefined)
    return (
      <section className="panel" aria-label="Flows">
        <h2>Flows</h2>
        <p className="dim">{traffic.none}</p>
      </section>
    )
  const failed = out.isError ? out : into.isError ? into : undefined
  const search = {
    v: '1',
    live: '0',
    t: `${traffic.from}..${traffic.to}`,
    q: `${traffic.sends} or ${traffic.receives}`,
  }
  return (
    <section className="panel resource-flows" aria-label="Flows">
      <h2>
        Flows{' '}
        <Link to="/flows" search={search as never} className="all">
          each of them
        </Link>
      </h2>
      {failed !== undefined ? (
        <ErrorState
          error={failed.error}
          onRetry={() => {
            failed.refetch().catch(reportError)
          }}
        />
      ) : chart === undefined ? (
        <Loading what="its flows" />
      ) : (
        <Chart
          label="Bytes per second"
          times={chart.times}
          series={chart.series}
          stacked={false}
          height={120}
          format={rate}
          marks={marks}
        />
      )}
      <div className="peers">
        <PeersOf title="Sends to" asked={sends} group={['dst_name', 'dst_addr']} />
        <PeersOf title="Receives from" asked={receives} group={['src_name', 'src_addr']} />
      </div>
    </section>
  )
}

function marksOf(changes: readonly Change[]): readonly { readonly at: number; readonly says: string }[] {
  return changes
    .filter(({ noise }) => noise.length === 0)
    .map(({ time, operation, actor }) => ({
      at: Date.parse(time) / 1000,
      says: `${operation ?? 'changed'}${actor === null ? '' : ` by ${actor}`}`,
    }))
}

function PeersOf({
  title,
  asked,
  group,
}: {
  readonly title: string
  readonly asked: FlowsAsked
  readonly group: readonly string[]
}): React.ReactNode {
  const { data } = usePeers(asked, group)
  if (data === undefined) return null
  const place = (name: string): number => data.columns.findIndex((column) => column.name === name)
  const [bytes, flows] = [place('bytes'), place('flows')]
  return (
    <table aria-label={title}>
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col" className="end">
            Bytes
          </th>
          <th scope="col" className="end">
            Flows
          </th>
        </tr>
      </thead>
      <tbody>
        {data.rows.map((row) => (
          <tr key={JSON.stringify(row.slice(0, 2))}>
            <th scope="row">
              {row[0] === null ? (
                <span className="mono">{plainText(row[1])}</span>
              ) : (
                <>
                  {plainText(row[0])} <span className="dim mono">{plainText(row[1])}</span>
                </>
              )}
            </th>
            <td className="end">{volume(Number(row[bytes]))}</td>
            <td className="end">{count(row[flows] as number | string)}</td>
          </tr>
        ))}
        {data.rows.length === 0 && (
          <tr>
            <td colSpan={3} className="dim">
              none in this hour
            </td>
          </tr>
        )}
        {Number(data.others.groups ?? 0) > 0 && (
          <tr>
            <th scope="row" className="dim">
              {count(data.others.groups)} others
            </th>
            <td className="end">{volume(Number(data.others.bytes))}</td>
            <td />
          </tr>
        )}
      </tbody>
    </table>
  )
}
