import { useState } from 'react'

/** Copies a text, and says whether it could. */
export function CopyButton({
  text,
  children = 'Copy',
}: {
  readonly text: string
  readonly children?: React.ReactNode
}): React.ReactNode {
  const [said, setSaid] = useState('')
  const copy = (): void => {
    // There is no clipboard where the page comes over plain HTTP from another machine.
    const copying =
      (navigator.clipboard as Clipboard | undefined)?.writeText(text) ?? Promise.reject(new Error('no clipboard'))
    copying.then(
      () => setSaid('Copied.'),
      () => setSaid('The browser does not let this page copy: select the text.'),
    )
  }
  return (
    <>
      <button type="button" onClick={copy}>
        {children}
      </button>{' '}
      <span role="status" className="dim">
        {said}
      </span>
    </>
  )
}
