import { useMemo } from 'react'
import { viewOf } from './pipeline-view.ts'
import { useLedger, usePipeline } from './queries.ts'

export function usePipelineView() {
  const pipeline = usePipeline()
  const ledger = useLedger()
  return {
    pipeline,
    ledger,
    view: useMemo(
      () => (pipeline.data === undefined || ledger.data === undefined ? undefined : viewOf(pipeline.data, ledger.data)),
      [pipeline.data, ledger.data],
    ),
    failed: pipeline.isError ? pipeline : ledger.isError ? ledger : undefined,
    again: () => {
      Promise.all([pipeline.refetch(), ledger.refetch()]).catch(reportError)
    },
  }
}
