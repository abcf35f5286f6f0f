import { useRouterState } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMe } from '../api/queries.ts'
import { useCloseOutside } from '../hooks/use-close-outside.ts'
import { logOut } from './log-in.ts'
import { PageLink } from './page-link.tsx'
import { pageOf, pages } from './pages.ts'
import { scopeText } from './account-text.ts'
import { openKeys, openPalette, openSaved, paletteKeys } from './overlays.ts'
import { theme, usePreference, type Theme } from '../state/preferences.ts'
import { appText } from '../text/app.ts'

const groups = [...new Set(pages.map(({ group }) => group))]
const marks: Readonly<Record<Theme, string>> = { system: '◐', light: '○', dark: '●' }

export function Navigation(): React.ReactNode {
  const chosen = usePreference(theme)
  const me = useMe()
  const next = theme.values[(theme.values.indexOf(chosen) + 1) % theme.values.length] ?? 'system'
  return (
    <header className="side">
      <PageLink to="/" className="brand">
        <img src="/icon.svg" alt="" width="22" height="22" />
        {appText.weir}
      </PageLink>
      <Menu />
      {me.data !== undefined && me.data.login !== 'none' && (
        <p className="side-me dim" title={scopeText(me.data)}>
          {me.data.name}{' '}
          <button
            type="button"
            className="quiet"
            onClick={() => {
              logOut().catch(reportError)
            }}
          >
            {appText.signOut}
          </button>
        </p>
      )}
      <div className="side-tools">
        <button type="button" className="quiet open-palette" onClick={openPalette} title={appText.pagesAndCommands}>
          <span className="keys">{paletteKeys}</span>
          <span className="spoken"> {appText.pagesAndCommands}</span>
        </button>
        <button
          type="button"
          className="quiet"
          onClick={openSaved}
          title={appText.savedViews}
          aria-label={appText.savedViews}
        >
          ☆
        </button>
        <button type="button" className="quiet" onClick={openKeys} title={appText.keys} aria-label={appText.keys}>
          ?
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => theme.set(next)}
          title={appText.themeSwitch(chosen, next)}
          aria-label={appText.themeIs(chosen)}
        >
          {marks[chosen]}
        </button>
      </div>
    </header>
  )
}

/** On a phone the pages are behind a button. */
function Menu() {
  const [open, setOpen] = useState(false)
  const nav = useRef<HTMLElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const parts = useMemo(() => [nav, button], [])
  const close = useCallback(() => setOpen(false), [])
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const current = pageOf(path)
  useEffect(() => setOpen(false), [path])
  useCloseOutside({ open, parts, close })
  return (
    <>
      <button
        ref={button}
        type="button"
        className="menu-button quiet"
        aria-expanded={open}
        aria-controls="pages"
        aria-label={appText.menuOf(current?.title ?? '')}
        onClick={() => setOpen(!open)}
      >
        <span aria-hidden="true">☰</span>
        {current?.title ?? appText.pages}
      </button>
      <nav ref={nav} id="pages" className={open ? 'open' : undefined} aria-label={appText.pages}>
        {groups.map((group) => (
          <div key={group} className="nav-group" role="group" aria-label={group}>
            <h2 aria-hidden="true">{group}</h2>
            {pages
              .filter((page) => page.group === group)
              .map(({ path: to, title }) => (
                <PageLink key={to} to={to}>
                  {title}
                </PageLink>
              ))}
          </div>
        ))}
      </nav>
    </>
  )
}
