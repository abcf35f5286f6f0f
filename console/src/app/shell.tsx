import { Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useSyncExternalStore } from 'react'
import { onSession, isLoginNeeded } from '../api/session.ts'
import { Loading } from '../parts/states.tsx'
import { Navigation } from './navigation.tsx'
import { ShellDialogs } from './shell-dialogs.tsx'
import { timeZone, usePreference } from '../state/preferences.ts'
import { useShellKeys } from './shell-keys.ts'
import { useOpenView } from './use-open-view.ts'
import { appText } from '../text/app.ts'

const Footer = lazy(() => import('./footer.tsx'))
const Login = lazy(() => import('./login.tsx'))

export function Shell(): React.ReactNode {
  const loginNeeded = useSyncExternalStore(onSession, isLoginNeeded)
  const openView = useOpenView()
  const zone = usePreference(timeZone)
  useShellKeys()
  if (loginNeeded)
    return (
      <Suspense fallback={<Loading what={appText.thePage} />}>
        <Login />
      </Suspense>
    )
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {appText.skipToContent}
      </a>
      <Navigation />
      <main id="content" tabIndex={-1}>
        {/* In another zone, every time has another text. */}
        <Suspense key={zone} fallback={<Loading what={appText.thePage} />}>
          <Outlet />
        </Suspense>
      </main>
      <Suspense fallback={<footer aria-label={appText.ledger} />}>
        <Footer />
      </Suspense>
      <ShellDialogs onGo={openView} />
    </div>
  )
}
