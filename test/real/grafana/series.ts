// Series for the comparison with Prometheus: counters with restarts, gauges with gaps, histograms, stale markers.
import type { PointData } from '../../../src/model/points.ts'
import type { WeirEvent } from '../../../src/model/events.ts'
import { SeededRandom } from '../../kit/random.ts'

export interface TestSeries {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Ms and value; `stale` is a marker. */
  readonly samples: readonly (readonly [number, number | 'stale'])[]
}

export const scrapeMs = 15_000
const scrapes = 200

/** Of 50 minutes, from `start`. */
export function testSeries(start: number, seed = 7): TestSeries[] {
  const random = new SeededRandom(seed)
  const next = (): number => random.next()
  const series: TestSeries[] = []
  const add = (
    name: string,
    labels: Record<string, string>,
    value: (at: number) => number | 'stale' | undefined,
    shift = 0,
  ): void => {
    const samples: [number, number | 'stale'][] = []
    for (let at = 0; at < scrapes; at++) {
      const one = value(at)
      if (one !== undefined) samples.push([start + at * scrapeMs + shift, one])
    }
    series.push({ name, labels, samples })
  }
  for (const job of ['api', 'web', 'db'])
    for (const instance of ['a:1', 'b:1']) {
      for (const code of ['200', '404', '500']) {
        let total = Math.floor(next() * 1000)
        const restart = Math.floor(next() * scrapes)
        add(
          'http_requests_total',
          { job, instance, code },
          (at) => (total = at === restart ? 0 : total + Math.floor(next() * 40)),
          Math.floor(next() * 900),
        )
      }
      add('up', { job, instance }, (at) => (at % 37 === 5 ? 0 : 1))
      let cumulated = [0, 0, 0, 0]
      const buckets: number[][] = Array.from({ length: scrapes }, () => {
        const [one, two, three, four] = [next(), next(), next(), next()].map((each) => Math.floor(each * 9)) as [
          number,
          number,
          number,
          number,
        ]
        cumulated = [
          cumulated[0]! + one,
          cumulated[1]! + one + two,
          cumulated[2]! + one + two + three,
          cumulated[3]! + one + two + three + four,
        ]
        return cumulated
      })
      ;['0.1', '0.5', '1', '+Inf'].forEach((le, index) =>
        add('request_seconds_bucket', { job, instance, le }, (at) => buckets[at]![index]!),
      )
      add('request_seconds_count', { job, instance }, (at) => buckets[at]![3]!)
    }
  for (const room of ['kitchen', 'cellar', 'attic'])
    for (const floor of ['0', '1'])
      add('temperature', { room, floor }, (at) => {
        const value = Math.round((18 + 9 * Math.sin(at / 9 + room.length) + next()) * 100) / 100
        if (room === 'cellar') return at % 50 > 40 ? undefined : value - 20
        if (room === 'attic' && floor === '1') return at % 29 === 3 ? NaN : at % 31 === 7 ? Infinity : value
        return value
      })
  for (const n of ['1', '2', '3'])
    add('flaky', { n, job: 'api' }, (at) =>
      at % 40 === Number(n) + 12 ? 'stale' : at % 40 > Number(n) + 12 ? undefined : at,
    )
  for (const [job, version] of [
    ['api', '1.2'],
    ['web', '1.3'],
    ['db', '1.2'],
  ] as const)
    add('build_info', { job, version }, () => 1)
  return series
}

export function pointEvents(series: readonly TestSeries[]): WeirEvent[] {
  return series.flatMap(({ name, labels, samples }, row) =>
    samples.map(([time, value], at): WeirEvent => {
      const special =
        value === 'stale' ? 'stale' : Number.isNaN(value) ? 'NaN' : value === Infinity ? '+Inf' : undefined
      const body: PointData = {
        name,
        labels,
        fields: special === undefined ? { value } : {},
        ...(special === undefined ? {} : { special: { value: special } }),
      }
      return {
        id: `${row}-${at}`,
        source: '/test',
        type: 'weir.point',
        family: 'point',
        subject: name,
        time,
        datacontenttype: 'application/json',
        encoding: 'json',
        data: new TextEncoder().encode(JSON.stringify(body)),
      }
    }),
  )
}

const staleBits = Buffer.from('7ff0000000000002', 'hex').reverse()

/** Remote write 1.0, one request for each time. */
export function writeRequests(series: readonly TestSeries[]): Uint8Array[] {
  const times = new Map<number, { series: TestSeries; time: number; value: number | 'stale' }[]>()
  for (const one of series)
    for (const [time, value] of one.samples) {
      const slot = Math.floor(time / scrapeMs)
      times.set(slot, [...(times.get(slot) ?? []), { series: one, time, value }])
    }
  return [...times]
    .sort(([one], [other]) => one - other)
    .map(([, samples]) => {
      const chunks: Buffer[] = []
      for (const { series: one, time, value } of samples) {
        const labels = Object.entries({ ...one.labels, __name__: one.name }).sort(([a], [b]) => (a < b ? -1 : 1))
        const sample = Buffer.alloc(9)
        sample[0] = 0x09
        if (value === 'stale') staleBits.copy(sample, 1)
        else sample.writeDoubleLE(value, 1)
        const body = Buffer.concat([
          ...labels.map(([name, text]) =>
            field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(text))])),
          ),
          field(2, Buffer.concat([sample, Buffer.from([0x10]), varint(time)])),
        ])
        chunks.push(field(1, body))
      }
      return Buffer.concat(chunks)
    })
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}
