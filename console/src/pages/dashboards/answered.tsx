import type { UseQueryResult } from '@tanstack/react-query'
import type { Query } from '../../api/client.ts'
import { asApiError } from '../../api/problem.ts'
import { ErrorState, Loading, NoStore } from '../../parts/states.tsx'
import { useRanged } from './panel-query.ts'
import { dashboardsText } from './text.ts'
import type { PanelProps } from './kinds/kind.ts'
import { selected } from './variables.ts'

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
    if (asApiError(error).code === 'WEIR_API_NO_STORE') return <NoStore title={dashboardsText.needsStore} />
    return <ErrorState error={error} onRetry={() => void refetch().catch(reportError)} />
  }
  return data === undefined ? <Loading what={dashboardsText.thePanel} /> : children(data)
}
