import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { CompletedMeaning, Completion, ViewColumn } from '../../../src/api/published.ts'
import { request } from '../api/client.ts'
import { asApiError } from '../api/problem.ts'
import { meaningText } from './meaning-text.ts'
import { count } from './format.ts'
import type { Range } from '../state/range.ts'
import type { Written } from './filter-text.ts'

export type FilterNames = 'flows' | 'changes' | 'audit' | 'events' | 'resources' | 'inventory'

export type Suggestion = Readonly<{
  name: string
  detail: string
  insert: string
  /** A whole condition, which is applied when it is chosen. */
  whole?: boolean
}>

const most = 12

export function useSuggestions(
  of: FilterNames,
  fields: readonly ViewColumn[],
  written: Written | undefined,
  filter: string,
  { from, to }: Range,
): readonly Suggestion[] {
  const { field, word = '' } = written ?? {}
  const completion = useQuery({
    queryKey: ['complete', of + (field ?? ''), word, filter, from, to],
    enabled: written !== undefined,
    staleTime: 10_000,
    retry: false,
    placeholderData: (before: Completion | undefined, query) =>
      query?.queryKey[1] === of + (field ?? '') ? before : undefined,
    queryFn: ({ signal }): Promise<Completion> =>
      request<Completion>('/api/v1/complete', {
        method: 'POST',
        body: { names: of, ...(field === undefined ? {} : { field }), prefix: word, filter, from, to, limit: most },
        signal,
      }).catch((error: unknown): Completion => {
        if (asApiError(error).status === 401) throw error
        return {}
      }),
  })
  return useMemo(() => {
    if (written === undefined) return []
    const { fields: names, values = [], meanings = [] } = completion.data ?? {}
    if (field !== undefined)
      return values.map(({ text, label, count: times }) => ({
        name: text,
        detail: [label, times > 0 ? count(times) : undefined].filter((part) => part !== undefined).join(' · '),
        insert: text,
      }))
    return withMeanings(
      (names ?? byName(fields, word)).map(({ name, meaning }) => ({ name, detail: meaning, insert: `${name} ` })),
      meanings,
      word,
    )
  }, [written, field, word, fields, completion.data])
}

function byName(fields: readonly ViewColumn[], word: string): readonly ViewColumn[] {
  const typed = word.toLowerCase().replaceAll('.', '_')
  const begins = fields.filter(({ name }) => name.startsWith(typed))
  return [...begins, ...fields.filter(({ name }) => !name.startsWith(typed) && name.includes(typed))].slice(0, most)
}

/** Fields that begin with the word come first, and a search for it in all fields last. */
function withMeanings(
  fields: readonly Suggestion[],
  meanings: readonly CompletedMeaning[],
  word: string,
): Suggestion[] {
  const offered = (wanted: (meaning: CompletedMeaning) => boolean) =>
    meanings.filter(wanted).map((meaning) => ({
      name: meaningText(meaning),
      detail: meaning.count === undefined || meaning.count === 0 ? meaning.filter : count(meaning.count),
      insert: meaning.filter,
      whole: true,
    }))
  const typed = word.toLowerCase().replaceAll('.', '_')
  const begins = ({ name }: Suggestion) => word !== '' && name.toLowerCase().replaceAll('.', '_').startsWith(typed)
  return [
    ...fields.filter(begins),
    ...offered(({ is }) => is !== 'text'),
    ...offered(({ is }) => is === 'text'),
    ...fields.filter((field) => !begins(field)),
  ].slice(0, most)
}
