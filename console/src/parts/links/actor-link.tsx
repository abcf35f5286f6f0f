import { Link } from '@tanstack/react-router'
import { actorText, shortActor } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'
import { partsText } from '../../text/parts.ts'

export function ActorLink({ to, name }: { to: string | null; name?: string | null }): React.ReactNode {
  if (to === null) return <span className="dim">{generalText.unknown}</span>
  if (to === 'unknown' || to === 'system')
    return <span className="dim">{to === 'system' ? partsText.theSystem : partsText.noActorRecorded}</span>
  return (
    <Link to="/actor" search={{ v: '1', of: to } as never} className="resource-link" title={to}>
      {shortActor(name ?? actorText(to))}
    </Link>
  )
}
