import type { UseQueryResult } from '@tanstack/react-query'
import type { Query } from '../../api/client.ts'
import { asApiError } from '../../api/problem.ts'
import { ErrorState, Loading, NoStore } from '../states.tsx'
import { useRanged } from './panel-query.ts'
import type { PanelProps } from './kind.ts'
import { selected } from './variables.ts'
import { panelText } from './text.ts'

export function useFlows<Answer>(path: string, props: PanelProps, more: Query): UseQueryResult<Answer> {
  return useRanged<Answer>(path, props, { filter: props.filter, ...selected(props), ...more })
}

export function Answered<T>({
  of: { data, error, refetch },
  children,
}: {
  of: UseQueryResult<T>
  children: (data: T) => React.ReactNode
}): React.ReactNode {
  if (error !== null) {
    if (asApiError(error).code === 'WEIR_API_NO_STORE') return <NoStore title={panelText.needsStore} />
    return <ErrorState error={error} onRetry={() => void refetch().catch(reportError)} />
  }
  return data === undefined ? <Loading what={panelText.thePanel} /> : children(data)
}
