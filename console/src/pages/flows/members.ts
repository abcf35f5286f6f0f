import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Completion } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { isMember } from '../../parts/flows/columns.tsx'
import type { FlowsState } from './state.ts'

/** Members of `extra` in the flows of the time range, and those that the URL names. */
export function useMembers({ t, cols, group }: Pick<FlowsState, 't' | 'cols' | 'group'>): readonly string[] {
  const { from, to } = t
  const { data } = useQuery({
    queryKey: ['members', from, to],
    staleTime: 60_000,
    retry: false,
    queryFn: ({ signal }) =>
      request<Completion>('/api/v1/complete', {
        method: 'POST',
        body: { names: 'flows', prefix: 'extra.', from, to, limit: 200 },
        signal,
      }),
  })
  const written = [...cols, ...group].filter(isMember).join(',')
  return useMemo(() => {
    const names = (data?.fields ?? []).map(({ name }) => name).filter(isMember)
    return [...new Set([...names, ...(written === '' ? [] : written.split(','))])]
  }, [data, written])
}
