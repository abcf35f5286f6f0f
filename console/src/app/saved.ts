import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { SavedView, SavedViews } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { asApiError } from '../api/problem.ts'
import { queryClient } from '../api/queries.ts'

const key = ['saved']

export function useSaved(): UseQueryResult<readonly SavedView[]> {
  return useQuery({
    queryKey: key,
    staleTime: 30_000,
    queryFn: ({ signal }) =>
      request<SavedViews>('/api/v1/saved', { signal }).then(
        ({ views }) => views,
        (error: unknown) => {
          if ([404, 503].includes(asApiError(error).status)) return []
          throw error
        },
      ),
  })
}

/** Versions of the views that this tab shows, by id. The list of views may be newer. */
const opened = new Map<string, string>()

export function noteOpened({ id, changed }: Pick<SavedView, 'id' | 'changed'>): void {
  opened.set(id, changed)
}

/** Replaces a view with the page. Rejects with status 409 if another version was saved after this tab opened it. */
export function update(view: SavedView, search: string): Promise<SavedView> {
  return save({ ...view, search, changed: opened.get(view.id) ?? view.changed })
}

export async function save({
  id = newId(),
  name,
  page,
  search,
  shared,
  changed: before,
}: Pick<SavedView, 'name' | 'page' | 'search' | 'shared'> & {
  readonly id?: string
  /** Time of the version that this one replaces. */
  readonly changed?: string
}): Promise<SavedView> {
  const saved = await request<SavedView>(`/api/v1/saved/${id}`, {
    method: 'PUT',
    body: { name, page, search, shared, ...(before === undefined ? {} : { before }) },
  })
  if (search === location.search) noteOpened(saved)
  await queryClient.invalidateQueries({ queryKey: key })
  return saved
}

export async function forget(id: string): Promise<void> {
  await request(`/api/v1/saved/${id}`, { method: 'DELETE' })
  await queryClient.invalidateQueries({ queryKey: key })
}

/** Must be hard to guess: knowing the id gives access to the view. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
