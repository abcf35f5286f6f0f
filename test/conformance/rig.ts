import type { Against } from '../kit/proof.ts'
import type { SinkHarness } from './sink.ts'
import type { SourceHarness } from './source.ts'

/** How the conformance suites run for a connector; `testing/rig.ts` in its folder exports one as `rig`. */
export interface Rig {
  /** Before and after all suites of the rig. */
  readonly open?: () => Promise<unknown>
  readonly close?: () => Promise<unknown>
  readonly sources?: readonly Suite<SourceHarness>[]
  readonly sinks?: readonly Suite<SinkHarness>[]
}

export interface Suite<Harness> {
  /** Type of the component; if it has several suites, a word that distinguishes them follows. */
  readonly name: string
  readonly harness: Harness
  readonly against: Against
}
