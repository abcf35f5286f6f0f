import { useEffect, useState } from 'react'
import type { Range } from '../state/range.ts'
import { generalText } from '../text/general.ts'
import { timeText } from '../text/time.ts'
import { fixedLink } from './fixed-link.ts'

const shownMs = 3000

/** One press copies the view; on a phone it is in the menu of the time range. */
export default function CopyLink({ t }: { t: Range }): React.ReactNode {
  const [message, setMessage] = useState('')
  useEffect(() => {
    if (message === '') return undefined
    const timer = setTimeout(() => setMessage(''), shownMs)
    return () => clearTimeout(timer)
  }, [message])
  const copy = () => {
    // Plain HTTP from another machine has no clipboard.
    const copying =
      (navigator.clipboard as Clipboard | undefined)?.writeText(fixedLink(t)) ?? Promise.reject(new Error('none'))
    copying.then(
      () => setMessage(generalText.copied),
      () => setMessage(timeText.shareBlocked),
    )
  }
  return (
    <>
      <button type="button" className="share" title={timeText.share} aria-label={timeText.share} onClick={copy}>
        {message === '' ? timeText.shareShort : message}
      </button>
      <span role="status" className="spoken">
        {message}
      </span>
    </>
  )
}
