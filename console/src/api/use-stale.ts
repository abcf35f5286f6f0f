import { useState } from 'react'

type Shown = Readonly<{
  /** Whether the data answer the current question, and not one before it or an error. */
  isOwn: boolean
  hasData: boolean
}>

/** Whether the shown data are of another question. `question` is without revisions: a refresh makes no data stale. */
export function useStale(question: unknown, { isOwn, hasData }: Shown): boolean {
  const about = JSON.stringify(question)
  const [shownOf, setShownOf] = useState('')
  if (isOwn && hasData && shownOf !== about) setShownOf(about)
  return hasData && shownOf !== about
}
