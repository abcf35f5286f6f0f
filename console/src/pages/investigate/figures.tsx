import type { Investigation, Lane, Measured } from '../../../../src/api/published.ts'
import { count, duration, volume } from '../../parts/format.ts'
import { investigateText } from './text.ts'

type Bucket = Readonly<{ time: string; value: number }>
type Unknown = Readonly<{ from: string; to: string; title: string }>
type Area = Readonly<{ buckets: readonly Bucket[]; is: 'area' | 'second' }>

/** The areas of a lane with numbers, and the text of its figures. */
export function Figures({ of, lane }: { of: Investigation; lane: Lane }): React.ReactNode {
  if (lane.state !== 'shown') return null
  const { span, step, buckets, measured, since, lost, stopped } = of
  const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  if (lane.name === 'traffic') {
    const text = investigateText.trafficOf(
      count(lane.total),
      volume(sumOf(buckets.map(({ bytes }) => bytes))),
      investigateText.perSecond(volume(Math.max(1, ...buckets.map(({ bytes }) => bytes)) / step)),
    )
    const areas: readonly Area[] = [{ buckets: buckets.map(({ time, bytes }) => ({ time, value: bytes })), is: 'area' }]
    const unknown: readonly Unknown[] = [
      ...(since === null ? [] : [{ from: span.from, to: since, title: investigateText.unknownBefore }]),
      ...lost.map((span) => ({ ...span, title: investigateText.lostFlows })),
      ...stopped.map((span) => ({ ...span, title: investigateText.stopped })),
    ]
    return <Drawn of={of} areas={areas} text={text} unknown={unknown} />
  }
  const valuesOf = (name: Exclude<keyof Measured, 'time'>) =>
    measured.flatMap((bucket) => (bucket[name] === null ? [] : [{ time: bucket.time, value: bucket[name] }]))
  if (lane.name === 'latency') {
    const [rtt, dns] = [valuesOf('rtt'), valuesOf('dns_latency')]
    const texts = [
      ...(rtt.length === 0 ? [] : [investigateText.rttOf(duration(largest(rtt)))]),
      ...(dns.length === 0 ? [] : [investigateText.dnsOf(duration(largest(dns)))]),
    ]
    const areas: readonly Area[] = [
      { buckets: rtt, is: 'area' },
      { buckets: dns, is: 'second' },
    ]
    return <Drawn of={of} areas={areas} text={texts.join(', ')} unknown={[]} />
  }
  if (lane.name !== 'drops') return null
  const drops = valuesOf('drop_packets')
  const text = investigateText.dropsOf(
    count(lane.total),
    volume(sumOf(valuesOf('drop_bytes').map(({ value }) => value))),
  )
  return <Drawn of={of} areas={[{ buckets: drops, is: 'area' }]} text={text} unknown={[]} />
}

const largest = (buckets: readonly Bucket[]) => Math.max(...buckets.map(({ value }) => value))
const height = 48

function Drawn({
  of: { span, step },
  areas,
  text,
  unknown,
}: {
  of: Investigation
  areas: readonly Area[]
  text: string
  unknown: readonly Unknown[]
}) {
  const [from, to] = [Date.parse(span.from), Date.parse(span.to)]
  const at = (ms: number) => Math.min(1000, Math.max(0, (1000 * (ms - from)) / (to - from)))
  const pathOf = (buckets: readonly Bucket[]) => {
    const most = Math.max(Number.MIN_VALUE, largest(buckets))
    return buckets
      .map(({ time, value }) => {
        const [left, right] = [at(Date.parse(time)), at(Date.parse(time) + step * 1000)]
        const top = height - (value / most) * (height - 2)
        return `M${left} ${height}V${top}H${right}V${height}Z`
      })
      .join('')
  }
  return (
    <>
      <svg viewBox={`0 0 1000 ${height}`} preserveAspectRatio="none" role="img" aria-label={text}>
        {areas.map(({ buckets, is }) => (
          <path key={is} className={is} d={pathOf(buckets)} />
        ))}
      </svg>
      {unknown.map((span) => {
        const left = at(Date.parse(span.from)) / 10
        const width = at(Date.parse(span.to)) / 10 - left
        return (
          <span
            key={span.from}
            className="lane-unknown"
            style={{ left: `${left}%`, width: `${width}%` }}
            title={span.title}
          />
        )
      })}
      <p className="lane-figures dim">{text}</p>
    </>
  )
}
