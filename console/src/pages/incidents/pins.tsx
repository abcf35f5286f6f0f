import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { IncidentPin, IncidentRequest } from '../../api/incidents.ts'
import { shortTime } from '../../parts/format.ts'
import { readSearch } from '../../state/codec.ts'
import { serverNow } from '../../state/server-time.ts'
import { generalText } from '../../text/general.ts'
import { pathOfLink } from './link.ts'
import { incidentsText } from './text.ts'

type PinsProps = Readonly<{
  of: readonly IncidentPin[]
  mayEdit: boolean
  busy: boolean
  onChange: (change: Partial<IncidentRequest>) => void
}>

export function Pins({ of, mayEdit, busy, onChange }: PinsProps): React.ReactNode {
  return (
    <>
      {of.length === 0 ? (
        <p className="dim">{incidentsText.noPins}</p>
      ) : (
        <ul className="incident-lines" aria-label={incidentsText.pins}>
          {of.map((pin, index) => {
            const [path = '', search = ''] = pin.path.split('?')
            return (
              <li key={`${index} ${pin.path}`}>
                <span className="what">
                  <Link to={path} search={readSearch(search) as never}>
                    {pin.title}
                  </Link>
                  {pin.time !== null && (
                    <time className="mono dim" dateTime={pin.time} title={pin.time}>
                      {' '}
                      {shortTime(pin.time)}
                    </time>
                  )}
                </span>
                {mayEdit && (
                  <button
                    type="button"
                    className="quiet"
                    disabled={busy}
                    aria-label={incidentsText.removePin(pin.title)}
                    onClick={() => onChange({ pins: of.filter((other) => other !== pin) })}
                  >
                    {incidentsText.remove}
                  </button>
                )}
              </li>
            )
          })}
        </ul>
      )}
      {mayEdit && <AddPin busy={busy} onAdd={(pin) => onChange({ pins: [...of, pin] })} />}
    </>
  )
}

function AddPin({ busy, onAdd }: { busy: boolean; onAdd: (pin: IncidentPin) => void }) {
  const [open, setOpen] = useState(false)
  const [title, setTitle] = useState('')
  const [link, setLink] = useState('')
  const [problem, setProblem] = useState('')
  if (!open)
    return (
      <button type="button" disabled={busy} onClick={() => setOpen(true)}>
        {incidentsText.addPin}
      </button>
    )
  const add = () => {
    const path = pathOfLink(link, location.origin, serverNow())
    if (path === undefined) return setProblem(incidentsText.otherSite)
    onAdd({ title: title.trim(), path, time: null, namespace: null })
    setOpen(false)
    setTitle('')
    setLink('')
  }
  return (
    <form
      className="incident-form"
      aria-label={incidentsText.addPin}
      onSubmit={(event) => {
        event.preventDefault()
        add()
      }}
    >
      <label>
        {incidentsText.pinTitle}
        <input required autoFocus maxLength={300} value={title} onChange={({ target }) => setTitle(target.value)} />
      </label>
      <label>
        {incidentsText.pinLink}
        <input
          required
          className="mono"
          spellCheck={false}
          placeholder={incidentsText.pinLinkHint}
          value={link}
          aria-invalid={problem !== ''}
          onChange={({ target }) => {
            setLink(target.value)
            setProblem('')
          }}
        />
      </label>
      <p role="status" className="bad outcome">
        {problem}
      </p>
      <p className="acts">
        <button type="submit" className="primary" disabled={busy || title.trim() === ''}>
          {incidentsText.addPin}
        </button>
        <button type="button" onClick={() => setOpen(false)}>
          {generalText.cancel}
        </button>
      </p>
    </form>
  )
}
