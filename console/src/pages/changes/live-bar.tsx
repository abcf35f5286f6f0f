import { useRef } from 'react'
import type { Arrivals } from '../../hooks/use-arrivals.ts'
import { LinkState, LiveSummary } from '../../live/bar-parts.tsx'
import { useLink } from '../../live/use-live.ts'
import { count, counted } from '../../parts/format.ts'
import type { Changes } from './queries.ts'
import { changesText } from '../../parts/changes/text.ts'
import { generalText } from '../../text/general.ts'

type ChangesLiveProps = Readonly<{
  changes: Changes
  by: Arrivals['by']
  paused: boolean
  reading: boolean
  onPause: (paused: boolean) => void
  onRelease: () => void
}>

export function ChangesLive({
  changes: { held, many, rows },
  by,
  paused,
  reading,
  onPause,
  onRelease,
}: ChangesLiveProps): React.ReactNode {
  const link = useLink()
  const waiting = changesText.newChanges(count(held), many ? changesText.andMore : '')
  const before = useRef(rows.length)
  const summary = () => {
    const came = rows.length - before.current
    before.current = rows.length
    return came > 0 ? counted(came, 'newChange') : undefined
  }
  return (
    <>
      <LinkState
        link={link}
        paused={paused}
        status={by === 'poll' ? changesText.polledEvery : undefined}
        meanwhile={changesText.heldNotLost}
      />
      {reading && !paused && held > 0 && <span className="dim number">{changesText.heldWhileReading(waiting)}</span>}
      {!paused ? (
        <button type="button" onClick={() => onPause(true)}>
          {generalText.pause}
        </button>
      ) : (
        <button type="button" className="primary" title={changesText.catchUpHint} onClick={onRelease}>
          {changesText.catchUp(waiting)}
        </button>
      )}
      <LiveSummary summary={summary} />
    </>
  )
}
