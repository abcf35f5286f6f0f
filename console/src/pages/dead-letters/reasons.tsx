import type { DeadLetterReason } from '../../../../src/api/published.ts'
import { count, counted, time } from '../../parts/format.ts'
import { QueryError } from '../../parts/states.tsx'
import { deadLettersText } from './text.ts'
import type { Verb } from './letters.ts'
import { maxReasons, type useReasons } from './queries.ts'

type ReasonsProps = Readonly<{
  of: ReturnType<typeof useReasons>
  selected: string
  mayMove: boolean
  busy: boolean
  onSelect: (group: DeadLetterReason) => void
  onMove: (verb: Verb, group: DeadLetterReason) => void
}>

/** Dead letters by sink and reason, with one action for all of a group. */
export function Reasons({ of, selected, mayMove, busy, onSelect, onMove }: ReasonsProps): React.ReactNode {
  const { data: groups } = of
  if (groups === undefined ? !of.isError : groups.length === 0) return null
  return (
    <section className="panel reasons" aria-label={deadLettersText.reasons}>
      {groups === undefined ? (
        <QueryError of={of} />
      ) : (
        <ul>
          {groups.map((group) => {
            const { sink, reason, open, retrying } = group
            const what = deadLettersText.reasonOfSink(sink, reason)
            return (
              <li key={`${sink}/${reason}`}>
                <button
                  type="button"
                  className="reason-group"
                  aria-pressed={reason === selected}
                  onClick={() => onSelect(group)}
                >
                  <b>{count(open + retrying)}</b>
                  <span className="reason-text">{reason}</span>
                  <span className="dim">
                    {sink} · {times(group)}
                    {retrying > 0 && ` · ${deadLettersText.inTransitCount(retrying)}`}
                  </span>
                </button>
                {mayMove && open > 0 && (
                  <span className="reason-acts">
                    {(['retry', 'drop'] as const).map((verb) => (
                      <button
                        key={verb}
                        type="button"
                        disabled={busy}
                        aria-label={deadLettersText.moveReason[verb](count(open), what)}
                        onClick={() => onMove(verb, group)}
                      >
                        {deadLettersText.moveAll[verb](count(open))}
                      </button>
                    ))}
                  </span>
                )}
              </li>
            )
          })}
          {groups.length === maxReasons && (
            <li className="dim">{deadLettersText.largestReasons(counted(maxReasons, 'group'))}</li>
          )}
        </ul>
      )}
    </section>
  )
}

function times({ oldest, newest }: DeadLetterReason) {
  const [first, last] = [oldest, newest].map((at) => time(new Date(at).toISOString()))
  return first === last ? last : deadLettersText.fromTo(first ?? '', last ?? '')
}
