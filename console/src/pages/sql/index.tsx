import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMe } from '../../api/queries.ts'
import { useCommands } from '../../app/commands.ts'
import { useTitle } from '../../app/use-title.ts'
import { LoadingText } from '../../parts/read-progress.tsx'
import { count } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import { EmptyState, ErrorState, Pending, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useSql } from './use-sql.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { Editor, ErrorPlace } from './editor.tsx'
import { readSqlError } from './error-place.ts'
import { keepStatement, pastStatements } from './history.ts'
import { Results } from './results.tsx'
import { SchemaTree } from './schema-tree.tsx'
import { sqlCodec } from './state.ts'
import './sql.css'
import { sqlExamples, sqlText } from './text.ts'
import { generalText } from '../../text/general.ts'

export default function SqlPage(): React.ReactNode {
  useTitle('SQL')
  const me = useMe()
  if (me.data === undefined)
    return (
      <div className="page">
        <div className="page-bar">
          <h1>{sqlText.sql}</h1>
        </div>
        {<Pending of={me} what={generalText.yourAccount} />}
      </div>
    )
  if (me.data.role === 'admin') return <Ask />
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{sqlText.sql}</h1>
      </div>
      <EmptyState title={sqlText.forbidden} action={{ text: generalText.goToFlows, to: '/flows' }}>
        {sqlText.adminOnly(me.data.name, me.data.role)} <code>{sqlText.auth}</code> {sqlText.inConfiguration}
      </EmptyState>
    </div>
  )
}

function Ask() {
  const { state, unread, set } = usePageState(sqlCodec)
  const { text, setText, area, insert, mark } = useText(state.q)
  const { run, last, start, cancel } = useSql()
  useEffect(() => {
    setText(state.q)
    if (state.q !== '') start(state.q)
  }, [state.q, start, setText])
  const go = useCallback(
    (sql: string) => {
      if (sql.trim() === '') return
      keepStatement(sql)
      if (sql === state.q) start(sql)
      else set({ q: sql, sort: '' })
    },
    [state.q, set, start],
  )
  useCommands(
    useMemo(
      () =>
        sqlExamples.map(([title, sql]) => ({ name: sqlText.openExample(title), words: 'example', run: () => go(sql) })),
      [go],
    ),
  )
  const failed = run.is === 'failed' ? run : undefined
  const noStore = failed !== undefined && isWithoutStore(failed)
  const error = failed?.refused.status === 400 ? readSqlError(failed.refused.message, failed.sql) : undefined
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{sqlText.sql}</h1>
        <span className="grow" />
        <button type="button" aria-pressed={state.schema} onClick={() => set({ schema: !state.schema }, 'replace')}>
          {generalText.columns}
        </button>
        <Popover label={sqlText.history} name={sqlText.recentStatements}>
          {(close) => (
            <Past
              onTake={(sql) => {
                close()
                setText(sql)
                area.current?.focus()
              }}
            />
          )}
        </Popover>
        {state.q !== '' && (
          <AddToDashboard of={{ panel: { kind: 'sql', title: sqlText.sql, sql: state.q, limit: 50 } }} />
        )}
        <RunButton running={run.is === 'running'} text={text} onRun={go} onCancel={cancel} />
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-body sql">
        <div className="sql-main">
          <Editor
            text={text}
            onChange={setText}
            onRun={() => go(text)}
            error={failed?.sql === text ? error : undefined}
            area={area}
          />
          <p id="sql-keys" className="dim">
            {sqlText.editorHint}
          </p>
          {run.is === 'running' && (
            <p role="status">
              <LoadingText text={sqlText.runningRows(run.rows > 0 ? sqlText.rowsSoFar(count(run.rows)) : '')} />
            </p>
          )}
          {run.is === 'cancelled' && <p role="status">{sqlText.cancelled}</p>}
          {failed !== undefined && <Failed of={failed} error={error} onGo={mark} onRetry={start} />}
          {last !== undefined && (
            <Results
              sql={last.sql}
              result={last.result}
              view={state.view}
              sort={state.sort}
              stale={last.sql !== state.q || run.is !== 'done'}
              onView={(view) => set({ view })}
              onSort={(sort) => set({ sort })}
              onEdit={() => area.current?.focus()}
            />
          )}
          {last === undefined && run.is === 'nothing' && <Examples onRun={go} />}
        </div>
        {state.schema && !noStore && (
          <aside className="panel schema" aria-label={sqlText.viewsAndColumns}>
            <SchemaTree onInsert={insert} />
          </aside>
        )}
      </div>
    </div>
  )
}

/** The text of the editor. `insert` writes at the cursor, `mark` selects. */
function useText(initial: string) {
  const [text, setText] = useState(initial)
  const area = useRef<HTMLTextAreaElement>(null)
  const insert = (name: string) => {
    const element = area.current
    const [from, to] = [element?.selectionStart ?? text.length, element?.selectionEnd ?? text.length]
    setText(text.slice(0, from) + name + text.slice(to))
    queueMicrotask(() => {
      element?.focus()
      element?.setSelectionRange(from + name.length, from + name.length)
    })
  }
  const mark = (from: number, to: number) => {
    area.current?.focus()
    area.current?.setSelectionRange(from, to)
  }
  return { text, setText, area, insert, mark }
}

type RunButtonProps = Readonly<{ running: boolean; text: string; onRun: (sql: string) => void; onCancel: () => void }>

function RunButton({ running, text, onRun, onCancel }: RunButtonProps) {
  return running ? (
    <button type="button" onClick={onCancel}>
      {generalText.cancel}
    </button>
  ) : (
    <button type="button" className="primary" disabled={text.trim() === ''} onClick={() => onRun(text)}>
      {sqlText.run}
    </button>
  )
}

type FailedRun = Extract<ReturnType<typeof useSql>['run'], { is: 'failed' }>

const isWithoutStore = ({ refused }: FailedRun) => refused.code === 'WEIR_API_NO_STORE'

type FailedProps = Readonly<{
  of: FailedRun
  /** Undefined: the statement is not at fault. */
  error: ReturnType<typeof readSqlError> | undefined
  onGo: (from: number, to: number) => void
  onRetry: (sql: string) => void
}>

function Failed({ of, error, onGo, onRetry }: FailedProps) {
  const { refused, sql } = of
  if (isWithoutStore(of))
    return (
      <EmptyState title={sqlText.noStore} action={{ text: sqlText.showLiveFlows, to: '/flows' }}>
        {sqlText.noStoreHint} <code>{sqlText.storeEnabled}</code> {sqlText.noStoreSetting}
      </EmptyState>
    )
  return error === undefined ? (
    <ErrorState error={refused} onRetry={() => onRetry(sql)} />
  ) : (
    <ErrorPlace
      error={error}
      sql={sql}
      hints={error.offset === undefined ? refused.hints : []}
      mark={refused.queryId === undefined ? '' : generalText.queryId(refused.queryId)}
      onGo={onGo}
    />
  )
}

function Examples({ onRun }: { onRun: (sql: string) => void }) {
  return (
    <EmptyState
      title={sqlText.runAStatement}
      action={
        <span className="examples">
          {sqlExamples.map(([title, sql]) => (
            <button key={title} type="button" onClick={() => onRun(sql)}>
              {title}
            </button>
          ))}
        </span>
      }
    >
      {sqlText.startHint}
    </EmptyState>
  )
}

function Past({ onTake }: { onTake: (sql: string) => void }) {
  const past = useMemo(pastStatements, [])
  if (past.length === 0) return <p className="dim pad">{sqlText.historyHint}</p>
  return (
    <div className="past">
      {past.map((sql) => (
        <button key={sql} type="button" className="mono" onClick={() => onTake(sql)}>
          {sql.replaceAll(/\s+/g, ' ').slice(0, 160)}
        </button>
      ))}
    </div>
  )
}
