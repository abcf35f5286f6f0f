import { useEffect, useRef, useState } from 'react'
import { asRefused } from '../api/problem.ts'
import { onOpenSaved } from './palette-door.ts'
import type { SavedView } from '../../../src/api/published.ts'
import { forget, save, useSaved } from './saved.ts'

/** Saves what is seen under a name, and keeps the names in order. */
export function SavedViews({ onGo }: { readonly onGo: (view: SavedView) => void }): React.ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  useEffect(
    () =>
      onOpenSaved(() => {
        setOpen(true)
        if (dialog.current?.open === false) dialog.current.showModal()
      }),
    [],
  )
  return (
    <dialog
      ref={dialog}
      className="palette saved"
      aria-label="Saved views"
      onClose={() => setOpen(false)}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close()
      }}
    >
      {open && (
        <Views
          onGo={(view) => {
            dialog.current?.close()
            onGo(view)
          }}
          onClose={() => dialog.current?.close()}
        />
      )}
    </dialog>
  )
}

function Views({
  onGo,
  onClose,
}: {
  readonly onGo: (view: SavedView) => void
  readonly onClose: () => void
}): React.ReactNode {
  const saved = useSaved()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const [said, setSaid] = useState('')
  const run = (work: Promise<void>): void => {
    work.then(
      () => setSaid(''),
      (error: unknown) => setSaid(asRefused(error).message),
    )
  }
  return (
    <>
      <div className="drawer-head">
        <h2>Saved views</h2>
        <button type="button" className="quiet" aria-label="Close" onClick={onClose}>
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
          Name of this view
          <input value={name} required maxLength={120} autoFocus onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="check">
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} />
          for everybody
        </label>
        <button type="submit" className="primary">
          Save
        </button>
      </form>
      {said !== '' && (
        <p role="alert" className="bad pad">
          {said}
        </p>
      )}
      <ul className="saved-list">
        {(saved.data ?? []).map((view) => (
          <Saved
            key={view.id}
            view={view}
            onGo={() => onGo(view)}
            onRename={(to) => run(save({ ...view, name: to }))}
            onShare={() => run(save({ ...view, shared: !view.shared }))}
            onForget={() => run(forget(view.id))}
          />
        ))}
      </ul>
      {saved.data?.length === 0 && (
        <p className="dim pad">None yet. A saved view is found by its name in the palette, too.</p>
      )}
    </>
  )
}

interface SavedProps {
  readonly view: SavedView
  readonly onGo: () => void
  readonly onRename: (name: string) => void
  readonly onShare: () => void
  readonly onForget: () => void
}

function Saved({ view, onGo, onRename, onShare, onForget }: SavedProps): React.ReactNode {
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
            aria-label={`New name of ${view.name}`}
            value={renaming}
            required
            maxLength={120}
            autoFocus
            onChange={(event) => setRenaming(event.target.value)}
          />
          <button type="submit">Rename</button>
        </form>
      </li>
    )
  }
  return (
    <li>
      <button type="button" className="quiet go" onClick={onGo}>
        {view.name}
      </button>
      <span className="dim">{view.mine ? (view.shared ? 'for everybody' : '') : `of ${view.by}`}</span>
      {view.mine && (
        <button
          type="button"
          className="quiet"
          onClick={() => setRenaming(view.name)}
          aria-label={`Rename ${view.name}`}
        >
          Rename
        </button>
      )}
      {view.mine && (
        <button
          type="button"
          className="quiet"
          onClick={onShare}
          aria-label={`${view.shared ? 'Unshare' : 'Share'} ${view.name}`}
        >
          {view.shared ? 'Unshare' : 'Share'}
        </button>
      )}
      {view.mine && (
        <button type="button" className="quiet" onClick={onForget} aria-label={`Delete ${view.name}`}>
          Delete
        </button>
      )}
    </li>
  )
}
