import { useCallback, useMemo, useState } from 'react'
import type { DeadLetterReason } from '../../../../src/api/published.ts'
import { asApiError } from '../../api/problem.ts'
import { useLedger, useMe } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { EmptyState, ErrorState, Loading, Notice, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useOutcomes, useLetters, useMoving, useReasons } from './queries.ts'
import { ConfirmMove, type Confirmation } from './confirm-move.tsx'
import { Letter } from './letter.tsx'
import { LetterTable } from './letter-table.tsx'
import { Reasons } from './reasons.tsx'
import { SinkSelect } from './sink-select.tsx'
import { keyOf, outcome, type Verb } from './letters.ts'
import { deadLettersCodec, type DeadLettersState } from './state.ts'
import './dead-letters.css'
import { generalText } from '../../text/general.ts'
import { deadLettersText } from './text.ts'

export default function DeadLettersPage(): React.ReactNode {
  useTitle(generalText.deadLetters)
  const { state, unread, set } = usePageState(deadLettersCodec)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [pending, setPending] = useState<Confirmation>()
  const me = useMe()
  const list = useLetters(state.sink, state.reason)
  const { letters, error, again } = list
  const reasons = useReasons(state.sink)
  const counts = useCounts()
  const moving = useMoving()
  const mayMove = me.data?.role === 'admin'
  const all = totalOf(state, counts, reasons.data ?? [])
  const open = useMemo(() => (letters ?? []).filter((letter) => letter.state === 'open'), [letters])
  const toggle = useCallback((key: string) => setChosen((before) => before.symmetricDifference(new Set([key]))), [])
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
    await moving.move(verb, keys, group)
  }
  const send = async (key: string, body: object) => {
    if (await moving.edit(key, body)) set({ edit: false }, 'replace')
  }
  const select = (change: Readonly<{ sink?: string; reason: string }>) => {
    setChosen(new Set())
    set({ ...change, sel: '', edit: false })
  }
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{generalText.deadLetters}</h1>
        <SinkSelect counts={counts} sink={state.sink} onChange={(sink) => select({ sink, reason: '' })} />
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {me.data !== undefined && !mayMove && error === null && (
        <Notice tone="plain">{deadLettersText.viewerNotice(me.data.role)}</Notice>
      )}
      {error !== null && letters !== undefined && <StaleNotice error={error} onRetry={again} />}
      <MoveNotices of={moving} />
      {letters !== undefined && (
        <Reasons
          of={reasons}
          selected={state.reason}
          mayMove={mayMove}
          busy={moving.busy}
          onSelect={({ reason }) => select({ reason: reason === state.reason ? '' : reason })}
          onMove={askGroup}
        />
      )}
      {letters === undefined ? (
        <NotRead error={error} onRetry={again} />
      ) : (
        <div className="page-body letters">
          <LetterTable
            of={{ ...list, letters, open, all }}
            state={state}
            set={set}
            mayMove={mayMove}
            busy={moving.busy}
            chosen={chosen}
            onToggle={toggle}
            onChoose={setChosen}
            onMove={ask}
          />
          {state.sel !== '' && (
            <Letter
              of={state.sel}
              editing={state.edit}
              mayMove={mayMove}
              busy={moving.busy}
              onMove={(verb, key) => ask(verb, [key])}
              onEdit={(editing) => set({ edit: editing })}
              onSend={(key, body) => {
                send(key, body).catch(reportError)
              }}
              onClose={() => set({ sel: '', edit: false })}
            />
          )}
        </div>
      )}
      {pending !== undefined && (
        <ConfirmMove
          of={pending}
          onNo={() => setPending(undefined)}
          onYes={() => {
            act(pending).catch(reportError)
          }}
        />
      )}
    </div>
  )
}

type Counts = ReturnType<typeof useCounts>

function totalOf({ sink, reason: selected }: DeadLettersState, counts: Counts, reasons: readonly DeadLetterReason[]) {
  return selected === ''
    ? counts.filter(({ name }) => sink === '' || name === sink).reduce((sum, { rows }) => sum + rows, 0)
    : reasons
        .filter(({ reason }) => reason === selected)
        .reduce((sum, { open: waiting, retrying }) => sum + waiting + retrying, 0)
}

function useCounts() {
  const ledger = useLedger()
  return (ledger.data?.sinks ?? []).map(({ name, dead_lettered }) => ({ name, rows: dead_lettered }))
}

function MoveNotices({ of: { refused, moved, forget } }: { of: ReturnType<typeof useMoving> }) {
  const outcomes = useOutcomes(moved)
  return (
    <>
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
    </>
  )
}

function NotRead({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  if (error === null) return <Loading what={generalText.deadLettersInText} />
  return asApiError(error).status === 403 ? (
    <EmptyState title={deadLettersText.forbidden} action={{ text: generalText.goToFlows, to: '/flows' }}>
      {asApiError(error).message}
    </EmptyState>
  ) : (
    <ErrorState error={error} onRetry={onRetry} />
  )
}
