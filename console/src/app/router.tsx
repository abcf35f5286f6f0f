import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { isLoginNeeded, onSession } from '../api/session.ts'
import { readSearch, writeSearch, type Search } from '../state/codec.ts'
import { ErrorState } from '../parts/states.tsx'
import { firstPage } from './first-page.ts'
import { details, pages } from './pages.ts'
import { Shell } from './shell.tsx'
import { NoSuchPage } from './no-such-page.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage })

const first = createRoute({
  getParentRoute: () => root,
  path: '/',
  // Before sign-in the route stays here and is evaluated again afterwards.
  beforeLoad: async () => {
    const to = await firstPage()
    if (to !== undefined) redirect({ to, replace: true, throw: true })
  },
})

const routes = [...pages, ...details].map(({ path, load }) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) }),
)

export const router = createRouter({
  routeTree: root.addChildren([first, ...routes]),
  parseSearch: readSearch,
  stringifySearch: (search) => writeSearch(search as Search),
  defaultPreload: 'intent',
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
})

onSession(() => {
  if (!isLoginNeeded()) router.invalidate().catch(reportError)
})
