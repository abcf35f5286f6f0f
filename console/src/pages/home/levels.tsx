import { Link } from '@tanstack/react-router'
import type { LevelCauses } from '../../../../src/api/published.ts'
import { count, shortTime, volume } from '../../parts/format.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { nameOf, operationText } from '../../parts/why/mark-text.ts'
import { whyText } from '../../parts/why/text.ts'
import '../../parts/why/why.css'
import { generalText } from '../../text/general.ts'
import { levelsSpan, useLevelCauses } from './queries.ts'
import { homeText } from './text.ts'

type Level = LevelCauses['levels'][number]

const whyOfHour = { v: '1', live: '0', t: `${levelsSpan.from}..${levelsSpan.to}`, why: '1' }

/** Falls and rises of the last hour, each with the change before it. */
export function LevelCard(): React.ReactNode {
  const { data, error, refetch } = useLevelCauses()
  return (
    <section className="panel entries levels" aria-label={homeText.levels}>
      <h2>
        {homeText.levels}{' '}
        <Link className="all" to="/flows" search={whyOfHour as never}>
          {homeText.allLevels}
        </Link>
      </h2>
      {data === undefined ? (
        error === null ? (
          <Loading what={homeText.theLevels} />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch().catch(reportError)} />
        )
      ) : data.levels.length === 0 ? (
        <p className="dim">{homeText.noLevels}</p>
      ) : (
        <>
          <ul>
            {data.levels.map((level) => (
              <LevelItem key={`${level.kind} ${level.time}`} of={level} />
            ))}
          </ul>
          {data.others > 0 && <p className="dim">{homeText.otherLevels(count(data.others))}</p>}
        </>
      )}
    </section>
  )
}

const shownWorkloads = 2
/** Time around a change in which its causes are shown. */
const [beforeMs, afterMs] = [300_000, 60_000]

function LevelItem({ of: level }: { of: Level }) {
  const { kind, gradual, time, times, before, after, workloads, first } = level
  const at = Date.parse(time)
  const iso = (ms: number) => new Date(ms).toISOString()
  const around = { v: '1', live: '0', t: `${iso(at - beforeMs)}..${iso(at + afterMs)}`, why: '1' }
  return (
    <li>
      <span className="mono dim">{shortTime(time)}</span>
      <span className="what">
        <i className={`why-level ${kind}`} aria-hidden="true" />{' '}
        <Link to="/flows" search={around as never}>
          {whyText.levelNames[kind][gradual ? 'gradual' : 'sudden']}
        </Link>{' '}
        {workloads.slice(0, shownWorkloads).join(', ')}{' '}
        <span className="number">{whyText.ratesFromTo(volume(before), volume(after))}</span>
        {times > 1 && <b className="number"> {homeText.times(count(times))}</b>}
      </span>
      <span>{first === undefined ? <span className="dim">{whyText.unexplained}</span> : <Cause of={first} />}</span>
    </li>
  )
}

function Cause({ of: first }: { of: NonNullable<Level['first']> }) {
  const { kind, actor, actor_ref: actorRef } = first
  return (
    <>
      <span className="dim">{homeText.before}</span>{' '}
      <b>
        {kind} {nameOf(first)}
      </b>{' '}
      {operationText(first)}
      {actor !== null && (
        <>
          {' '}
          {generalText.by} {actorRef === null ? actor : <ActorLink to={actorRef} name={actor} />}
        </>
      )}
    </>
  )
}
