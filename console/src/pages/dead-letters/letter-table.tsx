import { useMemo } from 'react'
import type { DeadLetter } from '../../../../src/api/published.ts'
import { count, counted } from '../../parts/format.ts'
import { Grid } from '../../parts/grid.tsx'
import { EmptyState, RefreshButton } from '../../parts/states.tsx'
import { useLocalKeys } from '../../state/keys.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { generalText } from '../../text/general.ts'
import { columnsOf } from './columns.tsx'
import { keyOf, type Verb } from './letters.ts'
import type { useLetters } from './queries.ts'
import type { DeadLettersState } from './state.ts'
import { deadLettersText } from './text.ts'

type LetterTableProps = Pick<PageState<DeadLettersState>, 'state' | 'set'> &
  Readonly<{
    /** `all`: letters of the selection, also those that are not read yet. */
    of: Omit<ReturnType<typeof useLetters>, 'letters'> &
      Readonly<{ letters: readonly DeadLetter[]; open: readonly DeadLetter[]; all: number }>
    mayMove: boolean
    busy: boolean
    chosen: ReadonlySet<string>
    onToggle: (key: string) => void
    onChoose: (keys: ReadonlySet<string>) => void
    onMove: (verb: Verb, keys: readonly string[]) => void
  }>

export function LetterTable(props: LetterTableProps): React.ReactNode {
  const { of, state, set, mayMove, chosen, onToggle } = props
  const { letters, more, all, isPrevious, next } = of
  const columns = useMemo(
    () => columnsOf(letters, chosen, mayMove ? onToggle : undefined),
    [letters, mayMove, chosen, onToggle],
  )
  // Space selects the row; the grid would open it.
  const onSpace = useLocalKeys(
    deadLettersText.inTheDeadLetters,
    mayMove
      ? [
          {
            keys: ['Space'],
            does: deadLettersText.selectTheLetter,
            run: ({ target }) => {
              const at = (target instanceof HTMLElement ? target.dataset['at'] : undefined)?.split(':')[0] ?? -1
              const letter = letters[Number(at)]
              if (letter?.state !== 'open') return false
              onToggle(keyOf(letter))
              return true
            },
          },
        ]
      : [],
  )
  return (
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
      {letters.length > 0 && <Foot {...props} />}
    </section>
  )
}

function Foot(props: LetterTableProps) {
  const { of, state, set, mayMove } = props
  const { letters, more, all, still, again } = of
  return (
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
      {mayMove && <ChosenActs {...props} />}
    </div>
  )
}

function ChosenActs({ of: { open }, chosen, busy, onChoose, onMove }: LetterTableProps) {
  const choice = open.map(keyOf).filter((key) => chosen.has(key))
  const isAll = choice.length === open.length
  const number = choice.length === 0 ? '' : ` ${count(choice.length)}`
  return (
    <span className="foot-acts">
      <button
        type="button"
        disabled={open.length === 0}
        onClick={() => onChoose(isAll ? new Set() : new Set(open.map(keyOf)))}
      >
        {isAll && open.length > 0 ? deadLettersText.clearSelection : deadLettersText.selectAll(count(open.length))}
      </button>
      <button type="button" disabled={choice.length === 0 || busy} onClick={() => onMove('retry', choice)}>
        {deadLettersText.retryCount(number)}
      </button>
      <button type="button" disabled={choice.length === 0 || busy} onClick={() => onMove('drop', choice)}>
        {deadLettersText.dropCount(number)}
      </button>
    </span>
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
