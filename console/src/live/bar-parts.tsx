import { useEffect, useRef, useState } from 'react'
import { linkWords } from './link-text.ts'
import type { Link } from './messages.ts'
import { retryNow } from './tab.ts'
import { liveText } from '../text/live.ts'

type LinkStateProps = Readonly<{
  link: Link
  paused: boolean
  status?: string | undefined
  errorShown?: boolean
  meanwhile?: string
}>

export function LinkState({
  link,
  paused,
  status,
  errorShown = false,
  meanwhile = '',
}: LinkStateProps): React.ReactNode {
  const [word, tone] =
    paused && (link.state === 'live' || status !== undefined)
      ? [liveText.pausedInThisTab, 'dim']
      : status !== undefined
        ? [status, 'good']
        : linkWords[link.state]
  return (
    <>
      <span className={`link ${tone}`} role="status">
        {word}
      </span>
      {status === undefined && link.state === 'waiting' && (
        <span className="warning">
          {liveText.reconnecting(link.detail ?? '', Math.ceil((link.retryMs ?? 0) / 1000), meanwhile)}{' '}
          <button type="button" onClick={retryNow}>
            {liveText.retryNow}
          </button>
        </span>
      )}
      {status === undefined && link.state === 'refused' && !errorShown && <span className="bad">{link.detail}</span>}
    </>
  )
}

export function LiveSummary({ summary }: { summary: () => string | undefined }): React.ReactNode {
  const [announced, setAnnounced] = useState('')
  const now = useRef(summary)
  useEffect(() => {
    now.current = summary
  })
  useEffect(() => {
    const timer = setInterval(() => {
      const next = now.current()
      if (next !== undefined) setAnnounced(next)
    }, 10_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <span className="spoken" aria-live="polite">
      {announced}
    </span>
  )
}
