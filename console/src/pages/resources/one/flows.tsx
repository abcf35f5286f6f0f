import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Change, WholeResource } from '../../../api/objects.ts'
import { ratesOf } from '../../../api/series.ts'
import type { TrafficMark } from '../../../../../src/api/published.ts'
import { useTrafficMarks } from '../../../parts/why/marks.ts'
import { chartMarkOf } from '../../../parts/why/mark-text.ts'
import { Chart, type ChartMark, type MarkProps } from '../../../parts/chart.tsx'
import { count, plainText, volume } from '../../../parts/format.ts'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import { Loading, QueryError } from '../../../parts/states.tsx'
import { usePeers, useTraffic, type FlowRange } from './queries.ts'
import { trafficOf } from './traffic.ts'
import { TableHead } from '../../../parts/table-head.tsx'
import { resourceText } from './text.ts'
import { generalText } from '../../../text/general.ts'

const none: readonly ChartMark[] = []
const rate = (value: number) => `${volume(value)}/s`

type FlowsProps = Readonly<{ of: WholeResource }> & Omit<MarkProps, 'marks'>

export function FlowsOf({ of, onMark, marksShown, onMarks }: FlowsProps): React.ReactNode {
  const traffic = useMemo(() => trafficOf(of), [of])
  const sends: FlowRange = { filter: traffic.sends, from: traffic.from, to: traffic.to }
  const receives: FlowRange = { ...sends, filter: traffic.receives }
  const [out, into] = [useTraffic(sends), useTraffic(receives)]
  const filter = resourceText.either(traffic.sends, traffic.receives)
  const related = useTrafficMarks({ filter, from: traffic.from, to: traffic.to }, 0, {
    enabled: marksShown && traffic.none === undefined,
  })
  const marks = useMemo(() => (marksShown ? marksOf(of.changes, related) : none), [of.changes, related, marksShown])
  const chart = useMemo(() => {
    if (out.data === undefined || into.data === undefined) return undefined
    const [outRates, inRates] = [ratesOf(out.data), ratesOf(into.data)]
    return {
      times: outRates.times,
      unknown: outRates.unknown,
      series: [
        { name: resourceText.sentVolume(volume(outRates.sum)), values: outRates.values },
        { name: resourceText.receivedVolume(volume(inRates.sum)), values: inRates.values },
      ],
    }
  }, [out.data, into.data])
  if (traffic.none !== undefined) return <p className="dim">{traffic.none}</p>
  const failed = out.isError ? out : into.isError ? into : undefined
  const search = {
    v: '1',
    live: '0',
    t: `${traffic.from}..${traffic.to}`,
    q: filter,
  }
  return (
    <section className="panel resource-flows" aria-label={generalText.flows}>
      <h2>
        {generalText.flows}{' '}
        <Link to="/flows" search={search as never} className="all">
          {resourceText.showFlows}
        </Link>
        <AddToDashboard
          as="mark"
          of={{ panel: { kind: 'series', title: generalText.flows, filter, group: 'src_endpoint' } }}
        />
      </h2>
      {failed !== undefined ? (
        <QueryError of={failed} />
      ) : chart === undefined ? (
        <Loading what={resourceText.itsFlows} />
      ) : (
        <Chart
          label={resourceText.bytesPerSecond}
          times={chart.times}
          series={chart.series}
          stacked={false}
          height={120}
          format={rate}
          unknown={chart.unknown}
          marks={marks}
          marksShown={marksShown}
          onMarks={onMarks}
          onMark={onMark}
        />
      )}
      <div className="peers">
        <PeersOf title={resourceText.sendsTo} flowRange={sends} group={['dst_name', 'dst_addr']} />
        <PeersOf title={resourceText.receivesFrom} flowRange={receives} group={['src_name', 'src_addr']} />
      </div>
    </section>
  )
}

/** Its own changes, and those of related objects. Audit events have no drawer on this page. */
function marksOf(changes: readonly Change[], related: readonly TrafficMark[]): readonly ChartMark[] {
  const ownMarks = changes
    .filter(({ noise }) => noise.length === 0)
    .map(({ time, operation, actor, pos }) => ({
      at: Date.parse(time) / 1000,
      text: `${operation ?? 'changed'}${actor === null ? '' : generalText.byActor(actor)}`,
      pos,
    }))
  const positions = new Set(related.map(({ pos }) => pos))
  return [
    ...ownMarks.filter(({ pos }) => !positions.has(pos)),
    ...related.map(chartMarkOf).map(({ pos, ...mark }) => (mark.is === 'audit' ? mark : { ...mark, pos })),
  ] as readonly ChartMark[]
}

function PeersOf({ title, flowRange, group }: { title: string; flowRange: FlowRange; group: readonly string[] }) {
  const { data } = usePeers(flowRange, group)
  if (data === undefined) return null
  const columnOf = (name: string) => data.columns.findIndex((column) => column.name === name)
  const [bytes, flows] = [columnOf('bytes'), columnOf('flows')]
  return (
    <table aria-label={title}>
      <TableHead columns={[title, [generalText.bytes, 'end'], [generalText.flows, 'end']]} />
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
              {resourceText.noneInThisHour}
            </td>
          </tr>
        )}
        {Number(data.others.groups ?? 0) > 0 && (
          <tr>
            <th scope="row" className="dim">
              {generalText.remaining(count(data.others.groups))}
            </th>
            <td className="end">{volume(Number(data.others.bytes))}</td>
            <td />
          </tr>
        )}
      </tbody>
    </table>
  )
}
