import { lazy, Suspense, useEffect, useState } from 'react'
import type { SavedView } from '../../../src/api/published.ts'
import { OverlayDialog } from './overlay-dialog.tsx'
import { onOpenKeys, onOpenPalette, onOpenSaved } from './overlays.ts'
import { onAdding } from '../parts/dashboards/adding.ts'
import { boardsText } from '../parts/dashboards/text.ts'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

const loadPalette = () => import('./palette-choice.tsx')
const loadKeys = () => import('./key-list.tsx')
const loadViews = () => import('./saved-views.tsx')
const PaletteChoice = lazy(loadPalette)
const Keys = lazy(loadKeys)
const Views = lazy(loadViews)
const AddToDashboard = lazy(() => import('./add-to-dashboard.tsx'))
const inputs = ['pointermove', 'pointerdown', 'keydown'] as const

/** The palette, the list of keys and the saved views. */
export function ShellDialogs({ onGo }: { onGo: (view: Pick<SavedView, 'page' | 'search'>) => void }): React.ReactNode {
  // With the first input, so that a dialog takes the keys that are typed after its own.
  useEffect(() => {
    const load = () => {
      for (const load of [loadPalette, loadKeys, loadViews]) load().catch(() => {})
      stop()
    }
    const stop = () => {
      for (const event of inputs) removeEventListener(event, load)
    }
    for (const event of inputs) addEventListener(event, load)
    return stop
  }, [])
  return (
    <>
      <OverlayDialog className="palette" label={appText.pagesAndCommands} onOpen={onOpenPalette}>
        {(close) => <Palette onDone={close} />}
      </OverlayDialog>
      <OverlayDialog className="palette key-list" label={appText.keys} onOpen={onOpenKeys}>
        {(close) => (
          <Loaded>
            <Keys onClose={close} />
          </Loaded>
        )}
      </OverlayDialog>
      <OverlayDialog className="palette saved" label={appText.savedViews} onOpen={onOpenSaved}>
        {(close) => (
          <Loaded>
            <Views
              onGo={(view) => {
                close()
                onGo(view)
              }}
              onClose={close}
            />
          </Loaded>
        )}
      </OverlayDialog>
      <OverlayDialog className="palette saved" label={boardsText.add} onOpen={onAdding}>
        {(close) => (
          <Loaded>
            <AddToDashboard
              onGo={(view) => {
                close()
                onGo(view)
              }}
              onClose={close}
            />
          </Loaded>
        )}
      </OverlayDialog>
    </>
  )
}

/** Takes keys while its code loads. */
function Palette({ onDone }: { onDone: () => void }) {
  const [typed, setTyped] = useState('')
  const early = (
    <input
      aria-label={appText.pageOrCommand}
      autoFocus
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  )
  return (
    <Suspense fallback={early}>
      <PaletteChoice typed={typed} onType={setTyped} onDone={onDone} />
    </Suspense>
  )
}

function Loaded({ children }: { children: React.ReactNode }) {
  return <Suspense fallback={<p className="dim pad">{generalText.loading}</p>}>{children}</Suspense>
}
