import type { Known, KnownObjects } from './known.ts'

export interface Collection {
  readonly id: number
  readonly key: string
  cursor: string | undefined
  /** A list has completed: further objects are new. */
  whole: boolean
  kept: boolean
  readonly objects: KnownObjects
}

export type Names = Readonly<{
  namespace: string | undefined
  name: string
}>

type Facts = Pick<Known, 'version' | 'hash' | 'emitted'>

/** The last emission of an object as a resource: time (Unix ms), version, and start of validity. */
export type Emission = Readonly<{
  at: number
  version: string
  since: string
}>

export type Step =
  /** `document`: from `ObjectMap.keep`; empty: none. */
  | Readonly<{
      is: 'put'
      collection: Collection
      uid: string
      known: Known
      facts: Facts
      names: Names
      document: Uint8Array
      emission?: Emission
    }>
  | Readonly<{ is: 'touch'; known: Known; facts: Facts; emission?: Emission }>
  | Readonly<{ is: 'remove'; known: Known }>
  /** No version: list it again. `ended`: keep the emitted objects as they are. `listed`: completes a list. */
  | Readonly<{ is: 'cursor'; collection: Collection; version: string | undefined; ended?: true; listed?: true }>

export interface EmittedObject extends Emission {
  readonly collection: Collection
  readonly uid: string
  readonly row: number
  readonly emitted: string
}

/** Versions of a kind compare as numbers. Undefined if absent or not a number. */
export function numberOf(version: string | undefined): bigint | undefined {
  return version !== undefined && /^\d+$/.test(version) ? BigInt(version) : undefined
}

export function covers(checkpoint: string | undefined, version: string | undefined): boolean {
  if (version === undefined || checkpoint === version) return true
  const [there, here] = [numberOf(checkpoint), numberOf(version)]
  return there !== undefined && here !== undefined && here <= there
}

export function factsOf({ version, hash, emitted }: Known): Facts {
  return { version, hash, emitted }
}
