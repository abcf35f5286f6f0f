import { lazy, Suspense, useMemo } from 'react'
import { Popover } from '../parts/popover.tsx'
import type { Frame } from '../state/frame.ts'
import { rangeText } from '../state/range.ts'
import { timeZone, usePreference } from '../state/preferences.ts'
import { usePreviousRange } from '../hooks/use-previous-range.ts'
import { useCommands } from './commands.ts'
import { fixedLink } from './fixed-link.ts'
import { zoneText } from './zone-switch.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'
import { timeText } from '../text/time.ts'

const CopyLink = lazy(() => import('./copy-link.tsx'))
const TimeChoices = lazy(() => import('./time-choices.tsx'))

export type TimeControlProps = Readonly<{
  frame: Frame
  onChange: (change: Partial<Frame>) => void
}>

export function TimeControl({ frame, onChange }: TimeControlProps): React.ReactNode {
  const { t } = frame
  const zone = usePreference(timeZone)
  const previous = usePreviousRange(frame)
  useCommands(
    useMemo(
      () => [
        {
          name: timeText.copyLink,
          words: timeText.copyLinkWords,
          run: () => {
            navigator.clipboard.writeText(fixedLink(t)).catch(reportError)
          },
        },
        ...timeZone.values.map((zone) => ({
          name: timeText.useZone(zoneText(zone)),
          words: timeText.zoneWords,
          run: () => timeZone.set(zone),
        })),
      ],
      [t],
    ),
  )
  return (
    <div className="times">
      {previous !== undefined && (
        <button
          type="button"
          title={timeText.back(rangeText(previous.t))}
          aria-label={timeText.backToPrevious}
          onClick={() => onChange(previous)}
        >
          ↶
        </button>
      )}
      <Popover
        label={
          <>
            {rangeText(t)} {zone === 'utc' && <span className="dim">{timeText.utc} </span>}
            <span aria-hidden="true">▾</span>
          </>
        }
        name={appText.timeRange}
        className="time-control"
      >
        {(close) => (
          <Suspense fallback={<p className="dim pad">{generalText.loading}</p>}>
            <TimeChoices frame={frame} onChange={onChange} zone={zone} close={close} />
          </Suspense>
        )}
      </Popover>
      <Suspense
        fallback={
          <button type="button" className="share" disabled>
            {timeText.shareShort}
          </button>
        }
      >
        <CopyLink t={t} />
      </Suspense>
    </div>
  )
}
