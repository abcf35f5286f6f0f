import { count, duration, perSecond } from '../../parts/format.ts'
import { total, type PipelineView, type Reasons } from '../../api/pipeline-view.ts'

/** The picture as tables: the same numbers, every one of them. */
export function Twin({
  view,
  rates,
  onOpen,
}: {
  readonly view: PipelineView
  readonly rates: ReadonlyMap<string, number>
  readonly onOpen: (id: string) => void
}): React.ReactNode {
  return (
    <>
      <div className="plain-table" tabIndex={0} role="region" aria-label="Sources">
        <table>
          <caption>Sources: what came in</caption>
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Type</th>
              <th scope="col" className="end">
                Accepted
              </th>
              <th scope="col" className="end">
                Per second
              </th>
              <th scope="col" className="end">
                Duplicates
              </th>
              <th scope="col" className="end">
                Shed
              </th>
              <th scope="col" className="end">
                Unreadable
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
                <td>{type || 'not running'}</td>
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
              <th scope="row">all</th>
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
      <div className="plain-table" tabIndex={0} role="region" aria-label="Sinks">
        <table>
          <caption>Sinks: where it is now</caption>
          <thead>
            <tr>
              <th scope="col">Sink</th>
              <th scope="col">State</th>
              <th scope="col" className="end">
                Accepted
              </th>
              <th scope="col" className="end">
                Delivered
              </th>
              <th scope="col" className="end">
                Pending
              </th>
              <th scope="col" className="end">
                Filtered
              </th>
              <th scope="col" className="end">
                Dead letters
              </th>
              <th scope="col" className="end">
                Dropped
              </th>
              <th scope="col" className="end">
                Quarantined
              </th>
              <th scope="col">Adds up</th>
              <th scope="col" className="end">
                Per second
              </th>
              <th scope="col" className="end">
                Lag
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
                <td>{state === 'gone' ? 'not running' : state}</td>
                <td className="end">{count(accepted)}</td>
                {parts.map((part) => (
                  <td key={part.name} className="end">
                    {Object.keys(part.reasons).length > 0 ? <Named reasons={part.reasons} /> : count(part.rows)}
                  </td>
                ))}
                {parts.length === 0 && (
                  <td colSpan={6} className="dim">
                    nothing known yet
                  </td>
                )}
                <td className={balanced ? 'good' : 'bad'}>{balanced ? '= yes' : '≠ no'}</td>
                <td className="end">{rates.has(name) ? perSecond(rates.get(name) ?? 0) : '–'}</td>
                <td className="end">{duration(lagMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="dim">Of every sink, delivered to quarantined add up to accepted.</p>
    </>
  )
}

/** A sum with what it is made of. */
export function Named({ reasons }: { readonly reasons: Reasons }): React.ReactNode {
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
