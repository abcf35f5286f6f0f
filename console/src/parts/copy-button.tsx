import { useState } from 'react'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'

export function CopyButton({
  text,
  children = partsText.copy,
}: {
  text: string
  children?: React.ReactNode
}): React.ReactNode {
  const [message, setMessage] = useState('')
  const copy = () => {
    // Plain HTTP from another machine has no clipboard.
    const copying =
      (navigator.clipboard as Clipboard | undefined)?.writeText(text) ?? Promise.reject(new Error('no clipboard'))
    copying.then(
      () => setMessage(generalText.copied),
      () => setMessage(partsText.copyBlocked),
    )
  }
  return (
    <>
      <button type="button" onClick={copy}>
        {children}
      </button>{' '}
      <span role="status" className="dim">
        {message}
      </span>
    </>
  )
}
