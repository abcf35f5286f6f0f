import type { WholeResource } from '../../../api/objects.ts'
import { shortTime } from '../../../parts/format.ts'
import { Operation } from '../../../parts/objects/change.tsx'
import { RawView } from '../../../parts/objects/raw-view.tsx'
import { shortImage } from '../../../parts/image-text.ts'
import { resourceText } from './text.ts'

type VersionsProps = Readonly<{
  of: WholeResource
  onAt: (at: string) => void
}>

export function Versions({
  of: { versions, manifest, manifest_note: note, at },
  onAt,
}: VersionsProps): React.ReactNode {
  const chosen = versions.findIndex(({ valid_from: from, valid_to: to }) => from <= at && (to === null || to > at))
  return (
    <>
      {versions.length > 0 && (
        <section className="panel happened" aria-label={resourceText.versions}>
          <h2>{resourceText.versions}</h2>
          <ul tabIndex={0} aria-label={resourceText.versionsNewestFirst}>
            {versions.map(({ resource_version: version, operation, valid_from: from, images }, index) => (
              <li key={`${from} ${version ?? ''} ${index}`} className={index === chosen ? 'chosen' : undefined}>
                <button
                  type="button"
                  className="link-like"
                  onClick={() => onAt(from)}
                  aria-label={resourceText.objectAsOf(shortTime(from))}
                >
                  <span className="mono" title={from}>
                    {shortTime(from)}
                  </span>
                </button>
                {operation === null ? (
                  <span className="dim">{resourceText.firstSeen}</span>
                ) : (
                  <Operation of={operation} />
                )}
                <span className="says mono" title={images.join('\n')}>
                  {images.map(shortImage).join(' · ')}
                </span>
                <span className="who dim mono">{version ?? '–'}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {manifest === null ? (
        <p className="dim">{note}</p>
      ) : (
        <section className="panel" aria-label={resourceText.manifest}>
          <h2>{resourceText.manifest}</h2>
          <details>
            <summary>{resourceText.manifestHint}</summary>
            <RawView of={manifest} what={resourceText.theManifest} />
          </details>
        </section>
      )}
    </>
  )
}
