import { count, duration, perSecond } from '../../parts/format.ts'
import { total, type PipelineView, type Reasons } from '../../api/pipeline-view.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { pipelineText } from '../../text/pipeline.ts'
import { generalText } from '../../text/general.ts'
import { PartHeader } from './part-header.tsx'

export function Twin({
  view,
  rates,
  onOpen,
}: {
  view: PipelineView
  rates: ReadonlyMap<string, number>
  onOpen: (id: string) => void
}): React.ReactNode {
  return (
    <>
      <div className="plain-table" tabIndex={0} role="region" aria-label={pipelineText.sources}>
        <table>
          <caption>{pipelineText.sourcesReceivedRows}</caption>
          <TableHead
            columns={[
              generalText.source,
              generalText.type,
              [generalText.accepted, 'end'],
              [generalText.perSecond, 'end'],
              [pipelineText.duplicates, 'end'],
              [pipelineText.shed, 'end'],
              [pipelineText.unreadable, 'end'],
            ]}
          />
          <tbody>
            {view.sources.map(({ name, type, accepted, rate, duplicates, shed, unreadable }) => (
              <tr key={name}>
                <PartHeader kind="source" name={name} onOpen={onOpen} />
                <td>{type || <span className="dim">{pipelineText.derivedOrRemoved}</span>}</td>
                <td className="end">{count(accepted)}</td>
                <td className="end">{perSecond(rate)}</td>
                <td className="end">{count(duplicates)}</td>
                <td className="end">
                  <Named reasons={shed} />
                </td>
                <td className="end">{count(unreadable)}</td>
              </tr>
            ))}
            <tr className="sum-row">
              <th scope="row">{pipelineText.all}</th>
              <td />
              <td className="end">{count(view.accepted)}</td>
              <td />
              <td />
              <td />
              <td />
            </tr>
          </tbody>
        </table>
      </div>
      <div className="plain-table" tabIndex={0} role="region" aria-label={pipelineText.sinks}>
        <table>
          <caption>{pipelineText.sinksPositionAndOutcome}</caption>
          <TableHead
            columns={[
              pipelineText.sink,
              pipelineText.state,
              [generalText.accepted, 'end'],
              [pipelineText.delivered, 'end'],
              [pipelineText.pending, 'end'],
              [pipelineText.filtered, 'end'],
              [generalText.deadLetters, 'end'],
              [pipelineText.dropped, 'end'],
              [pipelineText.quarantined, 'end'],
              pipelineText.balanced,
              [generalText.perSecond, 'end'],
              [pipelineText.lag, 'end'],
            ]}
          />
          <tbody>
            {view.sinks.map(({ name, state, accepted, parts, balanced, lagMs }) => (
              <tr key={name}>
                <PartHeader kind="sink" name={name} onOpen={onOpen} />
                <td>{state === 'gone' ? pipelineText.notRunning : state}</td>
                <td className="end">{count(accepted)}</td>
                {parts.map((part) => (
                  <td key={part.name} className="end">
                    {Object.keys(part.reasons).length > 0 ? <Named reasons={part.reasons} /> : count(part.rows)}
                  </td>
                ))}
                {parts.length === 0 && (
                  <td colSpan={6} className="dim">
                    {pipelineText.noDataYet}
                  </td>
                )}
                <td className={balanced ? 'good' : 'bad'}>{balanced ? pipelineText.yes : pipelineText.no}</td>
                <td className="end">{rates.has(name) ? perSecond(rates.get(name) ?? 0) : '–'}</td>
                <td className="end">{duration(lagMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="dim">{pipelineText.sinksRule}</p>
    </>
  )
}

function Named({ reasons }: { reasons: Reasons }) {
  const nonZero = Object.entries(reasons).filter(([, rows]) => rows > 0)
  if (nonZero.length === 0) return '0'
  return (
    <>
      {count(total(reasons))}{' '}
      <span className="dim">
        ({nonZero.map(([reason, rows]) => `${reason.replaceAll('_', ' ')} ${count(rows)}`).join(', ')})
      </span>
    </>
  )
}
