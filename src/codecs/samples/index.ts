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

/** The id is a digest of name, labels, time and value, without the kind: it may become known between two attempts. */
export function sampleEvent(source: string, { name, labels, value, isStale, at, kind, unit }: Sample): WeirEvent {
  const special = isStale ? 'stale' : specialOf(value)
  const point: PointData = {
    name,
    ...known({ labels: labels.length === 0 ? undefined : Object.fromEntries(labels) }),
    fields: special === undefined ? { value } : {},
    ...(special === undefined ? {} : { special: { value: special } }),
    ...known({ kind, unit: unit === '' ? undefined : unit }),
  }
  const identity = JSON.stringify([name, labels, at, special ?? value])
  return {
    id: createHash('sha256').update(identity).digest('base64url').slice(0, 22),
    source,
    type: telemetryTypes.point,
    family: 'point',
    subject: name,
    time: at,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: utf8.encode(JSON.stringify(point)),
  }
}

function specialOf(value: number) {
  if (Number.isNaN(value)) return 'NaN'
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : undefined
}
