import { useState } from 'react'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { count, time } from '../../parts/format.ts'
import { useLocalKeys } from '../../state/keys.ts'
import { Pending } from '../../parts/states.tsx'
import { useLetter } from './queries.ts'
import { partsOf, readBody, type Verb } from './letters.ts'
import { deadLettersText } from './text.ts'
import { generalText } from '../../text/general.ts'

type LetterProps = Readonly<{
  of: string
  editing: boolean
  mayMove: boolean
  busy: boolean
  onMove: (verb: Verb, key: string) => void
  onEdit: (editing: boolean) => void
  onSend: (key: string, body: object) => void
  onClose: () => void
}>

const states = {
  open: deadLettersText.open,
  retrying: deadLettersText.retrying,
  delivered: deadLettersText.delivered,
  dropped: deadLettersText.dropped,
} as const

export function Letter({ of, editing, mayMove, busy, onMove, onEdit, onSend, onClose }: LetterProps): React.ReactNode {
  const query = useLetter(of)
  const { data: letter } = query
  const { sink, id } = partsOf(of)
  const waits = letter?.state === 'open'
  return (
    <Drawer of={of} name={deadLettersText.deadLetter} title={<span className="mono">{id}</span>} onClose={onClose}>
      {letter === undefined ? (
        <Pending of={query} what={deadLettersText.theLetter} notFound={deadLettersText.noSuchLetter(sink)} />
      ) : (
        <>
          <p className="reason bad">{letter.reason}</p>
          <dl>
            <Fact name={deadLettersText.sink}>{letter.sink}</Fact>
            <Fact name={deadLettersText.rejected}>{time(new Date(letter.time).toISOString())}</Fact>
            <Fact name={deadLettersText.attempts}>{count(letter.attempts)}</Fact>
            <Fact name={deadLettersText.state}>{states[letter.state]}</Fact>
          </dl>
          {mayMove && waits && !editing && (
            <p className="acts">
              <button type="button" className="primary" disabled={busy} onClick={() => onMove('retry', of)}>
                {deadLettersText.retry}
              </button>
              <button
                type="button"
                disabled={busy || letter.kind === 'flows'}
                title={letter.kind === 'flows' ? deadLettersText.flowNotEditable : undefined}
                onClick={() => onEdit(true)}
              >
                {deadLettersText.edit}
              </button>
              <button type="button" disabled={busy} onClick={() => onMove('drop', of)}>
                {deadLettersText.drop}
              </button>
            </p>
          )}
          {editing && waits && mayMove && letter.kind === 'events' ? (
            <Edit
              key={`${of} ${letter.attempts}`}
              body={letter.body}
              busy={busy}
              onSend={(body) => onSend(of, body)}
              onCancel={() => onEdit(false)}
            />
          ) : (
            <>
              <h3>{letter.kind === 'flows' ? deadLettersText.fieldsOfTheFlow : deadLettersText.event}</h3>
              <pre className="body">{JSON.stringify(letter.body, null, 2)}</pre>
            </>
          )}
        </>
      )}
    </Drawer>
  )
}

function Edit({
  body,
  busy,
  onSend,
  onCancel,
}: {
  body: unknown
  busy: boolean
  onSend: (body: object) => void
  onCancel: () => void
}) {
  const [text, setText] = useState(() => JSON.stringify(body, null, 2))
  const read = readBody(text)
  const problem = 'problem' in read ? read.problem : ''
  const onKeyDown = useLocalKeys(deadLettersText.inTheEditedLetter, [
    {
      keys: ['Mod+Enter'],
      does: deadLettersText.deliverIt,
      run: () => {
        if ('body' in read && !busy) onSend(read.body)
      },
    },
    { keys: ['Escape'], does: deadLettersText.discardTheEdits, run: onCancel },
  ])
  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault()
        if ('body' in read) onSend(read.body)
      }}
    >
      <label htmlFor="letter-body">{deadLettersText.editedEvent}</label>
      <p className="dim" id="letter-hint">
        {deadLettersText.editHint}
      </p>
      <textarea
        id="letter-body"
        className="mono"
        rows={Math.min(30, Math.max(16, text.split('\n').length + 1))}
        spellCheck={false}
        autoFocus
        value={text}
        aria-invalid={problem !== ''}
        aria-describedby="letter-hint letter-problem"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <p id="letter-problem" className="bad" role="status">
        {problem}
      </p>
      <p className="acts">
        <button type="submit" className="primary" disabled={busy || problem !== ''}>
          {deadLettersText.deliver}
        </button>
        <button type="button" onClick={onCancel}>
          {generalText.cancel}
        </button>
      </p>
    </form>
  )
}
