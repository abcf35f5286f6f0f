import type { Loaded } from '../load-config.ts'

export const faultKinds = ['kill', 'torn', 'full', 'partition', 'slow'] as const
/**
 * `kill`: the process ends, and its files remain. `torn`: power loss, with half-written sectors. `full`: no free space
 * on the volume. `partition`: no sink and no polled system is reachable. `slow`: each sink takes 20 times as long.
 */
export type FaultKind = (typeof faultKinds)[number]

/** `ms`: exact length; undefined: drawn by the seed. */
export type WantedFault = Readonly<{ kind: FaultKind; ms: number | undefined }>

export type SimulationOptions = Readonly<{
  loaded: Loaded
  seed: number
  faults: readonly WantedFault[]
  hours: number
  /** Rows per second that a source gives. */
  rates: ReadonlyMap<string, number>
  /** Rows per second that a sink takes. */
  takes: ReadonlyMap<string, number>
  /** Bytes of the largest message that a sink takes. */
  largest: ReadonlyMap<string, number>
  /** Bytes of an average event of a source. */
  sizes: ReadonlyMap<string, number>
  /** Bytes of the volume with the data folder. */
  disk: number
  /** Most rows to simulate; beyond it a row stands for several. */
  rows: number
  onProgress?: (simulatedMs: number, ofMs: number) => void
}>
