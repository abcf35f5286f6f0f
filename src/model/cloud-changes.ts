/** The differences of two states of a resource. */
import type { CloudChange, CloudResource } from './cloud.ts'
import { sorted } from './json.ts'
import { compareBytes } from './text-order.ts'

/** A change of one of these fields is an event. Noise, such as times of the last use, is in none of them. */
const compared = [
  'name',
  'parent',
  'tags',
  'state',
  'rawState',
  'size',
  'cpuCores',
  'gpus',
  'memoryBytes',
  'diskBytes',
  'nodes',
  'costPerHour',
  'attachedTo',
  'addresses',
  'attributes',
] as const satisfies readonly (keyof CloudResource)[]
/** Sizes of their content change with each upload. */
const measured: Partial<Record<CloudResource['type'], readonly string[]>> = { bucket: ['diskBytes'] }
/** Compared by entry, so that a change lists only the entries that differ. */
const maps = new Set<string>(['tags', 'attributes'])

/** The fields that differ, sorted by path. */
export function changesOf(from: CloudResource, to: CloudResource): NonNullable<CloudChange['changes']> {
  const [a, b] = [contentOf(from), contentOf(to)]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((path) => JSON.stringify(a[path]) !== JSON.stringify(b[path]))
    .sort()
    .map((path) => ({ path, ...given('from', a[path]), ...given('to', b[path]) }))
}

function given(name: 'from' | 'to', value: unknown) {
  return value === undefined ? {} : { [name]: value }
}

/** The compared fields by path; arrays are sorted, because they are sets. */
export function contentOf(resource: CloudResource): Record<string, unknown> {
  const left = measured[resource.type] ?? []
  const all: Record<string, unknown> = {}
  for (const name of compared) {
    const value = resource[name]
    if (value === undefined || left.includes(name)) continue
    if (maps.has(name)) for (const [entry, held] of Object.entries(value)) all[`${name}.${entry}`] = held
    else all[name] = Array.isArray(value) ? value.map(String).toSorted(compareBytes) : sorted(value)
  }
  return all
}
