import type { BatchTransform, SettingProblem, TransformOutput } from '../../engine/contracts.ts'
import { selectRows } from '../../model/select.ts'
import type { Failure } from '../../model/outcome.ts'
import type { MapConfig } from './config.ts'
import { mapEvents } from './events.ts'
import { problemOf } from './expression.ts'
import { mapFlows } from './flows.ts'

export function expressionProblems({ set }: MapConfig): readonly SettingProblem[] {
  return Object.entries(set).flatMap(([name, text]) => {
    const problem = problemOf(text)
    return problem === undefined ? [] : [{ ...problem, path: ['set', name], text }]
  })
}

/** A row with a failed expression is rejected with the reason; the others pass. */
export function mapStep(config: MapConfig): BatchTransform {
  const flows = mapFlows(config)
  const events = mapEvents(config)
  return {
    take({ batch, rows }) {
      const chosen = rows.length === batch.count ? batch : selectRows(batch, rows)
      const { outputs, failed } = chosen.kind === 'flows' ? flows(chosen) : events(chosen)
      const failures = [...failed].map(([index, reason]): Failure => ({ index, is: 'reject', reason }))
      if (failed.size === 0) return { outputs: [{ to: '', batch: outputs }], failures }
      const kept = Uint32Array.from({ length: chosen.count }, (_, row) => row).filter((row) => !failed.has(row))
      const left: TransformOutput[] = kept.length === 0 ? [] : [{ to: '', batch: selectRows(outputs, kept) }]
      return { outputs: left, failures }
    },
  }
}
