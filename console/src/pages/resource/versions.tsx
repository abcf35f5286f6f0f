import type { WholeResource } from '../../api/objects.ts'
import { shortTime } from '../../parts/format.ts'
import { Operation } from '../../parts/changes/change.tsx'
import { RawView } from '../../parts/changes/raw-view.tsx'

interface VersionsProps {
  readonly of: WholeResource
  readonly onAt: (at: string) => void
}

/** The versions of the object, and its manifest at the time of the page. */
export function Versions({
  of: { versions, manifest, manifest_note: note, at },
  onAt,
}: VersionsProps): React.ReactNode {
  const chosen = versions.findIndex(({ valid_from: from, valid_to: to }) => from <= at && (to === null || to > at))
  return (
    <>
      <section className="panel happened" aria-label="Versions">
        <h2>Versions</h2>
        {versions.length === 0 ? (
          <p className="dim">No version is stored.</p>
        ) : (
          <ul tabIndex={0} aria-label="Versions, newest first">
            {versions.map(({ resource_version: version, operation, valid_from: from, images }, index) => (
              <li key={`${from} ${version ?? ''} ${index}`} className={index === chosen ? 'chosen' : undefined}>
                <button
                  type="button"
                  className="link-like"
                  onClick={() => onAt(from)}
                  aria-label={`The object as of ${shortTime(from)}`}
                >
                  <span className="mono" title={from}>
                    {shortTime(from)}
                  </span>
                </button>
                {operation === null ? <span className="dim">first seen</span> : <Operation of={operation} />}
                <span className="says mono">{images.join(' · ')}</span>
                <span className="who dim mono">{version ?? '–'}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section className="panel" aria-label="Manifest">
        <h2>Manifest</h2>
        {manifest === null ? (
          <p className="dim">{note}</p>
        ) : (
          <details>
            <summary>Without secrets and without fields that change all the time</summary>
            <RawView of={manifest} what="The manifest" />
          </details>
        )}
      </section>
    </>
  )
}
