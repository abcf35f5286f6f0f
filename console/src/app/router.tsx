import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { readSearch, writeSearch, type Search } from '../state/codec.ts'
import { ErrorState } from '../parts/states.tsx'
import { firstPage, pages } from './pages.ts'
import { Shell } from './shell.tsx'
import { NoSuchPage } from './no-such-page.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage })

const first = createRoute({
  getParentRoute: () => root, path: '/',
  beforeLoad: () => redirect({ to: firstPage, replace: true, throw: true }),
})

const routes = pages.map(({ path, load }) => createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) }))

/** Addresses are read and written by the codec of each page; the router carries their parameters as they are. */
export const router = createRouter({
  routeTree: root.addChildren([first, ...routes]),
  parseSearch: readSearch,
  stringifySearch: (search) => writeSearch(search as Search),
  defaultPreload: 'intent',
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
})
