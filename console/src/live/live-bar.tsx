import { LinkState, LiveSummary } from './bar-parts.tsx'
import type { Link } from './messages.ts'
import type { LiveRows } from './use-live.ts'
import { count, perSecond, time } from '../parts/format.ts'
import { liveText } from '../text/live.ts'
import { generalText } from '../text/general.ts'

type LiveBarProps = Readonly<{
  live: LiveRows
  shown: number
  link: Link
  errorShown?: boolean
  paused: boolean
  reading: boolean
  span: readonly [oldest: string, newest: string] | undefined
  onPause: (paused: boolean) => void
  onCatchUp?: () => void
}>

export function LiveBar({
  live,
  shown,
  link,
  errorShown = false,
  paused,
  reading,
  span,
  onPause,
  onCatchUp,
}: LiveBarProps): React.ReactNode {
  return (
    <>
      <LinkState link={link} paused={paused} errorShown={errorShown} />
      <span className="dim number" title={account(live)}>
        {live.begun && liveText.shown(perSecond(live.rate), count(shown))}
        {span !== undefined && (
          <>
            {' '}
            ·{' '}
            <span title={liveText.rowsRange}>
              {time(span[0])} – {time(span[1])}
            </span>
          </>
        )}
        {live.passed > 0 && liveText.passed(count(live.passed))}
        {live.pending > 0 && liveText.pending(count(live.pending))}
      </span>
      {live.gap !== '' && <span className="warning">{live.gap}</span>}
      {reading && !paused && live.held > 0 && <span className="dim number">{liveText.heldNew(count(live.held))}</span>}
      {!paused && !errorShown && (
        <button type="button" onClick={() => onPause(true)}>
          {generalText.pause}
        </button>
      )}
      {paused && (
        <button
          type="button"
          className="primary"
          title={liveText.catchUpHint}
          onClick={onCatchUp ?? (() => onPause(false))}
        >
          {liveText.catchUp(count(live.held))}
        </button>
      )}
      {paused && (
        <button
          type="button"
          title={liveText.jumpHint}
          onClick={() => {
            live.jump()
            onPause(false)
          }}
        >
          {liveText.jumpToNow}
        </button>
      )}
      <LiveSummary
        summary={() => (live.rate > 0 ? liveText.summary(perSecond(live.rate), count(live.matched)) : undefined)}
      />
    </>
  )
}

function account({ matched, arrived, passed, lost }: LiveRows) {
  return liveText.account(count(matched), count(arrived - lost), count(passed), count(lost))
}
