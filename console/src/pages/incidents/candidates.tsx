import { Link } from '@tanstack/react-router'
import type { IncidentCandidate, IncidentRequest } from '../../api/incidents.ts'
import { duration, shortTime } from '../../parts/format.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { changePlace } from '../../parts/why/change-place.ts'
import { generalText } from '../../text/general.ts'
import { incidentsText } from './text.ts'

type CandidatesProps = Readonly<{
  of: readonly IncidentCandidate[]
  mayEdit: boolean
  busy: boolean
  onChange: (change: Partial<IncidentRequest>) => void
}>

export function Candidates({ of, mayEdit, busy, onChange }: CandidatesProps): React.ReactNode {
  if (of.length === 0) return <p className="dim">{incidentsText.noCandidates}</p>
  const select = (pos: string | undefined) =>
    onChange({ candidates: of.map((candidate) => ({ ...candidate, selected: candidate.pos === pos })) })
  const hasCause = of.some(({ selected }) => selected)
  return (
    <>
      <p className="dim">
        {hasCause ? '' : `${incidentsText.noCause} `}
        {incidentsText.candidatesHint}
      </p>
      <ul className="incident-lines" aria-label={incidentsText.candidates}>
        {of.map((candidate) => {
          const { pos, selected, time, actor, actor_ref: ref, score, seconds_before: seconds } = candidate
          const { to, search } = changePlace(candidate)
          const text = changeText(candidate)
          return (
            <li key={pos} className={selected ? 'selected' : undefined}>
              {mayEdit && (
                <input
                  type="radio"
                  name="cause"
                  aria-label={incidentsText.causeIs(text)}
                  checked={selected}
                  disabled={busy}
                  onChange={() => select(pos)}
                />
              )}
              <span className="what">
                <Link to={to} search={search as never}>
                  {text}
                </Link>
                {selected && <b> · {incidentsText.selectedCause}</b>}
                <span className="facts dim">
                  <time className="mono" dateTime={time} title={time}>
                    {shortTime(time)}
                  </time>
                  {actor !== null && (
                    <>
                      {` ${generalText.by} `}
                      {ref === null ? actor : <ActorLink to={ref} name={actor} />}
                    </>
                  )}
                  {seconds >= 0 && (
                    <>
                      {' '}
                      · <span className="fact">{incidentsText.before(duration(seconds * 1000))}</span>
                    </>
                  )}{' '}
                  · <span className="fact">{incidentsText.score(score.toFixed(2))}</span>
                </span>
              </span>
            </li>
          )
        })}
      </ul>
      {mayEdit && hasCause && (
        <button type="button" disabled={busy} onClick={() => select(undefined)}>
          {incidentsText.clearCause}
        </button>
      )}
    </>
  )
}

function changeText({ kind, namespace, name, operation }: IncidentCandidate) {
  return `${kind} ${namespace === null || namespace === '' ? '' : `${namespace}/`}${name}, ${operation}`
}
