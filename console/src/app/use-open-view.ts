import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { readSearch } from '../state/codec.ts'
import type { SavedView } from '../../../src/api/published.ts'

export function useOpenView(): (view: Pick<SavedView, 'page' | 'search'>) => void {
  const navigate = useNavigate()
  return useCallback(
    ({ page, search }) => {
      navigate({ to: page, search: readSearch(search) as never }).catch(reportError)
    },
    [navigate],
  )
}
