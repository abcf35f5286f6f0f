import { count, duration, perSecond } from '../../parts/format.ts'
import { total, type PipelineView, type Reasons } from '../../api/pipeline-view.ts'
import { pipelineText } from '../../text/pipeline.ts'
import { generalText } from '../../text/general.ts'

export function Twin({
  view,
  rates,
  onOpen,
}: Readonly<{
  view: PipelineView
  rates: ReadonlyMap<string, number>
  onOpen: (id: string) => void
}>): React.ReactNode {
  return (
    <>
      <div className="plain-table" tabIndex={0} role="region" aria-label={pipelineText.sources}>
        <table>
          <caption>{pipelineText.sourcesReceivedRows}</caption>
          <thead>
            <tr>
              <th scope="col">{generalText.source}</th>
              <th scope="col">{generalText.type}</th>
              <th scope="col" className="end">
                {generalText.accepted}
              </th>
              <th scope="col" className="end">
                {generalText.perSecond}
              </th>
              <th scope="col" className="end">
                {pipelineText.duplicates}
              </th>
              <th scope="col" className="end">
                {pipelineText.shed}
              </th>
              <th scope="col" className="end">
                {pipelineText.unreadable}
              </th>
            </tr>
          </thead>
          <tbody>
            {view.sources.map(({ name, type, accepted, rate, duplicates, shed, unreadable }) => (
              <tr key={name}>
                <th scope="row">
                  <button type="button" className="link-like" onClick={() => onOpen(`source:${name}`)}>
                    {name}
                  </button>
                </th>
                <td>{type || pipelineText.notRunning}</td>
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
          <thead>
            <tr>
              <th scope="col">{pipelineText.sink}</th>
              <th scope="col">{pipelineText.state}</th>
              <th scope="col" className="end">
                {generalText.accepted}
              </th>
              <th scope="col" className="end">
                {pipelineText.delivered}
              </th>
              <th scope="col" className="end">
                {pipelineText.pending}
              </th>
              <th scope="col" className="end">
                {pipelineText.filtered}
              </th>
              <th scope="col" className="end">
                {generalText.deadLetters}
              </th>
              <th scope="col" className="end">
                {pipelineText.dropped}
              </th>
              <th scope="col" className="end">
                {pipelineText.quarantined}
              </th>
              <th scope="col">{pipelineText.balanced}</th>
              <th scope="col" className="end">
                {generalText.perSecond}
              </th>
              <th scope="col" className="end">
                {pipelineText.lag}
              </th>
            </tr>
          </thead>
          <tbody>
            {view.sinks.map(({ name, state, accepted, parts, balanced, lagMs }) => (
              <tr key={name}>
                <th scope="row">
                  <button type="button" className="link-like" onClick={() => onOpen(`sink:${name}`)}>
                    {name}
                  </button>
                </th>
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

function Named({ reasons }: { readonly reasons: Reasons }): React.ReactNode {
  const known = Object.entries(reasons).filter(([, rows]) => rows > 0)
  if (known.length === 0) return '0'
  return (
    <>
      {count(total(reasons))}{' '}
      <span className="dim">
        ({known.map(([reason, rows]) => `${reason.replaceAll('_', ' ')} ${count(rows)}`).join(', ')})
      </span>
    </>
  )
}
