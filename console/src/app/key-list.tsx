import { isSingle, useKeyGroups, type KeyGroup } from '../state/keys.ts'
import { singleKeys, usePreference } from '../state/preferences.ts'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

export default function Keys({ onClose }: { onClose: () => void }) {
  const groups = merged(useKeyGroups())
  const single = usePreference(singleKeys)
  return (
    <>
      <div className="drawer-head">
        <h2>{appText.keys}</h2>
        <button type="button" className="quiet" aria-label={generalText.close} autoFocus onClick={onClose}>
          ✕
        </button>
      </div>
      <div className="key-groups" tabIndex={0} role="region" aria-label={appText.listOfKeys}>
        <SingleKeys />
        {groups.map(({ title, bindings }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {bindings.map(({ keys, does }) => (
                <div key={does} className={single === 'off' && keys.every(isSingle) ? 'off' : undefined}>
                  <dt>
                    {keys.map((key, at) => (
                      <span key={key}>
                        {at > 0 && appText.or}
                        <Key written={key} />
                      </span>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </>
  )
}

/** Single-character keys can be disabled because speech input triggers them by mistake (WCAG 2.1.4). */
export function SingleKeys(): React.ReactNode {
  const single = usePreference(singleKeys)
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={single === 'on'}
        onChange={(event) => singleKeys.set(event.target.checked ? 'on' : 'off')}
      />
      {appText.plainKeysHint}
    </label>
  )
}

function merged(groups: readonly KeyGroup[]): readonly KeyGroup[] {
  const groupByTitle = new Map<string, KeyGroup>()
  for (const group of [...groups].sort((a, b) => Number(b.everywhere) - Number(a.everywhere))) {
    const existing = groupByTitle.get(group.title)
    const more = group.bindings.filter(
      ({ does }) => existing?.bindings.some((binding) => binding.does === does) !== true,
    )
    groupByTitle.set(
      group.title,
      existing === undefined ? group : { ...existing, bindings: [...existing.bindings, ...more] },
    )
  }
  return [...groupByTitle.values()]
}

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)
const shown: Readonly<Record<string, string>> = {
  Mod: mac ? '⌘' : 'Ctrl',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  PageUp: 'Page ↑',
  PageDown: 'Page ↓',
}

function Key({ written }: { written: string }) {
  return (
    <span className="key">
      {written.split(' ').map((part, at) => (
        <span key={at}>
          {at > 0 && ' '}
          {(part.length === 1 ? [part] : part.split('+')).map((key) => (
            <kbd key={key}>{shown[key] ?? (/^[a-z]$/.test(key) ? key.toUpperCase() : key)}</kbd>
          ))}
        </span>
      ))}
    </span>
  )
}
