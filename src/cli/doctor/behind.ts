import { behindText, sinksBehind } from '../../engine/behind.ts'
import type { Pipeline } from '../../engine/control.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { warn, type Finding } from './finding.ts'

export function behindFindings(sinks: Pipeline['sinks']): Finding[] {
  return sinksBehind(sinks).map((sink) =>
    warn(
      sink.name === storeSink ? storeSink : `sink ${sink.name}`,
      behindText(sink),
      sink.name === storeSink
        ? 'No row is lost, but queries show rows late: give Weir more CPU, or store fewer rows (`store.from`).'
        : 'Rows wait in the journal up to `retain`: make the system faster, or raise the batches in `delivery`.',
    ),
  )
}
