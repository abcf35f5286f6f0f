import { useState } from 'react'
import type { PrecedingChanges } from '../../../../src/api/published.ts'
import type { Query } from '../../api/client.ts'
import { usePreceding } from './marks.ts'
import { Drawer } from '../drawer.tsx'
import { count, duration, shortTime, volume } from '../format.ts'
import { EmptyState, Pending, RefreshButton } from '../states.tsx'
import { whyText } from './text.ts'
import { CandidateItem } from './candidate.tsx'
import { CandidateActs, OpenIncident } from './incident-acts.tsx'
import { Levels } from './levels.tsx'
import { metricValue } from './metric-value.ts'
import './why.css'

type WhyDrawerProps = Readonly<{
  /** Parameters of the flows, or the metric, in question. */
  query: Query
  onClose: () => void
}>

export function WhyDrawer({ query, onClose }: WhyDrawerProps): React.ReactNode {
  const [lookback, setLookback] = useState('30m')
  const [at, setAt] = useState<string>()
  const parameters = { ...query, lookback, ...(at === undefined ? {} : { at }) }
  const answer = usePreceding(parameters)
  const { data, refetch } = answer
  return (
    <Drawer of="why" name={whyText.title} title={whyText.title} onClose={onClose}>
      {data === undefined ? (
        <Pending of={answer} what={whyText.theChanges} />
      ) : (
        <div className="why" aria-busy={answer.isFetching}>
          <div className="why-lead">
            <p>{headText(data)}</p>
            <div className="why-acts">
              <OpenIncident answer={data} query={parameters} />
              <RefreshButton onClick={() => void refetch().catch(reportError)} />
            </div>
          </div>
          <Levels levels={data.levels} isMetric={data.by === 'value'} onChoose={setAt} />
          <ShortestLevel step={data.step} />
          <Pairs of={data} />
          <VerdictText of={data} />
          {data.candidates.length === 0 ? (
            <EmptyState
              title={whyText.nothing}
              action={lookback === '6h' ? undefined : { text: whyText.searchLonger, onClick: () => setLookback('6h') }}
            >
              <p>{whyText.nothingBetween(shortTime(data.window.from), shortTime(data.window.to))}</p>
              <p className="dim">{whyText.notCollected}</p>
            </EmptyState>
          ) : (
            <>
              <p className="dim">{whyText.notCause}</p>
              <ol>
                {data.candidates.map((candidate) => (
                  <CandidateItem key={candidate.pos} of={candidate} detected={data.detected}>
                    <CandidateActs answer={data} query={parameters} of={candidate} />
                  </CandidateItem>
                ))}
              </ol>
            </>
          )}
          <p className="dim">
            {data.others > 0 && `${whyText.more(count(data.others))} `}
            {whyText.excluded(
              count(data.excluded.noise),
              count(data.excluded.controllers),
              count(data.excluded.unrelated),
            )}
          </p>
        </div>
      )}
    </Drawer>
  )
}

function VerdictText({ of: { verdict, reason, missing, candidates } }: { of: PrecedingChanges }) {
  const isDoubtful = verdict !== 'explained' && candidates.length > 0
  return (
    <>
      {isDoubtful && (
        <p className="why-verdict" title={reason}>
          {verdict === 'unexplained' ? whyText.unexplained : whyText.uncertain}
        </p>
      )}
      {missing.map((source) => (
        <p key={source} className="dim">
          {whyText.missing(source)}
        </p>
      ))}
    </>
  )
}

/** A smaller difference of the sum is a shift between workloads. */
const leastDifference = 0.02

function headText({ detected, onset, by, before, after }: PrecedingChanges) {
  const at = shortTime(onset)
  if (by === 'value') {
    if (!detected) return whyText.metricNotDetected(at)
    return (after < before ? whyText.metricFell : whyText.metricRose)(metricValue(before), metricValue(after), at)
  }
  if (!detected) return whyText.notDetected(at)
  if (Math.abs(after - before) < leastDifference * Math.max(before, after)) return whyText.shifted(at)
  return (after < before ? whyText.fell : whyText.rose)(volume(before), volume(after), at)
}

/** Levels of fewer buckets are bursts, and shorter ones than a minute seldom incidents. */
const [leastBuckets, notedSeconds] = [3, 60]

function ShortestLevel({ step }: Pick<PrecedingChanges, 'step'>) {
  const seconds = leastBuckets * step
  if (seconds <= notedSeconds) return null
  return (
    <p className="dim">
      {seconds < 300 ? whyText.shorterThanSeconds(seconds) : whyText.shorterThan(duration(1000 * seconds))}
    </p>
  )
}

const shownPairs = 3

function Pairs({ of: { pairs, detected } }: { of: PrecedingChanges }) {
  if (!detected || pairs.length === 0) return null
  return (
    <table className="why-pairs" aria-label={whyText.pairs}>
      <tbody>
        {pairs.slice(0, shownPairs).map(({ source, destination, before, after }) => (
          <tr key={JSON.stringify([source, destination])}>
            <th scope="row">
              {source.name || whyText.outside} → {destination.name || whyText.outside}
            </th>
            <td className="end">{volume(before)}</td>
            <td className="end">
              <span aria-hidden="true">→ </span>
              {volume(after)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
