import { useCallback, useMemo, useState } from 'react'
import type { DeadLetterReason } from '../../../../src/api/published.ts'
import { asApiError } from '../../api/problem.ts'
import { useLedger, useMe } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { count, counted } from '../../parts/format.ts'
import { Grid } from '../../parts/grid.tsx'
import {
  EmptyState,
  ErrorState,
  Loading,
  Notice,
  RefreshButton,
  StaleNotice,
  UnreadNotice,
} from '../../parts/states.tsx'
import { useLocalKeys } from '../../state/keys.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { useOutcomes, useLetters, useMoving, useReasons } from './queries.ts'
import { columnsOf } from './columns.tsx'
import { Letter } from './letter.tsx'
import { Reasons } from './reasons.tsx'
import { bySink, keyOf, outcome, type Verb } from './letters.ts'
import { deadLettersCodec } from './state.ts'
import './dead-letters.css'
import { generalText } from '../../text/general.ts'
import { deadLettersText } from './text.ts'

type Confirmation = Readonly<{
  verb: Verb
  keys: readonly string[]
  group?: DeadLetterReason
}>

export default function DeadLettersPage(): React.ReactNode {
  useTitle(generalText.deadLetters)
  const { state, unread, set } = usePageState(deadLettersCodec)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [pending, setPending] = useState<Confirmation>()
  const me = useMe()
  const ledger = useLedger()
  const { letters, more, error, isPrevious, still, next, again } = useLetters(state.sink, state.reason)
  const reasons = useReasons(state.sink)
  const { busy, refused, moved, move, edit, forget } = useMoving()
  const outcomes = useOutcomes(moved)
  const mayMove = me.data?.role === 'admin'
  const counts = (ledger.data?.sinks ?? []).map(({ name, dead_lettered }) => ({ name, rows: dead_lettered }))
  const all =
    state.reason === ''
      ? counts.filter(({ name }) => state.sink === '' || name === state.sink).reduce((sum, { rows }) => sum + rows, 0)
      : (reasons.data ?? [])
          .filter(({ reason }) => reason === state.reason)
          .reduce((sum, { open: waiting, retrying }) => sum + waiting + retrying, 0)
  const open = useMemo(() => (letters ?? []).filter((letter) => letter.state === 'open'), [letters])
  const choice = useMemo(() => open.map(keyOf).filter((key) => chosen.has(key)), [open, chosen])
  const toggle = useCallback((key: string) => setChosen((before) => before.symmetricDifference(new Set([key]))), [])
  const columns = useMemo(() => columnsOf(letters ?? [], mayMove, chosen, toggle), [letters, mayMove, chosen, toggle])
  const ask = (verb: Verb, keys: readonly string[]) => {
    if (keys.length > 0) setPending({ verb, keys })
  }
  const askGroup = (verb: Verb, group: DeadLetterReason) => {
    const shown = open.filter(({ sink, reason }) => sink === group.sink && reason === group.reason)
    setPending({ verb, keys: shown.map(keyOf), group })
  }
  const act = async ({ verb, keys, group }: Confirmation) => {
    setPending(undefined)
    setChosen(new Set())
    await move(verb, keys, group)
  }
  // Space selects the row; the grid would open it.
  const onSpace = useLocalKeys(
    deadLettersText.inTheDeadLetters,
    mayMove
      ? [
          {
            keys: ['Space'],
            does: deadLettersText.selectTheLetter,
            run: ({ target }) => {
              const letter =
                letters?.[
                  Number((target instanceof HTMLElement ? target.dataset['at'] : undefined)?.split(':')[0] ?? -1)
                ]
              if (letter?.state !== 'open') return false
              toggle(keyOf(letter))
              return true
            },
          },
        ]
      : [],
  )
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{generalText.deadLetters}</h1>
        <label className="of-sink">
          {deadLettersText.sink}{' '}
          <select
            value={state.sink}
            onChange={(event) => {
              setChosen(new Set())
              set({ sink: event.target.value, reason: '', sel: '', edit: false })
            }}
          >
            <option value="">{deadLettersText.all}</option>
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
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {me.data !== undefined && !mayMove && error === null && (
        <Notice tone="plain">{deadLettersText.viewerNotice(me.data.role)}</Notice>
      )}
      {error !== null && letters !== undefined && <StaleNotice error={error} onRetry={again} />}
      {refused !== undefined && (
        <Notice tone="bad" onClose={forget}>
          {refused.message} {refused.hints.join(' ')}
          {refused.queryId !== undefined && <span className="dim mono"> {generalText.queryId(refused.queryId)}</span>}
        </Notice>
      )}
      {moved !== undefined && (
        <Notice tone="plain" onClose={forget}>
          {outcome(moved.verb, moved.count, outcomes)}
        </Notice>
      )}
      {letters !== undefined && (
        <Reasons
          of={reasons}
          selected={state.reason}
          mayMove={mayMove}
          busy={busy}
          onSelect={({ reason }) => {
            setChosen(new Set())
            set({ reason: reason === state.reason ? '' : reason, sel: '', edit: false })
          }}
          onMove={askGroup}
        />
      )}
      {letters === undefined ? (
        error !== null ? (
          asApiError(error).status === 403 ? (
            <EmptyState title={deadLettersText.forbidden} action={{ text: generalText.goToFlows, to: '/flows' }}>
              {asApiError(error).message}
            </EmptyState>
          ) : (
            <ErrorState error={error} onRetry={again} />
          )
        ) : (
          <Loading what={generalText.deadLettersInText} />
        )
      ) : (
        <div className="page-body letters">
          <section
            className="panel table"
            aria-label={generalText.deadLetters}
            aria-busy={isPrevious}
            onKeyDownCapture={(event) => {
              if (onSpace(event)) event.stopPropagation()
            }}
          >
            {letters.length === 0 ? (
              <NoLetters
                sink={state.sink}
                reason={state.reason}
                onAll={() => set(state.reason === '' ? { sink: '' } : { reason: '' })}
              />
            ) : (
              <Grid
                label={deadLettersText.deadLettersNewestFirst}
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
                    ? deadLettersText.newestOf(count(letters.length), count(Math.max(all, letters.length)))
                    : counted(letters.length, 'letter')}
                  {state.reason !== '' && (
                    <button type="button" className="quiet" onClick={() => set({ reason: '' })}>
                      {deadLettersText.showAllReasons}
                    </button>
                  )}
                  {mayMove && <span className="keys"> {deadLettersText.spaceSelectsEnterOpens}</span>}
                </span>
                {still && <RefreshButton onClick={again} />}
                {mayMove && (
                  <span className="foot-acts">
                    <button
                      type="button"
                      disabled={open.length === 0}
                      onClick={() => setChosen(choice.length === open.length ? new Set() : new Set(open.map(keyOf)))}
                    >
                      {choice.length === open.length && open.length > 0
                        ? deadLettersText.clearSelection
                        : deadLettersText.selectAll(count(open.length))}
                    </button>
                    <button type="button" disabled={choice.length === 0 || busy} onClick={() => ask('retry', choice)}>
                      {deadLettersText.retryCount(choice.length === 0 ? '' : ` ${count(choice.length)}`)}
                    </button>
                    <button type="button" disabled={choice.length === 0 || busy} onClick={() => ask('drop', choice)}>
                      {deadLettersText.dropCount(choice.length === 0 ? '' : ` ${count(choice.length)}`)}
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
      {pending !== undefined && (
        <Confirm
          title={
            pending.verb === 'retry'
              ? deadLettersText.confirmRetry(counted(pending.group?.open ?? pending.keys.length, 'letter'))
              : deadLettersText.confirmDrop(counted(pending.group?.open ?? pending.keys.length, 'letter'))
          }
          act={pending.verb === 'retry' ? deadLettersText.retry : deadLettersText.drop}
          final={pending.verb === 'drop'}
          onNo={() => setPending(undefined)}
          onYes={() => {
            act(pending).catch(reportError)
          }}
        >
          <p className="confirm-what">
            {pending.group === undefined
              ? [...bySink(pending.keys)].map(([sink, ids]) => `${sink}: ${count(ids.length)}`).join(', ')
              : deadLettersText.allOfReason(pending.group.sink, pending.group.reason)}
          </p>
          <p>{pending.verb === 'retry' ? deadLettersText.retryConsequence : deadLettersText.dropConsequence}</p>
        </Confirm>
      )}
    </div>
  )
}

function NoLetters({ sink, reason, onAll }: { sink: string; reason: string; onAll: () => void }) {
  if (reason !== '')
    return (
      <EmptyState
        title={deadLettersText.noneOfReason}
        action={{ text: deadLettersText.showAllReasons, onClick: onAll }}
      >
        {deadLettersText.settledReason(reason)}
      </EmptyState>
    )
  return sink === '' ? (
    <EmptyState title={deadLettersText.noDeadLetters} action={{ text: deadLettersText.showTheSinks, to: '/pipeline' }}>
      {deadLettersText.noDeadLettersHint}
    </EmptyState>
  ) : (
    <EmptyState
      title={deadLettersText.noLettersOf(sink)}
      action={{ text: deadLettersText.showLettersOfAllSinks, onClick: onAll }}
    >
      {deadLettersText.noneOfSink}
    </EmptyState>
  )
}
