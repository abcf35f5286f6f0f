import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { PrecedingCandidate, PrecedingChanges } from '../../../../src/api/published.ts'
import type { Query } from '../../api/client.ts'
import { createIncident, useIncidentActs } from '../../api/incidents.ts'
import { useMe } from '../../api/queries.ts'
import { PinTargets } from '../incidents/pin-targets.tsx'
import { PinnedLink } from '../incidents/pinned-link.tsx'
import { Popover } from '../popover.tsx'
import { changeText, incidentOf, pinOf } from './incident.ts'
import { whyText } from './text.ts'

type OpenProps = Readonly<{
  answer: PrecedingChanges
  query: Query
  /** The selected cause. */
  of?: PrecedingCandidate
}>

/** Stores the answer and opens it. */
export function OpenIncident({ answer, query, of }: OpenProps): React.ReactNode {
  const me = useMe()
  const navigate = useNavigate()
  const { busy, refused, act } = useIncidentActs()
  if (me.data?.role !== 'admin') return null
  const open = async () => {
    const { id } = await createIncident(incidentOf(answer, query, of?.pos))
    await navigate({ to: '/incidents', search: { v: '1', sel: id } as never })
  }
  return (
    <>
      <button
        type="button"
        disabled={busy}
        title={whyText.openIncidentHint}
        aria-label={of === undefined ? undefined : whyText.openIncidentWith(changeText(of))}
        onClick={() => {
          act(open).catch(reportError)
        }}
      >
        {whyText.openIncident}
      </button>
      {refused !== undefined && (
        <span role="alert" className="bad">
          {refused.message}
        </span>
      )}
    </>
  )
}

export function CandidateActs(props: OpenProps & { readonly of: PrecedingCandidate }): React.ReactNode {
  const me = useMe()
  const [pinned, setPinned] = useState('')
  const { of } = props
  if (me.data?.role !== 'admin') return null
  return (
    <>
      <OpenIncident {...props} />
      <Popover
        label={
          <>
            {whyText.pin}
            <span className="spoken"> {changeText(of)}</span>
          </>
        }
        name={whyText.pinTo(changeText(of))}
      >
        {(close) => (
          <PinTargets
            pin={pinOf(of)}
            onPinned={(id) => {
              setPinned(id)
              close()
            }}
          />
        )}
      </Popover>
      <PinnedLink id={pinned} />
    </>
  )
}
