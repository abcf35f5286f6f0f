import { pinTo, useIncidentActs, useIncidents, type IncidentPin } from '../../api/incidents.ts'
import { Pending } from '../states.tsx'
import { pinText } from './text.ts'
import './pin-targets.css'

/** Adds the pin to the selected incident of those that are not resolved. */
export function PinTargets({ pin, onPinned }: { pin: IncidentPin; onPinned: (id: string) => void }): React.ReactNode {
  const incidents = useIncidents()
  const { busy, refused, act } = useIncidentActs()
  const { data } = incidents
  if (data === undefined) return <Pending of={incidents} what={pinText.theIncidents} />
  const open = data.filter(({ state }) => state !== 'resolved')
  return (
    <>
      {open.length === 0 && <p className="dim">{pinText.noOpenIncident}</p>}
      <ul className="pin-targets">
        {open.map(({ id, title }) => (
          <li key={id}>
            <button
              type="button"
              className="quiet"
              disabled={busy}
              onClick={() => {
                act(() => pinTo(id, pin))
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
