import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import {
  readDifferences,
  readInventory,
  readInventoryFacets,
  type CloudDifferences,
  type CloudFacets,
  type CloudPage,
  type CloudRow,
} from '../../parts/cloud/requests.ts'
import { usePages } from '../../api/use-pages.ts'
import { selectionOf, type InventoryState } from './state.ts'

const [pageRows, maxRows, maxDifferences, staleTime] = [200, 1000, 5000, 30_000] as const

export function useInventory(state: InventoryState) {
  const query = { ...selectionOf(state), limit: pageRows }
  const pages = usePages<CloudPage>(['inventory', query], '/api/v1/inventory', query, {
    staleTime,
    enabled: state.list !== 'comparison',
  })
  return { ...pages, rows: pages.pages?.flatMap(({ resources }) => resources) }
}

export function useFacets(state: InventoryState): UseQueryResult<CloudFacets> {
  const query = selectionOf(state)
  return useQuery({
    queryKey: ['inventory', 'facets', query],
    staleTime,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readInventoryFacets(query, signal),
  })
}

export function useDifferences(state: InventoryState): UseQueryResult<CloudDifferences> {
  const query = { ...selectionOf(state), ...state.between, limit: maxDifferences }
  return useQuery({
    queryKey: ['inventory', 'diff', query],
    staleTime,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readDifferences(query, signal),
  })
}

/** All rows, for a file. */
export async function readAll(state: InventoryState): Promise<readonly CloudRow[]> {
  const { signal } = new AbortController()
  const rows: CloudRow[] = []
  for (let cursor: string | undefined, more = true; more;) {
    const page: CloudPage = await readInventory({ ...selectionOf(state), limit: maxRows, cursor }, signal)
    for (const row of page.resources) rows.push(row)
    cursor = page.next ?? undefined
    more = cursor !== undefined
  }
  return rows
}
