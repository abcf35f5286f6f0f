/** Values of the answers of clouds. */
import { isRecord, type Fields } from '../../model/json.ts'
import type { FoundResource, Sample, Snapshot } from './collector.ts'

/** A finite number, or a text that is one. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** The objects of a list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** Each value once; undefined without one. */
export function nonEmpty<T>(list: readonly (T | undefined)[]): readonly T[] | undefined {
  const unique = [...new Set(list.filter((value) => value !== undefined))]
  return unique.length === 0 ? undefined : unique
}

/** An item that is no resource makes the snapshot incomplete. */
export function snapshotOf(
  foundResources: readonly (FoundResource | undefined)[],
  more: Readonly<{ samples?: readonly Sample[]; totals?: readonly Sample[] }> = {},
): Snapshot {
  const resources = foundResources.filter((foundResource) => foundResource !== undefined)
  const undecodable = foundResources.length - resources.length
  return { resources, complete: undecodable === 0, undecodable, ...more }
}
