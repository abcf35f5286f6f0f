import { useState } from 'react'

/** The response, or the last successful one if the query failed. The page has to show that it is old. */
export function useLastAnswer<T>(data: T | undefined, failed: boolean): T | undefined {
  const [last, setLast] = useState(data)
  if (data !== undefined && data !== last) setLast(data)
  return data ?? (failed ? last : undefined)
}
