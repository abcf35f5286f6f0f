import type { Investigation, Lane, Measured } from '../../api/investigate.ts'
import { count, duration, volume } from '../../parts/format.ts'
import { investigateText } from '../../text/investigate.ts'

type Bucket = Readonly<{ time: string; value: number }>
type Area = Readonly<{ buckets: readonly Bucket[]; is: 'area' | 'second' }>

/** The areas of a lane with numbers, and the text of its figures. */
export function Figures({ of, lane }: { of: Investigation; lane: Lane }): React.ReactNode {
  if (lane.state !== 'shown') return null
  const { step, buckets, measured, since } = of
  const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  if (lane.name === 'traffic') {
    const text = investigateText.trafficOf(
      count(lane.total),
      volume(sumOf(buckets.map(({ bytes }) => bytes))),
      investigateText.perSecond(volume(Math.max(1, ...buckets.map(({ bytes }) => bytes)) / step)),
    )
    const areas: readonly Area[] = [{ buckets: buckets.map(({ time, bytes }) => ({ time, value: bytes })), is: 'area' }]
    return <Drawn of={of} areas={areas} text={text} since={since} />
  }
  const known = (name: Exclude<keyof Measured, 'time'>) =>
    measured.flatMap((each) => (each[name] === null ? [] : [{ time: each.time, value: each[name] }]))
  if (lane.name === 'latency') {
    const [rtt, dns] = [known('rtt'), known('dns_latency')]
    const texts = [
      ...(rtt.length === 0 ? [] : [investigateText.rttOf(duration(largest(rtt)))]),
      ...(dns.length === 0 ? [] : [investigateText.dnsOf(duration(largest(dns)))]),
    ]
    const areas: readonly Area[] = [
      { buckets: rtt, is: 'area' },
      { buckets: dns, is: 'second' },
    ]
    return <Drawn of={of} areas={areas} text={texts.join(', ')} since={null} />
  }
  if (lane.name !== 'drops') return null
  const drops = known('drop_packets')
  const text = investigateText.dropsOf(count(lane.total), volume(sumOf(known('drop_bytes').map(({ value }) => value))))
  return <Drawn of={of} areas={[{ buckets: drops, is: 'area' }]} text={text} since={null} />
}

const largest = (buckets: readonly Bucket[]) => Math.max(...buckets.map(({ value }) => value))
const height = 48

function Drawn({
  of: { span, step },
  areas,
  text,
  since,
}: {
  of: Investigation
  areas: readonly Area[]
  text: string
  since: string | null
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
      {since !== null && (
        <span
          className="lane-unknown"
          style={{ width: `${at(Date.parse(since)) / 10}%` }}
          title={investigateText.unknownBefore}
        />
      )}
      <p className="lane-figures dim">{text}</p>
    </>
  )
}
