/** Samples of Prometheus as points. */
import { createHash } from 'node:crypto'
import type { WeirEvent } from '../../model/events.ts'
import { withoutUndefined } from '../../model/json.ts'
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
  help?: string | undefined
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
      ...withoutUndefined({ labels: labels.length === 0 ? undefined : Object.fromEntries(labels) }),
    }
    const rest = JSON.stringify(withoutUndefined({ kind, unit: unit === '' ? undefined : unit }))
    this.#point = JSON.stringify(point).slice(0, -1)
    this.#rest = rest === '{}' ? '}' : `,${rest.slice(1)}`
    this.#identity = JSON.stringify([name, labels]).slice(0, -1)
  }

  /** A PointData. */
  data(value: number, special: Special | undefined, help?: string): string {
    const fields = special === undefined ? `{"value":${JSON.stringify(value)}}` : `{},"special":{"value":"${special}"}`
    const rest = help === undefined ? this.#rest : `${this.#rest.slice(0, -1)},"help":${JSON.stringify(help)}}`
    return `${this.#point},"fields":${fields}${rest}`
  }

  /** Name, labels, time and value, without the kind: it may become known between two attempts. */
  identity(value: number, special: Special | undefined, at: number): string {
    return `${this.#identity},${at},${JSON.stringify(special ?? value)}]`
  }
}

/** The name of the metric: each of its parts is a series. */
export function familyOf(name: string, kind: string | undefined): string {
  return kind === 'histogram' || kind === 'summary' ? name.replace(/_(?:bucket|sum|count|gsum|gcount)$/, '') : name
}

const helpEveryMs = 600_000
const maxHelps = 20_000
const maxHelpChars = 1000

/** Help texts are stored beside few samples: they are the same for all of a metric. */
export class HelpTexts {
  readonly #stored = new Map<string, Readonly<{ help: string; at: number }>>()

  /** The text to store beside a sample of this time (Unix ms). */
  due({ name, kind }: Pick<Sample, 'name' | 'kind'>, help: string | undefined, at: number): string | undefined {
    if (help === undefined || help === '') return undefined
    const family = familyOf(name, kind)
    const existing = this.#stored.get(family)
    if (existing?.help === help && Math.abs(at - existing.at) < helpEveryMs) return undefined
    if (existing === undefined && this.#stored.size >= maxHelps) this.#stored.clear()
    this.#stored.set(family, { help, at })
    return help.slice(0, maxHelpChars)
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
    data: utf8.encode(texts.data(value, special, sample.help)),
  }
}

/** Values that JSON numbers cannot hold. */
export function specialOf(value: number): Exclude<Special, 'stale'> | undefined {
  if (Number.isNaN(value)) return 'NaN'
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : undefined
}
