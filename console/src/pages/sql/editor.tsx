import { useRef } from 'react'
import { useLocalKeys } from '../../state/keys.ts'
import { wordAt, type SqlError } from './error-place.ts'
import { sqlText } from './text.ts'

type EditorProps = Readonly<{
  text: string
  onChange: (text: string) => void
  onRun: () => void
  error: SqlError | undefined
  area: React.RefObject<HTMLTextAreaElement | null>
}>

export function Editor({ text, onChange, onRun, error, area }: EditorProps): React.ReactNode {
  const back = useRef<HTMLDivElement>(null)
  const lines = text.split('\n')
  const rows = Math.max(5, Math.min(18, lines.length + 1))
  const onScroll = (event: React.UIEvent<HTMLTextAreaElement>) => {
    if (back.current !== null) back.current.scrollTop = event.currentTarget.scrollTop
  }
  const onKeyDown = useLocalKeys(sqlText.inTheStatement, [{ keys: ['Mod+Enter'], does: sqlText.runIt, run: onRun }])
  return (
    <div className="editor" style={{ height: rows * 19 + 18 }}>
      <div className="editor-lines mono" ref={back} aria-hidden="true">
        {lines.map((_, index) => (
          <span key={index} className={error?.line === index + 1 ? 'wrong' : undefined}>
            {index + 1}
          </span>
        ))}
      </div>
      <textarea
        ref={area}
        className="mono"
        aria-label={sqlText.sqlStatement}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? 'sql-keys' : 'sql-error sql-keys'}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        placeholder={sqlText.placeholder}
      />
    </div>
  )
}

export function ErrorPlace({
  error,
  sql,
  hints,
  mark,
  onGo,
}: {
  error: SqlError
  sql: string
  hints: readonly string[]
  mark: string
  onGo: (from: number, to: number) => void
}): React.ReactNode {
  const { offset, line, column } = error
  const word = offset === undefined ? undefined : wordAt(sql, offset)
  const start = word === undefined ? 0 : sql.lastIndexOf('\n', word.from - 1) + 1
  const end = word === undefined ? 0 : (sql.indexOf('\n', word.to) + 1 || sql.length + 1) - 1
  return (
    <div className="sql-error" id="sql-error" role="alert">
      <p className="bad">{error.message}</p>
      {word !== undefined && (
        <p>
          <code>
            {sql.slice(Math.max(start, word.from - 60), word.from)}
            <mark>{sql.slice(word.from, word.to)}</mark>
            {sql.slice(word.to, Math.min(end, word.to + 60))}
          </code>{' '}
          <button type="button" onClick={() => onGo(word.from, word.to)}>
            {sqlText.errorAt(line ?? 1, column ?? 1)}
          </button>
        </p>
      )}
      {hints.length > 0 && <p className="dim">{hints.join(' ')}</p>}
      {mark !== '' && <p className="dim mono">{mark}</p>}
    </div>
  )
}
