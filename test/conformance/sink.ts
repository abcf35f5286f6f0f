import { describe } from 'vitest'
import { measured, proves, type Against } from '../kit/proof.ts'
import { runSinkCase, type SinkHarness } from './sink-cases.ts'
import { casesOf } from './waivers.ts'

export { runSinkCase, type OtherSide, type SinkHarness } from './sink-cases.ts'

/** What every sink must do on a real system. A fault that the harness lacks must be waived in waivers.json. */
export function sinkConformance(name: string, harness: SinkHarness, against: Against): void {
  describe(`${name} sink`, () => {
    proves('sink', against)
    casesOf(name, harness, (which) => runSinkCase(harness, which, () => measured('by key')))
  })
}
