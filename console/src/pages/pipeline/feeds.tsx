import type { SourceView } from '../../api/pipeline-view.ts'
import { Fact } from '../../parts/drawer.tsx'
import { count, duration, momentAt, perSecond } from '../../parts/format.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { generalText } from '../../text/general.ts'
import { pipelineText } from '../../text/pipeline.ts'
import { PartHeader } from './part-header.tsx'

type Feed = NonNullable<SourceView['feed']>

type FeedSource = SourceView & Readonly<{ feed: Feed }>

export const feedsOf = (sources: readonly SourceView[]): readonly FeedSource[] =>
  sources.filter((source): source is FeedSource => source.feed !== undefined)

/** `at`: time of the answer. */
export function FeedTable({
  feeds,
  at,
  onOpen,
}: Readonly<{ feeds: readonly FeedSource[]; at: number; onOpen: (id: string) => void }>): React.ReactNode {
  return (
    <div className="plain-table" tabIndex={0} role="region" aria-label={pipelineText.feeds}>
      <table>
        <TableHead
          columns={[
            generalText.source,
            generalText.type,
            [pipelineText.lastRecord, 'end'],
            [pipelineText.records, 'end'],
            [generalText.perSecond, 'end'],
            [pipelineText.gaps, 'end'],
            [pipelineText.reconnects, 'end'],
            [pipelineText.nextPoll, 'end'],
            pipelineText.state,
          ]}
        />
        <tbody>
          {feeds.map(({ name, type, rate, feed }) => (
            <tr key={name}>
              <PartHeader kind="source" name={name} onOpen={onOpen} />
              <td>{type}</td>
              <td className="end">{agoText(feed.lastRecord, at)}</td>
              <td className="end">{count(feed.records)}</td>
              <td className="end">{perSecond(rate)}</td>
              <td className={`end ${(feed.gaps?.count ?? 0) > 0 ? 'warning' : ''}`}>
                {feed.gaps === undefined ? '–' : gapsText(feed.gaps)}
              </td>
              <td className="end">{count(feed.reconnects)}</td>
              <td className="end">{inText(feed.poll?.next, at)}</td>
              <td className={`feed-state ${feed.why === undefined ? 'good' : 'warning'}`} title={feed.why}>
                {feed.why === undefined ? pipelineText.feedWorks : `▲ ${feed.why}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const agoText = (time: number | undefined, at: number): string =>
  time === undefined ? pipelineText.never : pipelineText.ago(duration(Math.max(0, at - time)))

const inText = (time: number | undefined, at: number): string =>
  time === undefined ? '–' : time <= at ? pipelineText.pollNow : pipelineText.inTime(duration(time - at))

const gapsText = ({ count: gaps, missing }: NonNullable<Feed['gaps']>): string =>
  gaps === 0 ? '0' : pipelineText.gapsMissing(count(gaps), count(missing))

/** Facts of the details. */
export function FeedFacts({ feed }: { readonly feed: Feed }): React.ReactNode {
  const { lastRecord, connected, reconnects, gaps, poll, targets, refused, why } = feed
  const last = gaps?.last
  return (
    <>
      {why !== undefined && <p className="why">{why}</p>}
      <dl>
        <Fact name={pipelineText.records}>{count(feed.records)}</Fact>
        {lastRecord !== undefined && <Fact name={pipelineText.lastRecord}>{momentAt(lastRecord)}</Fact>}
        {connected !== undefined && (
          <Fact name={pipelineText.connected} tone={connected ? 'good' : 'warning'}>
            {connected ? pipelineText.isConnected : pipelineText.isNotConnected}
          </Fact>
        )}
        {reconnects !== undefined && <Fact name={pipelineText.reconnects}>{count(reconnects)}</Fact>}
        {gaps !== undefined && <Fact name={pipelineText.gaps}>{gapsText(gaps)}</Fact>}
        {last !== undefined && (
          <Fact name={pipelineText.lastGap}>
            {pipelineText.gapOf(momentAt(last.time), last.key, count(last.from), count(last.to))}
          </Fact>
        )}
        {targets !== undefined && (
          <Fact name={pipelineText.targets} tone={targets.failing > 0 ? 'warning' : undefined}>
            {pipelineText.targetsOf(count(targets.known), count(targets.failing))}
          </Fact>
        )}
        {poll?.last !== undefined && <Fact name={pipelineText.lastPoll}>{momentAt(poll.last)}</Fact>}
        {poll?.next !== undefined && <Fact name={pipelineText.nextPoll}>{momentAt(poll.next)}</Fact>}
        {poll?.cursor !== undefined && (
          <Fact name={pipelineText.cursor}>
            <span className="mono">{poll.cursor}</span>
          </Fact>
        )}
        {Object.entries(refused ?? {}).map(([reason, number]) => (
          <Fact key={reason} name={pipelineText.refused(reason.replaceAll('_', ' '))} tone="warning">
            {count(number)}
          </Fact>
        ))}
      </dl>
    </>
  )
}
