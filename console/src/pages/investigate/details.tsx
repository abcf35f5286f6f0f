import { Link } from '@tanstack/react-router'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { time } from '../../parts/format.ts'
import { RecordDrawer } from '../../parts/record-drawer.tsx'
import { cloudId } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'
import { investigateText } from './text.ts'
import type { ChangeView } from '../../state/open-change.ts'
import { laneTitles, type LaneEvent } from './events.ts'

type DetailsProps = Readonly<{
  of: string
  event: LaneEvent | undefined
  as: ChangeView
  onAs: (as: ChangeView) => void
  onClose: () => void
}>

/** A change of a cluster, an audit event, or the facts of another event. */
export function Details({ of, event, as, onAs, onClose }: DetailsProps): React.ReactNode {
  const [lane = '', ...parts] = of.split(':')
  const pos = parts.join(':')
  const isCloud = event?.ref != null && !event.ref.startsWith('k8s:')
  if (lane === 'audit' || (lane === 'changes' && !isCloud)) {
    const is = lane === 'audit' ? 'audit' : 'change'
    return <RecordDrawer is={is} of={pos} as={as} onAs={onAs} onClose={onClose} />
  }
  if (event === undefined) return null
  const { object, ref, text, actor, time: at, until } = event
  return (
    <Drawer of={of} name={laneTitles[event.lane]} title={object} onClose={onClose}>
      <dl>
        <Fact name={generalText.time}>
          <span className="mono">{time(at)}</span>
        </Fact>
        {until !== null && (
          <Fact name={investigateText.until}>
            <span className="mono">{time(until)}</span>
          </Fact>
        )}
        <Fact name={investigateText.event}>{text}</Fact>
        {ref !== null && (
          <Fact name={investigateText.object}>
            <ResourceLink to={ref} at={at}>
              {isCloud ? cloudId(ref) : object}
            </ResourceLink>
          </Fact>
        )}
        {actor !== null && <Fact name={generalText.actor}>{actor}</Fact>}
        {event.is === 'image' && (
          <Fact name={investigateText.image}>
            <Link to="/insights" search={{ v: '1', image: pos } as never}>
              {investigateText.open}
            </Link>
          </Fact>
        )}
      </dl>
    </Drawer>
  )
}
