import type { Derivation, SinkPiece } from '../../engine/contracts.ts'
import { frameHeader } from '../../journal/frame-header.ts'
import type { Failure } from '../../model/outcome.ts'
import { rowLines, rowWriter } from './lines.ts'

type Selection = (piece: SinkPiece) => Uint32Array

type DerivationView = Readonly<{
  matching: Selection
  /** Rows that may be shown at all. */
  visible: Selection
  now: number
  seal: ((text: string) => string) | undefined
}>

export function* derivationLines(
  derivations: Iterable<Derivation>,
  { matching, visible, now, seal }: DerivationView,
): Generator<string> {
  for (const { before, outputs, failure } of derivations) {
    // Outputs beside a row that was consumed are those of earlier rows.
    const isOwn = before !== undefined && failure === undefined
    if (before !== undefined && matching(before).length > 0) {
      const [row = '{}'] = rowLines(before, seal)
      const after = isOwn ? rowsOf(outputs, visible, now) : []
      yield `{"before":${row}${isOwn ? `,"after":[${after.join()}]` : `,"after":[]${outcomeOf(failure)}`}}`
    }
    if (!isOwn) {
      const after = rowsOf(outputs, matching, now)
      if (after.length > 0) yield `{"before":null,"after":[${after.join()}]}`
    }
  }
}

function outcomeOf(failure: Failure | undefined) {
  if (failure === undefined) return ''
  const { is, reason } = failure
  return `,"outcome":${JSON.stringify(is === 'reject' ? `rejected: ${reason}` : reason)}`
}

function rowsOf(outputs: Derivation['outputs'], selected: Selection, now: number): readonly string[] {
  return outputs.flatMap(({ to, batch }) => {
    const all = Uint32Array.from({ length: batch.count }, (_, row) => row)
    const header = frameHeader({ sequence: 0, kind: batch.kind, source: '', count: batch.count, received: now })
    const rows = selected({ header, batch, rows: all, firstRow: 0 })
    const write = rowWriter(batch)
    return Array.from(rows, (row) => {
      const object = write(row)
      if (to === '') return object
      return `{"_to":${JSON.stringify(to)}${object === '{}' ? '' : ','}${object.slice(1)}`
    })
  })
}
