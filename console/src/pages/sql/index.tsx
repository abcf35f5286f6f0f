import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMe } from '../../api/queries.ts'
import { useCommands } from '../../app/commands.ts'
import { PageLink } from '../../app/page-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { count } from '../../parts/format.ts'
import { Popover } from '../../parts/popover.tsx'
import { EmptyState, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useSql } from './ask.ts'
import { Editor, ErrorPlace } from './editor.tsx'
import { readSqlError } from './error-place.ts'
import { keepStatement, pastStatements } from './history.ts'
import { Results } from './results.tsx'
import { SchemaTree } from './schema-tree.tsx'
import { sqlCodec } from './state.ts'
import './sql.css'

/** Ask the store in SQL. Admins only: a statement can ask for every row. */
export default function SqlPage(): React.ReactNode {
  useTitle('SQL')
  const me = useMe()
  if (me.data === undefined)
    return (
      <div className="page">
        <div className="page-bar">
          <h1>SQL</h1>
        </div>
        {me.isError ? (
          <ErrorState
            error={me.error}
            onRetry={() => {
              me.refetch().catch(reportError)
            }}
          />
        ) : (
          <Loading what="who you are" />
        )}
      </div>
    )
  if (me.data.role === 'admin') return <Ask />
  return (
    <div className="page">
      <div className="page-bar">
        <h1>SQL</h1>
      </div>
      <EmptyState
        title="SQL is for admins"
        action={
          <PageLink to="/flows" className="button">
            Go to Flows
          </PageLink>
        }
      >
        A statement can ask for every row of every namespace, so it takes the role admin; {me.data.name} has the role{' '}
        {me.data.role}. Filters, tables and exports of Flows answer most questions. Roles are given by <code>auth</code>{' '}
        in the configuration.
      </EmptyState>
    </div>
  )
}

const examples: readonly (readonly [title: string, sql: string])[] = [
  [
    'Who sends most',
    'SELECT src_name, src_addr, sum(bytes_est) AS bytes, count(*) AS flows\nFROM flows\nGROUP BY ALL\nORDER BY bytes DESC\nLIMIT 20',
  ],
  [
    'Bytes by the minute and protocol',
    "SELECT time_bucket(INTERVAL 1 minute, time_received) AS time,\n  CASE proto WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' ELSE 'other' END AS protocol,\n  sum(bytes_est) AS bytes\nFROM flows\nWHERE time_received > now() - INTERVAL 1 hour\nGROUP BY ALL\nORDER BY time",
  ],
  ['Newest events', 'SELECT time_received, type, source, subject\nFROM events\nORDER BY time_received DESC\nLIMIT 50'],
]

function Ask(): React.ReactNode {
  const { state, unread, set } = usePageState(sqlCodec)
  const [text, setText] = useState(state.q)
  const area = useRef<HTMLTextAreaElement>(null)
  const { run, last, start, cancel } = useSql()
  // The address decides what is asked: opened, stepped back to, or run just now.
  useEffect(() => {
    setText(state.q)
    if (state.q !== '') start(state.q)
  }, [state.q, start])
  const go = useCallback(
    (sql: string) => {
      if (sql.trim() === '') return
      keepStatement(sql)
      if (sql === state.q) start(sql)
      else set({ q: sql, sort: '' })
    },
    [state.q, set, start],
  )
  const insert = (name: string): void => {
    const element = area.current
    const [from, to] = [element?.selectionStart ?? text.length, element?.selectionEnd ?? text.length]
    setText(text.slice(0, from) + name + text.slice(to))
    queueMicrotask(() => {
      element?.focus()
      element?.setSelectionRange(from + name.length, from + name.length)
    })
  }
  const mark = (from: number, to: number): void => {
    area.current?.focus()
    area.current?.setSelectionRange(from, to)
  }
  useCommands(
    useMemo(
      () => examples.map(([title, sql]) => ({ name: `SQL: ${title}`, words: 'example', run: () => go(sql) })),
      [go],
    ),
  )
  const failed = run.is === 'failed' ? run : undefined
  const noStore = failed?.refused.code === 'WEIR_API_NO_STORE'
  const refusedSql = failed !== undefined && failed.refused.status === 400
  const error = failed !== undefined && refusedSql ? readSqlError(failed.refused.message, failed.sql) : undefined
  return (
    <div className="page">
      <div className="page-bar">
        <h1>SQL</h1>
        <span className="grow" />
        <button type="button" aria-pressed={state.schema} onClick={() => set({ schema: !state.schema }, 'replace')}>
          Columns
        </button>
        <Popover label="History" name="Statements that were run here">
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
        {run.is === 'running' ? (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        ) : (
          <button type="button" className="primary" disabled={text.trim() === ''} onClick={() => go(text)}>
            Run
          </button>
        )}
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
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
            Ctrl-Enter runs it. One statement that only reads; views: flows, events, changes, audit, resources,
            relations, and sums flows_1m, flows_5m, flows_1h.
          </p>
          {run.is === 'running' && (
            <p role="status" className="loading-now">
              Running … {run.rows > 0 && `${count(run.rows)} rows so far`}
            </p>
          )}
          {run.is === 'cancelled' && <p role="status">Cancelled; the server has stopped, too.</p>}
          {noStore && (
            <EmptyState
              title="There is no store to ask"
              action={
                <PageLink to="/flows" className="button">
                  Look at flows as they pass
                </PageLink>
              }
            >
              SQL asks what is stored, and this Weir stores nothing: <code>store.enabled</code> in its configuration
              says so.
            </EmptyState>
          )}
          {failed !== undefined &&
            !noStore &&
            (error !== undefined ? (
              <ErrorPlace
                error={error}
                sql={failed.sql}
                hints={error.offset === undefined ? failed.refused.hints : []}
                mark={failed.refused.queryId === undefined ? '' : `query ${failed.refused.queryId}`}
                onGo={mark}
              />
            ) : (
              <ErrorState error={failed.refused} onRetry={() => start(failed.sql)} />
            ))}
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
          {last === undefined && run.is === 'nothing' && (
            <EmptyState
              title="Ask what no page answers"
              action={
                <span className="examples">
                  {examples.map(([title, sql]) => (
                    <button key={title} type="button" onClick={() => go(sql)}>
                      {title}
                    </button>
                  ))}
                </span>
              }
            >
              Nothing was asked yet. Take one of these, or write your own.
            </EmptyState>
          )}
        </div>
        {state.schema && !noStore && (
          <aside className="panel schema" aria-label="Views and columns">
            <SchemaTree onInsert={insert} />
          </aside>
        )}
      </div>
    </div>
  )
}

function Past({ onTake }: { readonly onTake: (sql: string) => void }): React.ReactNode {
  const past = useMemo(pastStatements, [])
  if (past.length === 0) return <p className="dim pad">What you run stands here, in this browser only.</p>
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
