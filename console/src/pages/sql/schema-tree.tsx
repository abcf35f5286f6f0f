import { useState } from 'react'
import { useFields } from '../../api/queries.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { useSchema, viewNames, type ViewName } from './ask.ts'

const meanings: Readonly<Record<ViewName, string>> = {
  flows: 'every flow',
  events: 'every event',
  changes: 'changes of objects of clusters',
  audit: 'who did what in clouds and clusters',
  resources: 'objects of clusters, and when they were so',
  relations: 'what belongs to what, and when',
  traffic: 'bytes between workloads, by the hour',
  flows_1m: 'sums of a minute',
  flows_5m: 'sums of five minutes',
  flows_1h: 'sums of an hour',
}

/** Views and their columns; a press writes the name into the statement. */
export function SchemaTree({ onInsert }: { readonly onInsert: (name: string) => void }): React.ReactNode {
  const [find, setFind] = useState('')
  const schema = useSchema(true)
  const fields = useFields()
  if (schema.data === undefined)
    return schema.isError ? (
      <ErrorState
        error={schema.error}
        onRetry={() => {
          schema.refetch().catch(reportError)
        }}
      />
    ) : (
      <Loading what="the views" />
    )
  const wanted = find.trim().toLowerCase()
  const meaning = (view: ViewName, name: string): string =>
    fields.data?.views[view === 'flows_1m' || view === 'flows_5m' || view === 'flows_1h' ? 'flows' : view]?.find(
      (column) => column.name === name,
    )?.meaning ?? ''
  return (
    <>
      <input
        type="search"
        aria-label="Find a column"
        placeholder="Find a column"
        value={find}
        onChange={(event) => setFind(event.target.value)}
      />
      {viewNames.map((view) => {
        const columns = (schema.data.get(view) ?? []).filter(({ name }) => name.includes(wanted))
        if (wanted !== '' && columns.length === 0) return null
        return (
          <details key={view} open={wanted !== '' || undefined}>
            <summary>
              <b className="mono">{view}</b> <span className="dim">{meanings[view]}</span>
            </summary>
            <ul>
              <li>
                <button type="button" className="column" onClick={() => onInsert(view)}>
                  <span className="mono">{view}</span>
                  <span className="dim">write the name</span>
                </button>
              </li>
              {columns.map(({ name, type }) => (
                <li key={name}>
                  <button type="button" className="column" title={meaning(view, name)} onClick={() => onInsert(name)}>
                    <span className="mono">{name}</span>
                    <span className="dim">{type.toLowerCase()}</span>
                  </button>
                </li>
              ))}
            </ul>
          </details>
        )
      })}
    </>
  )
}
