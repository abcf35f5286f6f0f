import { useRef } from 'react'
import { LinkState, Spoken } from '../../live/bar-parts.tsx'
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
  const waiting = `${count(held)}${many ? ' and more' : ''} new`
  const before = useRef(rows.length)
  const say = (): string | undefined => {
    const came = rows.length - before.current
    before.current = rows.length
    return came > 0 ? counted(came, 'new change') : undefined
  }
  return (
    <>
      <LinkState link={link} paused={paused} asked={told === 'asked' ? 'asked every 3 s' : undefined} meanwhile="; what comes meanwhile is not missed, but shown later" />
      {reading && !paused && held > 0 && <span className="dim number">{waiting}, held while you look</span>}
      {!paused ? <button type="button" onClick={() => onPause(true)}>Pause</button> : <button type="button" className="primary" title="Go on with everything that came meanwhile" onClick={onRelease}>Catch up ({waiting})</button>}
      <Spoken say={say} />
    </>
  )
}
