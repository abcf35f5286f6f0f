import { LinkState, Spoken } from './bar-parts.tsx'
import type { Link } from './messages.ts'
import type { LiveRows } from './use-live.ts'
import { count, perSecond, time } from '../parts/format.ts'

interface LiveBarProps {
  readonly live: LiveRows
  /** Rows of the table. */
  readonly shown: number
  readonly link: Link
  /** Why it was refused stands in the table's place. */
  readonly told?: boolean
  readonly paused: boolean
  /** Somebody is at work in the table, which holds it without a word. */
  readonly reading: boolean
  readonly span: readonly [oldest: string, newest: string] | undefined
  readonly onPause: (paused: boolean) => void
  /** Goes on with everything that came meanwhile; absent: with what was kept. */
  readonly onCatchUp?: () => void
}

/** Says what a live table shows and what it does not, and lets it be paused. */
export function LiveBar({
  live,
  shown,
  link,
  told = false,
  paused,
  reading,
  span,
  onPause,
  onCatchUp,
}: LiveBarProps): React.ReactNode {
  return (
    <>
      <LinkState link={link} paused={paused} told={told} />
      <span className="dim number" title={account(live)}>
        {live.begun && `${perSecond(live.rate)} · ${count(shown)} shown`}
        {span !== undefined && (
          <>
            {' '}
            ·{' '}
            <span title="The span that the rows cover">
              {time(span[0])} – {time(span[1])}
            </span>
          </>
        )}
        {live.passed > 0 && ` · ${count(live.passed)} passed too fast to show`}
      </span>
      {live.gap !== '' && <span className="warning">{live.gap}</span>}
      {reading && !paused && live.held > 0 && (
        <span className="dim number">{count(live.held)} new, held while you look</span>
      )}
      {!paused && !told && (
        <button type="button" onClick={() => onPause(true)}>
          Pause
        </button>
      )}
      {paused && (
        <button
          type="button"
          className="primary"
          title="Go on with every row that came meanwhile"
          onClick={onCatchUp ?? (() => onPause(false))}
        >
          Catch up ({count(live.held)} new)
        </button>
      )}
      {paused && (
        <button
          type="button"
          title="Go on with the newest rows, and leave out what came before them meanwhile"
          onClick={() => {
            live.jump()
            onPause(false)
          }}
        >
          Jump to now
        </button>
      )}
      <Spoken
        say={() =>
          live.rate > 0 ? `${perSecond(live.rate)} flows, ${count(live.matched)} since this view was opened` : undefined
        }
      />
    </>
  )
}

/** Every row that matched is in one of these numbers. */
function account({ matched, arrived, passed, lost }: LiveRows): string {
  return `Since this view was opened: ${count(matched)} flows came, ${count(arrived - lost)} of them were shown here, ${count(passed)} passed too fast to be shown, ${count(lost)} were left out while the table was held`
}
