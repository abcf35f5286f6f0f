import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { readCloudResource, type CloudResource } from './requests.ts'

export function useCloudResource(ref: string, at = 'now'): UseQueryResult<CloudResource> {
  return useQuery({
    queryKey: ['inventory', 'one', ref, at],
    staleTime: 30_000,
    queryFn: ({ signal }) => readCloudResource(ref, at, signal),
  })
}
