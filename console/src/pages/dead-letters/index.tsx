import { useMemo, useState } from 'react'
import type { DeadLetter } from '../../../../src/api/published.ts'
import { asRefused } from '../../api/problem.ts'
import { useLedger, useMe } from '../../api/queries.ts'
import { PageLink } from '../../app/page-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { count, counted, time } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { EmptyState, ErrorNotice, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { useLocalKeys } from '../../state/keys.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { useFate, useLetters, useMoving } from './ask.ts'
import { Confirm } from './confirm.tsx'
import { Letter } from './letter.tsx'
import { bySink, keyOf, outcome, type Verb } from './letters.ts'
import { deadLettersCodec } from './state.ts'
import './dead-letters.css'

interface Asked {
  readonly verb: Verb
  readonly keys: readonly string[]
}

/** What sinks could not take: why, and what to do with it. */
export default function DeadLettersPage(): React.ReactNode {
  useTitle('Dead letters')
  const { state, unread, set } = usePageState(deadLettersCodec)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<Asked>()
  const me = useMe()
  const ledger = useLedger()
  const { letters, more, error, still, next, again } = useLetters(state.sink)
  const { busy, refused, moved, move, edit, forget } = useMoving()
  const fate = useFate(moved)
  const mayMove = me.data?.role === 'admin'
  const counts = (ledger.data?.sinks ?? []).map(({ name, dead_lettered }) => ({ name, rows: dead_lettered }))
  const all = counts
    .filter(({ name }) => state.sink === '' || name === state.sink)
    .reduce((sum, { rows }) => sum + rows, 0)
  const open = useMemo(() => (letters ?? []).filter((letter) => letter.state === 'open'), [letters])
  const choice = useMemo(() => open.map(keyOf).filter((key) => chosen.has(key)), [open, chosen])
  const columns = useMemo(
    () =>
      columnsOf(letters ?? [], mayMove, chosen, (key) =>
        setChosen((before) => (before.has(key) ? before.difference(new Set([key])) : before.union(new Set([key])))),
      ),
    [letters, mayMove, chosen],
  )
  const ask = (verb: Verb, keys: readonly string[]): void => {
    if (keys.length > 0) setAsked({ verb, keys })
  }
  const act = async ({ verb, keys }: Asked): Promise<void> => {
    setAsked(undefined)
    setChosen(new Set())
    await move(verb, keys)
  }
  // Space chooses the row that has the focus; the grid itself would open it.
  const onSpace = useLocalKeys(
    'In the dead letters',
    mayMove
      ? [
          {
            keys: ['Space'],
            does: 'choose the letter',
            run: ({ target }) => {
              const letter =
                letters?.[
                  Number((target instanceof HTMLElement ? target.dataset['at'] : undefined)?.split(':')[0] ?? -1)
                ]
              if (letter?.state !== 'open') return false
              const key = keyOf(letter)
              setChosen((before) =>
                before.has(key) ? before.difference(new Set([key])) : before.union(new Set([key])),
              )
              return true
            },
          },
        ]
      : [],
  )
  return (
    <div className="page">
      <div className="page-bar">
        <h1>Dead letters</h1>
        <label className="of-sink">
          Sink{' '}
          <select
            value={state.sink}
            onChange={(event) => {
              setChosen(new Set())
              set({ sink: event.target.value, sel: '', edit: false })
            }}
          >
            <option value="">all</option>
            {[
              ...counts,
              ...(state.sink !== '' && !counts.some(({ name }) => name === state.sink)
                ? [{ name: state.sink, rows: 0 }]
                : []),
            ].map(({ name, rows }) => (
              <option key={name} value={name}>
                {name} ({count(rows)})
              </option>
            ))}
          </select>
        </label>
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      {me.data !== undefined && !mayMove && error === null && (
        <Notice tone="plain">
          You may look at these letters. To try them again, edit or drop them takes the role admin; yours is{' '}
          {me.data.role}.
        </Notice>
      )}
      {error !== null && letters !== undefined && (
        <ErrorNotice error={error} onRetry={again}>
          What is shown is from before.
        </ErrorNotice>
      )}
      {refused !== undefined && (
        <Notice tone="bad" onClose={forget}>
          {refused.message} {refused.hints.join(' ')}
          {refused.queryId !== undefined && <span className="dim mono"> query {refused.queryId}</span>}
        </Notice>
      )}
      {moved !== undefined && (
        <Notice tone="plain" onClose={forget}>
          {outcome(moved.verb, moved.count, fate)}
        </Notice>
      )}
      {letters === undefined ? (
        error !== null ? (
          asRefused(error).status === 403 ? (
            <EmptyState
              title="Dead letters are not for you"
              action={
                <PageLink to="/flows" className="button">
                  Go to Flows
                </PageLink>
              }
            >
              {asRefused(error).message}
            </EmptyState>
          ) : (
            <ErrorState error={error} onRetry={again} />
          )
        ) : (
          <Loading what="dead letters" />
        )
      ) : (
        <div className="page-body letters">
          <section
            className="panel table"
            aria-label="Dead letters"
            onKeyDownCapture={(event) => {
              if (onSpace(event)) event.stopPropagation()
            }}
          >
            {letters.length === 0 ? (
              <NoLetters sink={state.sink} onAll={() => set({ sink: '' })} />
            ) : (
              <Grid
                label="Dead letters, newest first"
                columns={columns}
                rows={letters}
                rowKey={keyOf}
                total={more ? Math.max(all, letters.length) : letters.length}
                onEnd={next}
                selected={state.sel}
                onOpen={(letter) => set({ sel: keyOf(letter), edit: false })}
              />
            )}
            {letters.length > 0 && (
              <div className="table-foot">
                <span>
                  {more
                    ? `newest ${count(letters.length)} of ${count(Math.max(all, letters.length))}`
                    : counted(letters.length, 'letter')}
                  {mayMove && <span className="keys"> · Space chooses, Enter opens</span>}
                </span>
                {still && (
                  <button type="button" onClick={again}>
                    Ask again
                  </button>
                )}
                {mayMove && (
                  <span className="foot-acts">
                    <button
                      type="button"
                      disabled={open.length === 0}
                      onClick={() => setChosen(choice.length === open.length ? new Set() : new Set(open.map(keyOf)))}
                    >
                      {choice.length === open.length && open.length > 0
                        ? 'Choose none'
                        : `Choose all ${count(open.length)}`}
                    </button>
                    <button type="button" disabled={choice.length === 0 || busy} onClick={() => ask('retry', choice)}>
                      Try {choice.length === 0 ? '' : `${count(choice.length)} `}again
                    </button>
                    <button type="button" disabled={choice.length === 0 || busy} onClick={() => ask('drop', choice)}>
                      Drop{choice.length === 0 ? '' : ` ${count(choice.length)}`}
                    </button>
                  </span>
                )}
              </div>
            )}
          </section>
          {state.sel !== '' && (
            <Letter
              of={state.sel}
              editing={state.edit}
              mayMove={mayMove}
              busy={busy}
              onMove={(verb, key) => ask(verb, [key])}
              onEdit={(editing) => set({ edit: editing })}
              onSend={(key, body) => {
                edit(key, body)
                  .then((taken) => {
                    if (taken) set({ edit: false }, 'replace')
                  })
                  .catch(reportError)
              }}
              onClose={() => set({ sel: '', edit: false })}
            />
          )}
        </div>
      )}
      {asked !== undefined && (
        <Confirm
          title={
            asked.verb === 'retry'
              ? `Try ${counted(asked.keys.length, 'letter')} again?`
              : `Drop ${counted(asked.keys.length, 'letter')}?`
          }
          act={asked.verb === 'retry' ? 'Try again' : 'Drop'}
          final={asked.verb === 'drop'}
          onNo={() => setAsked(undefined)}
          onYes={() => {
            act(asked).catch(reportError)
          }}
        >
          <p>{[...bySink(asked.keys)].map(([sink, ids]) => `${sink}: ${count(ids.length)}`).join(', ')}</p>
          <p>
            {asked.verb === 'retry'
              ? 'They go back to pending and come to the sink late, out of order. What it refuses again comes back here.'
              : 'They are given up for good and counted as dropped; this can’t be undone.'}
          </p>
        </Confirm>
      )}
    </div>
  )
}

function columnsOf(
  letters: readonly DeadLetter[],
  mayMove: boolean,
  chosen: ReadonlySet<string>,
  toggle: (key: string) => void,
): readonly GridColumn<DeadLetter>[] {
  // A time of another day has its date.
  const longest = letters.reduce((most, letter) => Math.max(most, timeOf(letter).length), 0)
  return [
    ...(mayMove
      ? [
          {
            id: 'chosen',
            title: '',
            hint: 'Chosen',
            width: 36,
            grow: 0,
            sortable: false,
            cell: (letter: DeadLetter) => (
              <input
                type="checkbox"
                tabIndex={-1}
                aria-label={`Choose ${letter.id} of ${letter.sink}`}
                disabled={letter.state !== 'open'}
                checked={chosen.has(keyOf(letter))}
                onClick={(event) => event.stopPropagation()}
                onChange={() => toggle(keyOf(letter))}
              />
            ),
          },
        ]
      : []),
    {
      id: 'time',
      title: 'Refused',
      width: longest > 12 ? 192 : 116,
      grow: 0,
      sortable: false,
      cell: (letter) => <span className="mono">{timeOf(letter)}</span>,
    },
    {
      id: 'reason',
      title: 'Reason',
      width: 240,
      grow: 4,
      sortable: false,
      cell: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    { id: 'sink', title: 'Sink', width: 90, grow: 1, sortable: false, cell: ({ sink }) => sink },
    {
      id: 'attempts',
      title: 'Tries',
      width: 60,
      grow: 0,
      end: true,
      sortable: false,
      cell: ({ attempts }) => count(attempts),
    },
    {
      id: 'state',
      title: 'State',
      width: 90,
      grow: 0,
      sortable: false,
      cell: ({ state }) => (state === 'retrying' ? 'trying again' : 'waits'),
    },
    {
      id: 'kind',
      title: 'Kind',
      width: 64,
      grow: 0,
      sortable: false,
      cell: ({ kind }) => (kind === 'flows' ? 'flow' : 'event'),
    },
    {
      id: 'id',
      title: 'Id',
      width: 150,
      grow: 1,
      sortable: false,
      cell: ({ id }) => <span className="mono dim">{id}</span>,
    },
  ]
}

const timeOf = ({ time: at }: DeadLetter): string => time(new Date(at).toISOString())

function NoLetters({ sink, onAll }: { readonly sink: string; readonly onAll: () => void }): React.ReactNode {
  return sink === '' ? (
    <EmptyState
      title="No dead letters"
      action={
        <PageLink to="/pipeline" className="button">
          How the sinks do
        </PageLink>
      }
    >
      No sink has refused anything for good. What one refuses, or does not take in the time that it is given, is kept
      here with the reason, until somebody tries it again or drops it.
    </EmptyState>
  ) : (
    <EmptyState
      title={`No dead letters of ${sink}`}
      action={
        <button type="button" onClick={onAll}>
          Show those of all sinks
        </button>
      }
    >
      It has refused nothing that still waits.
    </EmptyState>
  )
}
