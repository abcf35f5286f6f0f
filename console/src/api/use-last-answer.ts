import { useState } from 'react'

/** The answer, or where a question failed the last one that was none: better than nothing, as long as it is said. */
export function useLast<T>(data: T | undefined, failed: boolean): T | undefined {
  const [last, setLast] = useState(data)
  if (data !== undefined && data !== last) setLast(data)
  return data ?? (failed ? last : undefined)
}
