import { useRef } from 'react'
import type { Arrivals } from '../../hooks/use-arrivals.ts'
import { LinkState, Spoken } from '../../live/bar-parts.tsx'
import { useLink } from '../../live/use-live.ts'
import { count, counted } from '../../parts/format.ts'
import type { Changes } from './ask.ts'

interface ChangesLiveProps {
  readonly changes: Changes
  /** Source of new rows: see hooks/use-arrivals.ts. */
  readonly by: Arrivals['by']
  readonly paused: boolean
  readonly reading: boolean
  readonly onPause: (paused: boolean) => void
  /** Goes on with what came meanwhile. */
  readonly onRelease: () => void
}

/** Says whether what is shown is the newest, and lets it be paused. */
export function ChangesLive({
  changes: { held, many, rows },
  by,
  paused,
  reading,
  onPause,
  onRelease,
}: ChangesLiveProps): React.ReactNode {
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
      <LinkState
        link={link}
        paused={paused}
        asked={by === 'poll' ? 'asked every 3 s' : undefined}
        meanwhile="; what comes meanwhile is not missed, but shown later"
      />
      {reading && !paused && held > 0 && <span className="dim number">{waiting}, held while you look</span>}
      {!paused ? (
        <button type="button" onClick={() => onPause(true)}>
          Pause
        </button>
      ) : (
        <button type="button" className="primary" title="Go on with everything that came meanwhile" onClick={onRelease}>
          Catch up ({waiting})
        </button>
      )}
      <Spoken say={say} />
    </>
  )
}
