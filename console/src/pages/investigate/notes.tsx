import { useState } from 'react'
import { shortTime } from '../../parts/format.ts'
import { investigateText } from './text.ts'
import type { LaneEvent } from './events.ts'

/** The API and the address have room for some of these. */
const maxLength = 200

/** Entries are `lane:pos=text`. */
export function noteOf(notes: readonly string[], pin: string): string {
  return notes.find((note) => note.startsWith(`${pin}=`))?.slice(pin.length + 1) ?? ''
}

/** Without the note of a pin, and with its new text. */
export function withNote(notes: readonly string[], pin: string, text: string): readonly string[] {
  const others = notes.filter((note) => !note.startsWith(`${pin}=`))
  return text === '' ? others : [...others, `${pin}=${text}`]
}

/** A short text for each pinned event. */
export function Notes({
  of,
  notes,
  onNotes,
}: {
  of: readonly LaneEvent[]
  notes: readonly string[]
  onNotes: (notes: readonly string[]) => void
}): React.ReactNode {
  return (
    <section className="panel notes" aria-label={investigateText.notes}>
      <ul>
        {of.map((event) => {
          const note = noteOf(notes, event.key)
          return (
            <li key={event.key}>
              <Note key={note} event={event} note={note} onNote={(text) => onNotes(withNote(notes, event.key, text))} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Note({ event, note, onNote }: { event: LaneEvent; note: string; onNote: (text: string) => void }) {
  const [text, setText] = useState(note)
  const take = () => {
    if (text.trim() !== note) onNote(text.trim())
  }
  return (
    <label>
      <span>
        <span className="mono">{shortTime(event.time)}</span> {event.object}
      </span>
      <input
        type="text"
        value={text}
        maxLength={maxLength}
        placeholder={investigateText.noteHint}
        onChange={({ target }) => setText(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => {
          if (key === 'Enter') take()
        }}
      />
    </label>
  )
}
