import type { CloudState } from '../../model/cloud.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { FoundResource } from '../../polling/inventory/collector.ts'
import { numberOf } from '../../polling/inventory/fields.ts'

export { listOf, numberOf, snapshotOf } from '../../polling/inventory/fields.ts'

export const gib = 2 ** 30

const states: Readonly<Record<string, CloudState>> = {
  running: 'running',
  attached: 'running',
  detached: 'running',
  exported: 'running',
  created: 'running',
  starting: 'pending',
  creating: 'pending',
  migrating: 'pending',
  updating: 'pending',
  upgrading: 'pending',
  renewing: 'pending',
  attaching: 'pending',
  detaching: 'pending',
  exporting: 'pending',
  snapshotting: 'pending',
  resizing: 'pending',
  rebuilding: 'pending',
  rebalancing: 'pending',
  'scaling-up': 'pending',
  'scaling-down': 'pending',
  'rotating-ccm-credentials': 'pending',
  'rotating-csi-credentials': 'pending',
  stopping: 'pending',
  stopped: 'stopped',
  suspended: 'stopped',
  suspending: 'pending',
  resuming: 'pending',
  poweroff: 'stopped',
  error: 'error',
  deleting: 'deleting',
  destroying: 'deleting',
  expunging: 'deleting',
  destroyed: 'deleted',
  deleted: 'deleted',
}

export function bytesOf(value: unknown): number | undefined {
  const size = numberOf(value)
  return size === undefined ? undefined : size * gib
}

export function idOf(value: unknown): string | undefined {
  return textOf(fieldsOf(value)['id'])
}

type Of = Readonly<{ type: FoundResource['type']; region: string; id?: string | undefined }>

/** The fields that most resources have. Undefined without an id. */
export function resourceOf(
  given: Fields,
  { type, region, id = textOf(given['id']) }: Of,
  more: { readonly [K in keyof FoundResource]?: FoundResource[K] | undefined } = {},
): FoundResource | undefined {
  if (id === undefined) return undefined
  const rawState = textOf(given['state'])
  const labels = Object.entries(fieldsOf(given['labels'])).map(([name, value]) => [name, textOf(value) ?? ''])
  return withoutUndefined<FoundResource>({
    region,
    type,
    id,
    name: textOf(given['name']) ?? id,
    state: rawState === undefined ? 'running' : (states[rawState] ?? 'unknown'),
    rawState,
    tags: labels.length === 0 ? undefined : (Object.fromEntries(labels) as Record<string, string>),
    createdAt: textOf(given['created-at']),
    ...more,
  })
}

/** A label of exoscale-exporter: absent text is empty, absent numbers are 0. */
export function label(value: unknown): string {
  return textOf(value) ?? ''
}

export function upOf(given: Fields): number {
  return given['state'] === 'running' ? 1 : 0
}
