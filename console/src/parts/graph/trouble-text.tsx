import { count } from '../format.ts'
import { topologyText } from './text.ts'
import type { Trouble } from './trouble.ts'

/** `4,122 dropped, 168 DNS errors`, for files. */
export function troubleText({ drops, errors }: Trouble): string {
  return [
    ...(drops > 0 ? [topologyText.dropped(count(drops))] : []),
    ...(errors > 0 ? [topologyText.failed(count(errors))] : []),
  ].join(', ')
}

export function TroubleText({ trouble: { drops, errors } }: { trouble: Trouble }): React.ReactNode {
  return (
    <span className="trouble">
      {drops > 0 && <span className="bad">{topologyText.dropped(count(drops))}</span>}
      {errors > 0 && <span className="warning">{topologyText.failed(count(errors))}</span>}
    </span>
  )
}
