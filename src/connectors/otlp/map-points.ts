/** Maps metrics of OTLP to points. */
import type { OtlpVisitor, PointType } from '../../codecs/otlp/index.ts'
import type { HelpTexts } from '../../codecs/samples/index.ts'
import { labelsFault } from '../../messaging/label-bounds.ts'
import type { PushedRows } from '../../messaging/pushed-rows.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined, type Fields } from '../../model/json.ts'
import { telemetryTypes, type PointData } from '../../model/points.ts'
import { isRefusal } from '../../net/http/push-refused.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'
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
} from '../../messaging/otlp/attributes.ts'
import { attributesOrFault, unreadable } from '../../messaging/otlp/faults.ts'

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

/** Puts points into rows. A data point at fault is counted as `invalid_point`, or by the bound that it exceeds. */
export class PointVisitor implements OtlpVisitor {
  readonly #rows: PushedRows
  readonly #bounds: LabelBounds
  readonly #now: number
  readonly #helps: HelpTexts
  #resource: Texts | string = {}
  #labels: Texts | string = {}
  #metric: Fields | undefined
  exemplars = 0

  constructor(rows: PushedRows, bounds: LabelBounds, now: number, helps: HelpTexts) {
    this.#rows = rows
    this.#bounds = bounds
    this.#now = now
    this.#helps = helps
  }

  get isFull(): boolean {
    return this.#rows.isFull
  }

  resource(resource: Fields | undefined): void {
    this.#resource = attributesOrFault(() => resourceLabels({ resource: resource ?? unreadable('resource') }))
  }

  scope(scope: Fields | undefined): void {
    const resource = this.#resource
    this.#labels =
      typeof resource === 'string'
        ? resource
        : attributesOrFault(() => ({ ...resource, ...scopeLabels({ scope: scope ?? unreadable('scope') }) }))
  }

  record(): void {}

  metric(metric: Fields | undefined): void {
    this.#metric = metric
  }

  point(type: PointType, point: Fields): void {
    try {
      this.exemplars += listIn(point, 'exemplars').length
      this.#put(type, point)
    } catch (error) {
      if (isRefusal(error)) throw error
      this.fault(messageOf(error))
    }
  }

  fault(message: string): void {
    this.#leave('invalid_point', message)
  }

  #leave(reason: string, message: string) {
    const name = this.#metric?.['name']
    this.#rows.leave(
      reason,
      1,
      `${typeof name === 'string' && name !== '' ? name.slice(0, 64) : 'a metric'}: ${message}`,
    )
  }

  #put(type: PointType, point: Fields) {
    const metric = this.#metric ?? unreadable('metric')
    const outerLabels = this.#labels
    if (typeof outerLabels === 'string') throw new Error(outerLabels)
    const name = nameOf(textIn(metric, 'name'))
    if (name === '') throw new Error('it has no name')
    const { kind, read } = shapeOf(type, messageIn(metric, type))
    const nanos = integerIn(point, 'timeUnixNano')
    const start = integerIn(point, 'startTimeUnixNano')
    const [time, unit, description] = [msOf(nanos), textIn(metric, 'unit'), textIn(metric, 'description')]
    const isStale = (Number(integerIn(point, 'flags')) & noRecordedValue) !== 0
    const pointLabels = { ...outerLabels, ...labelsOf(point) }
    const fault = labelsFault(
      { ...pointLabels, __name__: name },
      { ...this.#bounds, max_labels: this.#bounds.max_labels + 1 },
    )
    if (fault !== undefined) return this.#leave(fault.reason, fault.message)
    const kindText = JSON.stringify(
      withoutUndefined({
        kind,
        unit: unit === '' ? undefined : unit,
        arrival: time === undefined ? (true as const) : undefined,
      }),
    )
    const end = kindText === '{}' ? '}' : `,${kindText.slice(1)}`
    const readings: readonly Reading[] = isStale ? [{ fields: {} }] : read(point)
    for (const { suffix = '', labels: more, fields } of readings) {
      const subject = `${name}${suffix}`
      const labels = JSON.stringify({ ...pointLabels, ...more })
      const json =
        `{"name":${JSON.stringify(subject)}` +
        (labels === '{}' ? '' : `,"labels":${labels}`) +
        (isStale ? staleFields : fieldsText(fields)) +
        end
      const at = time ?? this.#now
      const help = this.#helps.due({ name: subject, kind }, description, at)
      this.#rows.put(
        { source: '/otlp', type: telemetryTypes.point, family: 'point', subject, time: at },
        help === undefined ? json : `${json.slice(0, -1)},"help":${JSON.stringify(help)}}`,
        // The id excludes the help text: a repeated request has the same ids.
        `${nanos} ${start}\n${json}`,
      )
    }
  }
}

const noRecordedValue = 1
const staleFields = ',"fields":{},"special":{"value":"stale"}'

/** Fields as JSON, in which integers keep all digits. */
function fieldsText(fields: Reading['fields']): string {
  let [text, special] = ['', '']
  for (const field in fields) {
    const value = fields[field]!
    const name = JSON.stringify(field)
    if (isFiniteNumber(value))
      text += `${text === '' ? '' : ','}${name}:${typeof value === 'bigint' ? value : JSON.stringify(value)}`
    else special += `${special === '' ? '' : ','}${name}:"${specialOf(value)}"`
  }
  return `,"fields":{${text}}${special === '' ? '' : `,"special":{${special}}`}`
}

const isFiniteNumber = (value: number | bigint): boolean => typeof value === 'bigint' || Number.isFinite(value)
const specialOf = (value: number | bigint) => (Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf')

/** A value of a counter that restarts with each export is no counter of PromQL, so its fields are named `delta`. */
function shapeOf(type: PointType, metric: Fields): Shape {
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
  return {
    kind: isDelta ? undefined : 'histogram',
    read: (point) => histogram(point, steps(point), isDelta ? 'delta' : 'cumulative'),
  }
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
    ...messagesIn(point, 'quantileValues').map((message) => ({
      labels: { quantile: String(optional(message, 'quantile') ?? 0) },
      fields: { value: optional(message, 'value') ?? 0 },
    })),
  ]
}

/** Upper bounds in ascending order, with the count of each bucket; the rest of the count is above the last. */
type Steps = readonly (readonly [bound: number, count: bigint])[]

type Temporality = 'delta' | 'cumulative'

function histogram(point: Fields, steps: Steps, temporality: Temporality): Reading[] {
  const count = integerIn(point, 'count')
  const field = (name: string): string => (temporality === 'delta' ? `${name}_delta` : name)
  const sum = optional(point, 'sum')
  let countBelow = 0n
  const buckets = steps.map(([bound, of]): Reading => {
    countBelow += of
    return bucket(String(bound), countBelow, temporality)
  })
  return [
    {
      fields: {
        [field('count')]: count,
        ...(sum === undefined ? {} : { [field('sum')]: sum }),
        ...withoutUndefined({ min: optional(point, 'min'), max: optional(point, 'max') }),
      },
    },
    ...buckets,
    bucket('+Inf', count, temporality),
  ]
}

function bucket(le: string, count: bigint, temporality: Temporality): Reading {
  return { suffix: '_bucket', labels: { le }, fields: { [temporality === 'delta' ? 'delta' : 'value']: count } }
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
  const negativeSteps = negative.counts.map((count, at) => [-bound(negative.offset + at), count] as const).reverse()
  const positiveSteps = positive.counts.map((count, at) => [bound(positive.offset + at + 1), count] as const)
  const zero = [optional(point, 'zeroThreshold') ?? 0, integerIn(point, 'zeroCount')] as const
  return [
    ...(negativeSteps.length === 0 ? [] : [[-bound(negative.offset + negativeSteps.length), 0n] as const]),
    ...negativeSteps,
    zero,
    // The lower edge, so that a quantile is not interpolated from zero.
    ...(positiveSteps.length === 0 ? [] : [[bound(positive.offset), 0n] as const]),
    ...positiveSteps,
  ].filter(([at]) => Number.isFinite(at))
}

const maxBuckets = 1000
