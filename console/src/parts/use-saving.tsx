import { useState } from 'react'
import { asApiError } from '../api/problem.ts'
import { partsText } from '../text/parts.ts'

type Saving = Readonly<{
  busy: boolean
  /** Progress, the result or the reason of a failure. */
  status: React.ReactNode
  /** `write` resolves with the result in words. */
  save: (write: () => Promise<string>) => void
}>

/** Saves of a file from several requests. */
export function useSaving(): Saving {
  const [busy, setBusy] = useState(false)
  const [message, setMessage] = useState('')
  const save = async (write: () => Promise<string>): Promise<void> => {
    setBusy(true)
    setMessage(partsText.exporting)
    try {
      setMessage(await write())
    } catch (error) {
      setMessage(asApiError(error).message)
    } finally {
      setBusy(false)
    }
  }
  return {
    busy,
    status: (
      <span className="dim" role="status">
        {message}
      </span>
    ),
    save: (write) => void save(write).catch(reportError),
  }
}
