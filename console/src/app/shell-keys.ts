import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { listenForKeys, usePageKeys, type Binding } from '../state/keys.ts'
import { keepFrame } from './page-link.tsx'
import { pages } from './pages.ts'
import { openKeys, openPalette, openSaved } from './overlays.ts'
import { appText } from '../text/app.ts'

export function useShellKeys(): void {
  const navigate = useNavigate()
  useEffect(listenForKeys, [])
  usePageKeys(
    appText.everywhere,
    useMemo(
      (): readonly Binding[] => [
        { keys: ['?'], does: appText.showThisList, run: openKeys },
        { keys: ['Mod+k'], does: appText.openPagesAndCommands, run: openPalette },
        { keys: ['/'], does: appText.focusFirstField, run: toFirstField },
        { keys: ['v'], does: appText.savedViewsInText, run: openSaved },
        ...pages.map(({ path, title, key }): Binding => ({
          keys: [`g ${key}`],
          does: appText.openPage(title),
          run: () => {
            navigate({ to: path, search: keepFrame as never }).catch(reportError)
          },
        })),
      ],
      [navigate],
    ),
  )
}

/** On a phone the fields are in a sheet. */
function toFirstField(): boolean {
  const sheet = document.querySelector<HTMLElement>('main .sheet-button')
  sheet?.click()
  const focus = () => firstField()?.focus()
  if (sheet === null) focus()
  else requestAnimationFrame(focus)
  return sheet !== null || firstField() !== null
}

function firstField(): HTMLElement | null {
  return document.querySelector<HTMLElement>('main :is(input:not([type="checkbox"]), textarea, select):not([disabled])')
}
