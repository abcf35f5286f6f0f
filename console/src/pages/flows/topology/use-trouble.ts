import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '../../../api/client.ts'
import { allOf } from '../../../parts/filter-text.ts'
import { questionQuery } from '../flow-filter.ts'
import type { FlowQuery } from '../overview/flow-query.ts'
import type { FlowTopology } from '../../../../../src/api/published.ts'
import { keyOf } from '../../../parts/graph/diff.ts'
import { edgesOf, type Edges } from '../../../parts/graph/fold.ts'
import { scopeParts } from '../../../parts/graph/scope.ts'
import type { Scope } from './state.ts'
import type { Trouble } from '../../../parts/graph/trouble.ts'

const dropped = 'drop_packets > 0'
const failed = '(dns_errno > 0 or (exists(dns_rcode) and dns_rcode != NoError))'
const limit = 4000

/** Two queries of affected flows only: most flows have neither drops nor errors. */
export function useTrouble(
  { t, revision, ...question }: FlowQuery,
  scope: Scope,
  { enabled }: Readonly<{ enabled: boolean }>,
): ReadonlyMap<string, Trouble> | undefined {
  const { data } = useQuery({
    queryKey: ['topology trouble', question, t, scope, revision],
    enabled,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const edges = async (condition: string, by: 'drop_packets' | 'flows') =>
        edgesOf(
          await request<FlowTopology>('/api/v1/topology', {
            signal,
            query: {
              ...questionQuery({ ...question, filter: allOf([question.filter, condition]) }),
              from: t.from,
              to: t.to,
              source: 'raw',
              scope: scopeParts[scope].parts.join(','),
              by,
              limit,
            },
          }),
          scope,
        )
      return { scope, drops: await edges(dropped, 'drop_packets'), errors: await edges(failed, 'flows') }
    },
  })
  return useMemo(() => (data === undefined || data.scope !== scope ? undefined : merged(data)), [data, scope])
}

function merged({ drops, errors }: { drops: Edges; errors: Edges }): ReadonlyMap<string, Trouble> {
  const troubleByEdge = new Map<string, Trouble>()
  for (const row of drops.rows) troubleByEdge.set(keyOf(row), { drops: row.sums.drop_packets, errors: 0 })
  for (const row of errors.rows)
    troubleByEdge.set(keyOf(row), { drops: troubleByEdge.get(keyOf(row))?.drops ?? 0, errors: row.sums.flows })
  return troubleByEdge
}
