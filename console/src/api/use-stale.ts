import { useState } from 'react'

type Answered = Readonly<{ isPlaceholderData: boolean; isError: boolean }>

/** Whether the shown data are of another question. `question` is without revisions: a refresh makes no data stale. */
export function useStale(question: unknown, { isPlaceholderData, isError }: Answered, shown: unknown): boolean {
  const about = JSON.stringify(question)
  const [shownOf, setShownOf] = useState('')
  if (shown === undefined) return false
  if (!isPlaceholderData && !isError && shownOf !== about) setShownOf(about)
  return shownOf !== about
}
