import { useQuery } from '@tanstack/react-query'
import type { AnswerFrame } from '../../../src/api/published.ts'
import { request } from './client.ts'
import type { Change } from './objects.ts'
import { useHeld, type Watched } from './queries.ts'
import { asApiError } from './problem.ts'
import type { SeriesAnswer } from './series.ts'

export type HomeAnswer = Readonly<{
  traffic: SeriesAnswer
  talkers: AnswerFrame &
    Readonly<{
      others: Readonly<{ groups: number; bytes: number | string }>
      total: Readonly<{ bytes: number | string; flows: number | string }>
    }>
  /** null: no store. */
  changes: readonly Change[] | null
  warnings:
    | readonly Readonly<{ time: string; ref: string; reason: string | null; message: string | null; events: number }>[]
    | null
  watches: boolean
}>

export function useHome(): Watched<HomeAnswer> {
  return useHeld(
    useQuery({
      queryKey: ['home'],
      queryFn: ({ signal }) => request<HomeAnswer>('/api/v1/home', { signal }),
      refetchInterval: ({ state }) =>
        state.error !== null && [401, 403].includes(asApiError(state.error).status) ? false : 10_000,
    }),
  )
}
