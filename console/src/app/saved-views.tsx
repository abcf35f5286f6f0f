import { useState } from 'react'
import { asApiError } from '../api/problem.ts'
import type { SavedView } from '../../../src/api/published.ts'
import { forget, noteOpened, save, update, useSaved } from './saved.ts'
import { appText } from '../text/app.ts'
import { savedText } from '../text/saved.ts'
import { generalText } from '../text/general.ts'

export default function Views({ onGo, onClose }: { onGo: (view: SavedView) => void; onClose: () => void }) {
  const saved = useSaved()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const [message, setMessage] = useState('')
  const run = (work: Promise<unknown>) => {
    work.then(
      () => setMessage(''),
      (error: unknown) => setMessage(asApiError(error).message),
    )
  }
  return (
    <>
      <div className="drawer-head">
        <h2>{appText.savedViews}</h2>
        <button type="button" className="quiet" aria-label={generalText.close} onClick={onClose}>
          ✕
        </button>
      </div>
      <form
        className="saved-new"
        onSubmit={(event) => {
          event.preventDefault()
          run(
            save({ name: name.trim(), page: location.pathname, search: location.search, shared }).then(() =>
              setName(''),
            ),
          )
        }}
      >
        <label className="grow">
          {appText.nameOfThisView}
          <input value={name} required maxLength={120} autoFocus onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="check">
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} />
          {appText.shared}
        </label>
        <button type="submit" className="primary">
          {appText.save}
        </button>
      </form>
      {message !== '' && (
        <p role="alert" className="bad pad">
          {message}
        </p>
      )}
      <ul className="saved-list">
        {(saved.data ?? []).map((view) => (
          <Saved
            key={view.id}
            view={view}
            onGo={() => {
              noteOpened(view)
              onGo(view)
            }}
            onRename={(to) => run(save({ ...view, name: to }))}
            {...(view.owned && view.page === location.pathname
              ? { onUpdate: () => run(update(view, location.search)) }
              : {})}
            onShare={() => run(save({ ...view, shared: !view.shared }))}
            onForget={() => run(forget(view.id))}
          />
        ))}
      </ul>
      {saved.data?.length === 0 && <p className="dim pad">{appText.noSavedViews}</p>}
    </>
  )
}

type SavedProps = Readonly<{
  view: SavedView
  onGo: () => void
  onRename: (name: string) => void
  /** Only on the page of the view. */
  onUpdate?: () => void
  onShare: () => void
  onForget: () => void
}>

function Saved({ view, onGo, onRename, onUpdate, onShare, onForget }: SavedProps) {
  const [renaming, setRenaming] = useState<string>()
  if (renaming !== undefined) {
    return (
      <li>
        <form
          className="grow line"
          onSubmit={(event) => {
            event.preventDefault()
            onRename(renaming.trim())
            setRenaming(undefined)
          }}
        >
          <input
            className="grow"
            aria-label={appText.newNameOf(view.name)}
            value={renaming}
            required
            maxLength={120}
            autoFocus
            onChange={(event) => setRenaming(event.target.value)}
          />
          <button type="submit">{appText.rename}</button>
        </form>
      </li>
    )
  }
  return (
    <li>
      <button type="button" className="quiet go" onClick={onGo}>
        {view.name}
      </button>
      <span className="dim">{view.owned ? (view.shared ? appText.sharedView : '') : appText.ownedBy(view.by)}</span>
      {onUpdate !== undefined && (
        <button
          type="button"
          className="quiet"
          onClick={onUpdate}
          title={savedText.updateHint}
          aria-label={savedText.updateView(view.name)}
        >
          {savedText.update}
        </button>
      )}
      {view.owned && (
        <button
          type="button"
          className="quiet"
          onClick={() => setRenaming(view.name)}
          aria-label={appText.renameView(view.name)}
        >
          {appText.rename}
        </button>
      )}
      {view.owned && (
        <button
          type="button"
          className="quiet"
          onClick={onShare}
          aria-label={`${view.shared ? appText.unshare : appText.share} ${view.name}`}
        >
          {view.shared ? appText.unshare : appText.share}
        </button>
      )}
      {view.owned && (
        <button type="button" className="quiet" onClick={onForget} aria-label={appText.deleteView(view.name)}>
          {appText.delete}
        </button>
      )}
    </li>
  )
}
