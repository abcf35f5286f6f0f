import { useEffect, useRef, useState } from 'react'
import { linkWords } from '../../live/link-words.ts'
import { retryNow } from '../../live/tab.ts'
import { useLink } from '../../live/use-live.ts'
import { count, counted } from '../../parts/format.ts'
import type { Changes } from './ask.ts'

interface ChangesLiveProps {
  readonly changes: Changes
  /** Who says that something came: see use-nudge.ts. */
  readonly told: 'told' | 'asked'
  readonly paused: boolean
  readonly reading: boolean
  readonly onPause: (paused: boolean) => void
  /** Goes on with what came meanwhile. */
  readonly onRelease: () => void
}

/** Says whether what is shown is the newest, and lets it be paused. */
export function ChangesLive({ changes: { held, many, rows }, told, paused, reading, onPause, onRelease }: ChangesLiveProps): React.ReactNode {
  const link = useLink()
  const [word, tone] = paused ? ['paused in this tab', 'dim'] : told === 'asked' ? ['asked every 3 s', 'good'] : linkWords[link.state]
  const waiting = `${count(held)}${many ? ' and more' : ''} new`
  return (
    <>
      <span className={`link ${tone}`} role="status">{word}</span>
      {told === 'told' && link.state === 'waiting' && <span className="warning">{link.detail} Trying again in {Math.ceil((link.retryMs ?? 0) / 1000)} s; what comes meanwhile is not missed, but shown later. <button type="button" onClick={retryNow}>Try now</button></span>}
      {told === 'told' && link.state === 'refused' && <span className="bad">{link.detail}</span>}
      {reading && !paused && held > 0 && <span className="dim number">{waiting}, held while you look</span>}
      {!paused ? <button type="button" onClick={() => onPause(true)}>Pause</button> : <button type="button" className="primary" title="Go on with everything that came meanwhile" onClick={onRelease}>Catch up ({waiting})</button>}
      <Spoken rows={rows.length} />
    </>
  )
}

/** For those who listen: a summary, at most every ten seconds, and never a row. */
function Spoken({ rows }: { readonly rows: number }): React.ReactNode {
  const [said, setSaid] = useState('')
  const now = useRef(rows)
  useEffect(() => {
    now.current = rows
  })
  useEffect(() => {
    let before = now.current
    const timer = setInterval(() => {
      if (now.current > before) setSaid(`${counted(now.current - before, 'new change')}`)
      before = now.current
    }, 10_000)
    return () => clearInterval(timer)
  }, [])
  return <span className="spoken" aria-live="polite">{said}</span>
}
