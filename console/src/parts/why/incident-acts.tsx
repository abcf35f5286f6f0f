import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { PrecedingCandidate, PrecedingChanges } from '../../../../src/api/published.ts'
import type { Query } from '../../api/client.ts'
import { createIncident, pinTo, useIncidentActs, useIncidents } from '../../api/incidents.ts'
import { useMe } from '../../api/queries.ts'
import { Popover } from '../popover.tsx'
import { Pending } from '../states.tsx'
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
          <Targets
            of={of}
            onPinned={(id) => {
              setPinned(id)
              close()
            }}
          />
        )}
      </Popover>
      <span role="status">
        {pinned !== '' && (
          <Link to="/incidents" search={{ v: '1', sel: pinned } as never}>
            {whyText.pinned}
          </Link>
        )}
      </span>
    </>
  )
}

function Targets({ of, onPinned }: { of: PrecedingCandidate; onPinned: (id: string) => void }) {
  const incidents = useIncidents()
  const { busy, refused, act } = useIncidentActs()
  const { data } = incidents
  if (data === undefined) return <Pending of={incidents} what={whyText.theIncidents} />
  const open = data.filter(({ state }) => state !== 'resolved')
  return (
    <>
      {open.length === 0 && <p className="dim">{whyText.noOpenIncident}</p>}
      <ul className="why-pins">
        {open.map(({ id, title }) => (
          <li key={id}>
            <button
              type="button"
              className="quiet"
              disabled={busy}
              onClick={() => {
                act(() => pinTo(id, pinOf(of)))
                  .then((done) => {
                    if (done) onPinned(id)
                  })
                  .catch(reportError)
              }}
            >
              {title}
            </button>
          </li>
        ))}
      </ul>
      {refused !== undefined && (
        <p role="alert" className="bad">
          {refused.message} {refused.hints.join(' ')}
        </p>
      )}
    </>
  )
}
