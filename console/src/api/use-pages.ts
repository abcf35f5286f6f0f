import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { request, type Query } from './client.ts'
import { useLastAnswer } from './use-last-answer.ts'
import { useStale } from './use-stale.ts'

type PagesOptions = Readonly<{ enabled?: boolean; staleTime?: number; question?: unknown }>

/** All pages of a list; the cursor keeps the time of the first page. `question`: see {@link useStale}. */
export function usePages<Page extends { readonly next: string | null }>(
  queryKey: readonly unknown[],
  path: string,
  query: Query,
  { enabled = true, staleTime = Infinity, question = query }: PagesOptions = {},
) {
  const client = useQueryClient()
  const answer = useInfiniteQuery({
    queryKey,
    enabled,
    staleTime,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    // Rows are immutable, so comparing them is wasted.
    structuralSharing: false,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => request<Page>(path, { signal, query: { ...query, cursor: pageParam } }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const { hasNextPage, isFetching, isError, isPlaceholderData, error, fetchNextPage, refetch } = answer
  const pages = useLastAnswer(answer.data, { failed: isError })?.pages
  const stale = useStale(question, answer, pages)
  return {
    pages,
    more: (pages?.at(-1)?.next ?? null) !== null,
    busy: isFetching,
    isOwn: !isPlaceholderData && !isError,
    stale,
    error: isError ? error : undefined,
    next: useCallback(() => {
      if (hasNextPage && !isFetching && !isError) fetchNextPage().catch(reportError)
    }, [hasNextPage, isFetching, isError, fetchNextPage]),
    cancel: () => {
      client.cancelQueries({ queryKey }).catch(reportError)
    },
    again: useCallback(() => {
      refetch().catch(reportError)
    }, [refetch]),
  }
}
