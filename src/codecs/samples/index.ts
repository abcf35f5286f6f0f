/** Samples of Prometheus as points. */
import { createHash } from 'node:crypto'
import type { WeirEvent } from '../../model/events.ts'
import { known } from '../../model/json.ts'
import { telemetryTypes, type PointData } from '../../model/points.ts'

export type SampleKind = NonNullable<PointData['kind']>

export type Sample = Readonly<{
  name: string
  /** Without `__name__`. */
  labels: readonly (readonly [string, string])[]
  value: number
  /** The marker that ends a series; `value` is then unused. */
  isStale: boolean
  /** Unix ms. */
  at: number
  kind: SampleKind | undefined
  unit: string | undefined
}>

const utf8 = new TextEncoder()

type Special = 'NaN' | '+Inf' | '-Inf' | 'stale'

/** Texts of the samples of one series. */
export class SampleTexts {
  readonly #point: string
  readonly #rest: string
  readonly #identity: string

  constructor({ name, labels, kind, unit }: Pick<Sample, 'name' | 'labels' | 'kind' | 'unit'>) {
    const point: Omit<PointData, 'fields'> = {
      name,
      ...known({ labels: labels.length === 0 ? undefined : Object.fromEntries(labels) }),
    }
    const rest = JSON.stringify(known({ kind, unit: unit === '' ? undefined : unit }))
    this.#point = JSON.stringify(point).slice(0, -1)
    this.#rest = rest === '{}' ? '}' : `,${rest.slice(1)}`
    this.#identity = JSON.stringify([name, labels]).slice(0, -1)
  }

  /** A PointData. */
  data(value: number, special: Special | undefined): string {
    const fields = special === undefined ? `{"value":${JSON.stringify(value)}}` : `{},"special":{"value":"${special}"}`
    return `${this.#point},"fields":${fields}${this.#rest}`
  }

  /** Name, labels, time and value, without the kind: it may become known between two attempts. */
  identity(value: number, special: Special | undefined, at: number): string {
    return `${this.#identity},${at},${JSON.stringify(special ?? value)}]`
  }
}

/** The id is a digest of the identity. */
export function sampleEvent(source: string, sample: Sample): WeirEvent {
  const { name, value, isStale, at } = sample
  const special = isStale ? 'stale' : specialOf(value)
  const texts = new SampleTexts(sample)
  return {
    id: createHash('sha256')
      .update(texts.identity(value, special, at))
      .digest('base64url')
      .slice(0, 22),
    source,
    type: telemetryTypes.point,
    family: 'point',
    subject: name,
    time: at,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: utf8.encode(texts.data(value, special)),
  }
}

/** Values that JSON numbers cannot hold. */
export function specialOf(value: number): Exclude<Special, 'stale'> | undefined {
  if (Number.isNaN(value)) return 'NaN'
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : undefined
}
