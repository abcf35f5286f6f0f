import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { asApiError, type ApiError } from './problem.ts'

type Acting = Readonly<{
  busy: boolean
  refused: ApiError | undefined
  /** Resolves with whether it succeeded. */
  act: (send: () => Promise<unknown>) => Promise<boolean>
  forget: () => void
}>

/** Changes on the server; queries with a key that begins with `name` are read again after each. */
export function useActs(name: string): Acting {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<ApiError>()
  const act = useCallback(
    async (send: () => Promise<unknown>) => {
      setBusy(true)
      setRefused(undefined)
      try {
        await send()
        return true
      } catch (error) {
        setRefused(asApiError(error))
        return false
      } finally {
        await client.invalidateQueries({ queryKey: [name] })
        setBusy(false)
      }
    },
    [client, name],
  )
  return { busy, refused, act, forget: useCallback(() => setRefused(undefined), []) }
}
