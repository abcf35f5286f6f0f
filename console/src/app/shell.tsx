import { Outlet } from '@tanstack/react-router'
import { Suspense, useSyncExternalStore } from 'react'
import { onSession, isLoginNeeded } from '../api/session.ts'
import { Loading } from '../parts/states.tsx'
import { Footer } from './footer.tsx'
import { Login } from './login.tsx'
import { Navigation } from './navigation.tsx'
import { KeyList } from './key-list.tsx'
import { Palette } from './palette.tsx'
import { SavedViews } from './saved-views.tsx'
import { timeZone, usePreference } from '../state/preferences.ts'
import { useShellKeys } from './shell-keys.ts'
import { useOpenView } from './use-open-view.ts'
import { appText } from '../text/app.ts'

export function Shell(): React.ReactNode {
  const loginNeeded = useSyncExternalStore(onSession, isLoginNeeded)
  const openView = useOpenView()
  const zone = usePreference(timeZone)
  useShellKeys()
  if (loginNeeded) return <Login />
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {appText.skipToContent}
      </a>
      <Navigation />
      <main id="content" tabIndex={-1}>
        {/* Every time is written anew in another zone. */}
        <Suspense key={zone} fallback={<Loading what={appText.thePage} />}>
          <Outlet />
        </Suspense>
      </main>
      <Footer />
      <Palette />
      <KeyList />
      <SavedViews onGo={openView} />
    </div>
  )
}
