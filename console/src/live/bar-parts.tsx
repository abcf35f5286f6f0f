import { useEffect, useRef, useState } from 'react'
import { linkWords } from './link-words.ts'
import type { Link } from './messages.ts'
import { retryNow } from './tab.ts'

interface LinkStateProps {
  readonly link: Link
  readonly paused: boolean
  /** Who asks by himself is told so in place of how the stream is doing. */
  readonly asked?: string | undefined
  /** Why it was refused stands elsewhere. */
  readonly told?: boolean
  /** What becomes of what comes while the stream is cut. */
  readonly meanwhile?: string
}

/** How the live stream is doing, and what can be done about it. */
export function LinkState({ link, paused, asked, told = false, meanwhile = '' }: LinkStateProps): React.ReactNode {
  const [word, tone] =
    paused && (link.state === 'live' || asked !== undefined)
      ? ['paused in this tab', 'dim']
      : asked !== undefined
        ? [asked, 'good']
        : linkWords[link.state]
  return (
    <>
      <span className={`link ${tone}`} role="status">
        {word}
      </span>
      {asked === undefined && link.state === 'waiting' && (
        <span className="warning">
          {link.detail} Trying again in {Math.ceil((link.retryMs ?? 0) / 1000)} s{meanwhile}.{' '}
          <button type="button" onClick={retryNow}>
            Try now
          </button>
        </span>
      )}
      {asked === undefined && link.state === 'refused' && !told && <span className="bad">{link.detail}</span>}
    </>
  )
}

/** For those who listen: a summary, at most every ten seconds, and never a row. `say` is asked for it; undefined: nothing to say. */
export function Spoken({ say }: { readonly say: () => string | undefined }): React.ReactNode {
  const [said, setSaid] = useState('')
  const now = useRef(say)
  useEffect(() => {
    now.current = say
  })
  useEffect(() => {
    const timer = setInterval(() => {
      const next = now.current()
      if (next !== undefined) setSaid(next)
    }, 10_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <span className="spoken" aria-live="polite">
      {said}
    </span>
  )
}
