import { useState } from 'react'
import { changeIncident, useIncidentActs, type Incident } from '../../api/incidents.ts'
import { Notice } from '../../parts/states.tsx'
import { generalText } from '../../text/general.ts'
import { incidentsText } from './text.ts'

const maxNotes = 65_536

/** Of the version that was loaded when it opened: a later one is a conflict. */
export function Editor({ of, onClose }: { of: Incident; onClose: () => void }): React.ReactNode {
  const [loaded] = useState(of)
  const [title, setTitle] = useState(of.title)
  const [namespaces, setNamespaces] = useState(of.namespaces.join(', '))
  const [notes, setNotes] = useState(of.notes)
  const { busy, refused, act, forget } = useIncidentActs()
  const save = async () => {
    const change = {
      title: title.trim(),
      namespaces: namespaces.split(/[,\s]+/).filter((name) => name !== ''),
      notes,
    }
    if (await act(() => changeIncident(loaded, change))) onClose()
  }
  return (
    <form
      className="incident-form"
      aria-label={incidentsText.editorOf(loaded.title)}
      onSubmit={(event) => {
        event.preventDefault()
        save().catch(reportError)
      }}
    >
      <label>
        {incidentsText.title}
        <input required autoFocus maxLength={200} value={title} onChange={({ target }) => setTitle(target.value)} />
      </label>
      <label>
        {incidentsText.namespaces}
        <input
          className="mono"
          spellCheck={false}
          value={namespaces}
          aria-describedby="incident-namespaces"
          onChange={({ target }) => setNamespaces(target.value)}
        />
      </label>
      <p className="dim" id="incident-namespaces">
        {incidentsText.namespacesHint}
      </p>
      <label>
        {incidentsText.notes}
        <textarea
          className="mono"
          rows={16}
          maxLength={maxNotes}
          value={notes}
          aria-describedby="incident-notes"
          onChange={({ target }) => setNotes(target.value)}
        />
      </label>
      <p className="dim" id="incident-notes">
        {incidentsText.notesHint}
      </p>
      {refused !== undefined && (
        <Notice tone="bad" onClose={forget}>
          {refused.message} {refused.hints.join(' ')}
        </Notice>
      )}
      <p className="acts">
        <button type="submit" className="primary" disabled={busy || title.trim() === ''}>
          {incidentsText.save}
        </button>
        <button type="button" onClick={onClose}>
          {generalText.cancel}
        </button>
      </p>
    </form>
  )
}
