import { sizeText } from '../../model/size-text.ts'
import type { Investigation, LaneName, Measured } from './schema.ts'

export type MeasureText = Readonly<{ lane: LaneName; text: string }>

/** For readers: the figures of the lanes `latency` and `drops`, where they are. */
export function measureTexts({ lanes, measured }: Investigation): readonly MeasureText[] {
  const whole = (value: number) => Math.round(value).toLocaleString('en-US')
  const slowest = (name: 'rtt' | 'dns_latency', title: string) => {
    const [most] = measured
      .filter((bucket) => bucket[name] !== null)
      .toSorted((a, b) => (b[name] ?? 0) - (a[name] ?? 0))
    return most === undefined ? [] : [`${title} at most ${msText(most[name] ?? 0)} at ${timeText(most)}`]
  }
  return lanes.flatMap(({ name, total }): readonly MeasureText[] => {
    if (name === 'latency')
      return [{ lane: name, text: [...slowest('rtt', 'RTT'), ...slowest('dns_latency', 'DNS')].join(', ') }]
    if (name !== 'drops') return []
    const [most] = measured.toSorted((a, b) => b.drop_packets - a.drop_packets)
    const bytes = measured.reduce((sum, bucket) => sum + bucket.drop_bytes, 0)
    const text = `${whole(total)} packets, ${sizeText(bytes)}`
    const at = most === undefined ? '' : `, at most ${whole(most.drop_packets)} at ${timeText(most)}`
    return [{ lane: name, text: text + at }]
  })
}

function msText(ms: number) {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}

function timeText({ time }: Measured) {
  return time.slice(0, 19).replace('T', ' ')
}
