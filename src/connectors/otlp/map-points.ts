/** Metrics of OTLP as points. */
import { createHash } from 'node:crypto'
import { Occurrences } from '../../messaging/push-source.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { stringifyExact } from '../../model/exact-json.ts'
import { known, type Fields } from '../../model/json.ts'
import { telemetryTypes, type PointData } from '../../model/points.ts'
import {
  doubleOf,
  integerIn,
  integerOf,
  labelsOf,
  listIn,
  messagesIn,
  messageIn,
  msOf,
  nameOf,
  resourceLabels,
  scopeLabels,
  textIn,
  type Texts,
} from './map-attributes.ts'

/** Points of one data point; `labels` are added to those of the data point. */
type Reading = Readonly<{
  suffix?: '_bucket'
  labels?: Texts
  fields: Readonly<Record<string, number | bigint>>
}>

type Shape = Readonly<{
  kind: PointData['kind']
  read(point: Fields): readonly Reading[]
}>

export type ReceivedMetrics = Readonly<{
  events: readonly WeirEvent[]
  exemplars: number
  /** Data points at fault, and the first reason. */
  rejected: number
  message: string
}>

export function pointEvents(request: Fields, now: number): ReceivedMetrics {
  const ids = new Occurrences()
  const events: WeirEvent[] = []
  let [exemplars, rejected, message] = [0, 0, '']
  for (const resource of messagesIn(request, 'resourceMetrics')) {
    const ofResource = resourceLabels(resource)
    for (const scope of messagesIn(resource, 'scopeMetrics')) {
      const labels = { ...ofResource, ...scopeLabels(scope) }
      for (const metric of messagesIn(scope, 'metrics'))
        for (const [type, point] of dataPoints(metric)) {
          exemplars += listIn(point, 'exemplars').length
          try {
            for (const event of eventsOf(metric, type, point, labels, now))
              events.push({ ...event, id: ids.idOf(event.id) })
          } catch (error) {
            rejected++
            if (message === '') message = `${textIn(metric, 'name') || 'a metric'}: ${messageOf(error)}`
          }
        }
    }
  }
  return { events, exemplars, rejected, message }
}

const types = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const
type Type = (typeof types)[number]

function dataPoints(metric: Fields): (readonly [Type, Fields])[] {
  return types
    .filter((type) => metric[type] !== undefined)
    .flatMap((type) => messagesIn(messageIn(metric, type), 'dataPoints').map((point) => [type, point] as const))
}

const utf8 = new TextEncoder()
const noRecordedValue = 1

function eventsOf(metric: Fields, type: Type, point: Fields, outer: Texts, now: number): WeirEvent[] {
  const name = nameOf(textIn(metric, 'name'))
  if (name === '') throw new Error('it has no name')
  const { kind, read } = shapeOf(type, messageIn(metric, type))
  const nanos = integerIn(point, 'timeUnixNano')
  const [time, unit] = [msOf(nanos), textIn(metric, 'unit')]
  const isStale = (Number(integerIn(point, 'flags')) & noRecordedValue) !== 0
  const own = { ...outer, ...labelsOf(point) }
  const readings: readonly Reading[] = isStale ? [{ fields: {} }] : read(point)
  return readings.map(({ suffix = '', labels: more, fields: given }) => {
    const labels = { ...own, ...more }
    const fields = Object.entries(given)
    const special = isStale
      ? { value: 'stale' as const }
      : Object.fromEntries(fields.flatMap(([field, value]) => (isFinite(value) ? [] : [[field, specialOf(value)]])))
    const body = {
      name: `${name}${suffix}`,
      ...known({ labels: Object.keys(labels).length === 0 ? undefined : labels }),
      fields: Object.fromEntries(fields.filter(([, value]) => isFinite(value))),
      ...known({
        special: Object.keys(special).length === 0 ? undefined : special,
        kind,
        unit: unit === '' ? undefined : unit,
        arrival: time === undefined ? (true as const) : undefined,
      }),
    }
    const text = stringifyExact(body) ?? ''
    const start = integerIn(point, 'startTimeUnixNano')
    const digest = createHash('sha256').update(`${nanos} ${start}\n${text}`).digest('base64url').slice(0, 22)
    return {
      id: digest,
      source: '/otlp',
      type: telemetryTypes.point,
      family: 'point',
      subject: body.name,
      time: time ?? now,
      datacontenttype: 'application/json',
      encoding: 'json',
      data: utf8.encode(text),
    }
  })
}

const isFinite = (value: number | bigint): boolean => typeof value === 'bigint' || Number.isFinite(value)
const specialOf = (value: number | bigint) => (Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf')

/** A value of a counter that restarts with each export is no counter of PromQL, so its fields are named `delta`. */
function shapeOf(type: Type, metric: Fields): Shape {
  if (type === 'gauge') return { kind: 'gauge', read: (point) => [{ fields: { value: numberOf(point) } }] }
  if (type === 'summary') return { kind: 'summary', read: quantiles }
  const temporality = metric['aggregationTemporality']
  const isDelta = temporality === 1 || temporality === 'AGGREGATION_TEMPORALITY_DELTA'
  if (!isDelta && temporality !== 2 && temporality !== 'AGGREGATION_TEMPORALITY_CUMULATIVE')
    throw new Error('it has no aggregation temporality')
  if (type === 'sum') {
    const kind = isDelta ? undefined : metric['isMonotonic'] === true ? 'counter' : 'gauge'
    return { kind, read: (point) => [{ fields: { [isDelta ? 'delta' : 'value']: numberOf(point) } }] }
  }
  const steps = type === 'histogram' ? explicitSteps : exponentialSteps
  return { kind: isDelta ? undefined : 'histogram', read: (point) => histogram(point, steps(point), isDelta) }
}

function numberOf(point: Fields): number | bigint {
  if (point['asInt'] !== undefined) return integerIn(point, 'asInt')
  if (point['asDouble'] === undefined) throw new Error('a data point has no value')
  return doubleOf(point['asDouble'], 'asDouble')
}

function optional(point: Fields, name: string): number | undefined {
  return point[name] === undefined ? undefined : doubleOf(point[name], name)
}

function quantiles(point: Fields): Reading[] {
  return [
    { fields: { count: integerIn(point, 'count'), sum: optional(point, 'sum') ?? 0 } },
    ...messagesIn(point, 'quantileValues').map((one) => ({
      labels: { quantile: String(optional(one, 'quantile') ?? 0) },
      fields: { value: optional(one, 'value') ?? 0 },
    })),
  ]
}

/** Upper bounds in ascending order, with the count of each bucket; the rest of the count is above the last. */
type Steps = readonly (readonly [bound: number, count: bigint])[]

function histogram(point: Fields, steps: Steps, isDelta: boolean): Reading[] {
  const count = integerIn(point, 'count')
  const field = (name: string): string => (isDelta ? `${name}_delta` : name)
  const sum = optional(point, 'sum')
  let below = 0n
  const buckets = steps.map(([bound, of]): Reading => {
    below += of
    return bucket(String(bound), below, isDelta)
  })
  return [
    {
      fields: {
        [field('count')]: count,
        ...(sum === undefined ? {} : { [field('sum')]: sum }),
        ...known({ min: optional(point, 'min'), max: optional(point, 'max') }),
      },
    },
    ...buckets,
    bucket('+Inf', count, isDelta),
  ]
}

function bucket(le: string, count: bigint, isDelta: boolean): Reading {
  return { suffix: '_bucket', labels: { le }, fields: { [isDelta ? 'delta' : 'value']: count } }
}

function explicitSteps(point: Fields): Steps {
  const bounds = listIn(point, 'explicitBounds').map((bound) => doubleOf(bound, 'explicitBounds'))
  const counts = countsIn(point)
  if (counts.length === 0 && bounds.length === 0) return []
  if (counts.length !== bounds.length + 1) throw new Error('a histogram has the wrong number of buckets')
  return bounds.map((bound, at) => [bound, counts[at]!])
}

const countsIn = (message: Fields) => listIn(message, 'bucketCounts').map((count) => integerOf(count, 'bucketCounts'))

/** Bucket `i` of scale `s` is (base^(offset+i), base^(offset+i+1)], with base = 2^(2^-s). */
function exponentialSteps(point: Fields): Steps {
  const scale = Number(integerIn(point, 'scale'))
  const bound = (index: number): number => 2 ** (index * 2 ** -scale)
  const side = (name: 'positive' | 'negative') => {
    const buckets = messageIn(point, name)
    return { offset: Number(integerIn(buckets, 'offset')), counts: countsIn(buckets) }
  }
  const [negative, positive] = [side('negative'), side('positive')]
  if (Math.max(negative.counts.length, positive.counts.length) > maxBuckets)
    throw new Error(`a histogram has more than ${maxBuckets} buckets`)
  const below = negative.counts.map((count, at) => [-bound(negative.offset + at), count] as const).reverse()
  const above = positive.counts.map((count, at) => [bound(positive.offset + at + 1), count] as const)
  const zero = [optional(point, 'zeroThreshold') ?? 0, integerIn(point, 'zeroCount')] as const
  return [
    ...(below.length === 0 ? [] : [[-bound(negative.offset + below.length), 0n] as const]),
    ...below,
    zero,
    // The lower edge, so that a quantile is not interpolated from zero.
    ...(above.length === 0 ? [] : [[bound(positive.offset), 0n] as const]),
    ...above,
  ].filter(([at]) => Number.isFinite(at))
}

const maxBuckets = 1000
