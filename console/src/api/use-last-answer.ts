import { useState } from 'react'

export function useLastAnswer<T>(data: T | undefined, { failed }: Readonly<{ failed: boolean }>): T | undefined {
  const [last, setLast] = useState(data)
  if (data !== undefined && data !== last) setLast(data)
  return data ?? (failed ? last : undefined)
}
