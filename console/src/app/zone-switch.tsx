import { timeZone, usePreference } from '../state/preferences.ts'
import { offsetText, type Zone } from '../state/time-zone.ts'
import { timeText } from '../text/time.ts'

export const zoneText = (zone: Zone): string => (zone === 'utc' ? timeText.utc : timeText.local(offsetText()))

/** The zone of all times of the console; a click changes it. */
export function ZoneSwitch(): React.ReactNode {
  const zone = usePreference(timeZone)
  return (
    <button
      type="button"
      className="quiet"
      title={timeText.changeZone(zone === 'utc' ? timeText.utc : timeText.localTime)}
      onClick={() => timeZone.set(zone === 'utc' ? 'local' : 'utc')}
    >
      {timeText.times(zoneText(zone))}
    </button>
  )
}
