import { Link } from '@tanstack/react-router'
import { actorText } from '../../state/refs.ts'

/** Leads to the page of everything that an actor did. */
export function ActorLink({
  to,
  name,
}: {
  readonly to: string | null
  readonly name?: string | null
}): React.ReactNode {
  if (to === null) return <span className="dim">not told</span>
  if (to === 'unknown' || to === 'system')
    return <span className="dim">{to === 'system' ? 'the system itself' : 'nobody is named'}</span>
  return (
    <Link to="/actor" search={{ v: '1', of: to } as never} className="resource-link" title={to}>
      {name ?? actorText(to)}
    </Link>
  )
}
