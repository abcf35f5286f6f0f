import { count } from '../format.ts'
import { topologyText } from '../../text/topology.ts'
import type { Trouble } from './trouble.ts'

export function TroubleText({ trouble: { drops, errors } }: { trouble: Trouble }): React.ReactNode {
  return (
    <span className="trouble">
      {drops > 0 && <span className="bad">{topologyText.dropped(count(drops))}</span>}
      {errors > 0 && <span className="warning">{topologyText.failed(count(errors))}</span>}
    </span>
  )
}
