import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { prefetchMe, queryClient } from './api/queries.ts'
import { takeToken } from './api/session.ts'
import { logIn } from './app/log-in.ts'
import { pages } from './app/pages.ts'
import { router } from './app/router.tsx'
import { applyPreferences } from './state/apply-preferences.ts'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/grid.css'
import './style/phone.css'
import './style/forced.css'

applyPreferences()
const token = takeToken()
if (token !== '') await logIn(token).catch(() => {})
const container = document.getElementById('console')
if (container === null) throw new Error('the page has no #console')
prefetchMe()
pages
  .find(({ path }) => path === location.pathname)
  ?.load()
  .catch(() => {})
createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
