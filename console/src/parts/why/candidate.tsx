import { Link } from '@tanstack/react-router'
import type { PrecedingCandidate, TrafficMark } from '../../../../src/api/published.ts'
import { InvestigateLink } from '../links/investigate-link.tsx'
import { ActorLink } from '../links/actor-link.tsx'
import { duration, shortTime } from '../format.ts'
import { generalText } from '../../text/general.ts'
import { changePlace } from './change-place.ts'
import { metricValue } from './metric-value.ts'
import { whyText } from './text.ts'
import { diffLines, nameOf, operationText } from './mark-text.ts'
import { TrafficLink } from './traffic-link.tsx'

const shownLines = 3
/** Smaller differences of new pods prove nothing. */
const leastStrength = 0.2

/** `detected`: traffic changed, so that shares of the change are known. */
export function CandidateItem({
  of,
  detected,
  children,
}: {
  of: PrecedingCandidate
  detected: boolean
  /** Further actions. */
  children?: React.ReactNode
}): React.ReactNode {
  const { is, time, kind, actor, actor_kind: actorKind, actor_ref: actorRef, score, share, diff } = of
  const lines = diffLines(of).slice(0, shownLines)
  return (
    <li>
      <div className="why-head">
        <b>
          <i className={`why-shape ${is}`} aria-hidden="true" /> {kind} {nameOf(of)}
        </b>
        <time className="mono" dateTime={time} title={time}>
          {shortTime(time)}
        </time>
      </div>
      <p>
        {operationText(of)}
        {actor !== null && (
          <>
            {' '}
            {generalText.by}{' '}
            {actorKind === 'user' && actorRef !== null ? (
              <ActorLink to={actorRef} name={actor} />
            ) : (
              <span className="dim">{actor}</span>
            )}
          </>
        )}
      </p>
      {lines.map((line, index) => (
        <p key={index} className="why-diff mono">
          <span className="dim">{line.path}</span>
          {line.old !== undefined && <span className="bad">− {line.old}</span>}
          {line.new !== undefined && <span className="good">+ {line.new}</span>}
          {line.old === undefined && line.new === undefined && <span className="bad">−</span>}
        </p>
      ))}
      {diff.length > shownLines && <p className="dim">{whyText.moreFields(String(diff.length - shownLines))}</p>}
      <p className="why-reasons">
        <span>{precededText(of)}</span>
        {of.reasons.map((reason) => (
          <span key={reason.is}>{reasonText(reason)}</span>
        ))}
        {of.new_pods !== undefined && of.new_pods.strength >= leastStrength && <span>{newPodsText(of.new_pods)}</span>}
        {of.repeats > 0 && <span>{whyText.repeats(String(of.repeats))}</span>}
        {detected && share > 0 && <span>{whyText.ofTheChange(String(Math.round(Math.min(1, share) * 100)))}</span>}
      </p>
      <div className="why-foot">
        <span className="why-score" role="img" aria-label={whyText.score(score.toFixed(2))}>
          <i style={{ width: `${Math.max(2, Math.min(1, score) * 100)}%` }} />
        </span>
        <ChangeLink of={of} />
        <TrafficLink of={of} />
        {of.ref !== null && <InvestigateLink of={of.ref} at={time} />}
        {children}
      </div>
    </li>
  )
}

function ChangeLink({ of }: { of: PrecedingCandidate }) {
  const { to, search } = changePlace(of)
  return (
    <Link to={to} search={search as never}>
      {of.is === 'resource' ? whyText.showResource : of.is === 'audit' ? whyText.showEvent : whyText.showChange}
    </Link>
  )
}

const reasons: Readonly<Record<string, (object: string) => string>> = {
  workload: whyText.workload,
  policy: whyText.selects,
  service: whyText.selects,
  route: whyText.route,
  scaler: whyText.scaler,
  config: whyText.config,
  node: whyText.node,
  machine: whyText.machine,
  pool: whyText.pool,
  attached: whyText.attached,
  balancer: whyText.balancer,
  image: whyText.image,
  namespace: whyText.namespace,
  rules: () => whyText.rules,
  actor: whyText.sameActor,
}

function reasonText({ is, object, via }: TrafficMark['reasons'][number]) {
  const text = reasons[is]?.(object) ?? object
  return via === undefined ? text : whyText.peerOf(text, via)
}

function newPodsText({ metric, old, new: fresh }: NonNullable<PrecedingCandidate['new_pods']>) {
  return fresh === null
    ? whyText.newPodsNone(metric, metricValue(old))
    : whyText.newPods(metric, metricValue(fresh), metricValue(old))
}

function precededText({ is, audit_id: audit, seconds_before: seconds }: PrecedingCandidate) {
  if (seconds >= 0) return whyText.preceded(duration(seconds * 1000))
  return (is === 'resource' && audit === null ? whyText.recorded : whyText.followed)(duration(-seconds * 1000))
}
