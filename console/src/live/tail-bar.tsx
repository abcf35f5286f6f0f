import { useRef } from 'react'
import type { LivePages } from '../api/use-live-pages.ts'
import type { Arrivals } from '../hooks/use-arrivals.ts'
import { count, counted } from '../parts/format.ts'
import { generalText } from '../text/general.ts'
import { liveText } from '../text/live.ts'
import type { Noun } from '../text/nouns.ts'
import { LinkState, LiveSummary } from './bar-parts.tsx'
import { useLink } from './use-live.ts'

type TailBarProps = Readonly<{
  tail: LivePages<unknown>
  /** Noun of the spoken summary. */
  noun: Noun
  by: Arrivals['by']
  paused: boolean
  reading: boolean
  onPause: (paused: boolean) => void
  onRelease: () => void
}>

/** Bar above stored rows that are joined by newer ones. */
export function TailBar({
  tail: { held, many, rows },
  noun,
  by,
  paused,
  reading,
  onPause,
  onRelease,
}: TailBarProps): React.ReactNode {
  const link = useLink()
  const waiting = liveText.newRows(count(held), many ? liveText.andMore : '')
  const before = useRef(rows.length)
  const summary = () => {
    const came = rows.length - before.current
    before.current = rows.length
    return came > 0 ? counted(came, noun) : undefined
  }
  return (
    <>
      <LinkState
        link={link}
        paused={paused}
        status={by === 'poll' ? liveText.polledEvery : undefined}
        meanwhile={liveText.heldNotLost}
      />
      {reading && !paused && held > 0 && <span className="dim number">{liveText.heldWhileReading(waiting)}</span>}
      {!paused ? (
        <button type="button" onClick={() => onPause(true)}>
          {generalText.pause}
        </button>
      ) : (
        <button type="button" className="primary" title={liveText.catchUpAllHint} onClick={onRelease}>
          {liveText.catchUpWith(waiting)}
        </button>
      )}
      <LiveSummary summary={summary} />
    </>
  )
}
