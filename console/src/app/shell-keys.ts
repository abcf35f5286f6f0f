import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { listenForKeys, usePageKeys, type Binding } from '../state/keys.ts'
import { keepFrame } from './page-link.tsx'
import { pages } from './pages.ts'
import { openKeys, openPalette, openSaved } from './palette-door.ts'

/** Keys of every page. */
export function useShellKeys(): void {
  const navigate = useNavigate()
  useEffect(listenForKeys, [])
  usePageKeys(
    'Everywhere',
    useMemo(
      (): readonly Binding[] => [
        { keys: ['?'], does: 'these keys', run: openKeys },
        { keys: ['Mod+k'], does: 'pages and commands, by name', run: openPalette },
        { keys: ['/'], does: 'to the first field of the page', run: toFirstField },
        { keys: ['v'], does: 'saved views', run: openSaved },
        ...pages.map(({ path, title, key }): Binding => ({
          keys: [`g ${key}`],
          does: `go to ${title}`,
          run: () => {
            navigate({ to: path, search: keepFrame as never }).catch(reportError)
          },
        })),
      ],
      [navigate],
    ),
  )
}

function toFirstField(): boolean {
  const field = document.querySelector<HTMLElement>(
    'main :is(input:not([type="checkbox"]), textarea, select):not([disabled])',
  )
  field?.focus()
  return field !== null
}
