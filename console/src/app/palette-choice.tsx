import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { theme } from '../state/preferences.ts'
import { commandsOfPages, type Command } from './commands.ts'
import { keepFrame } from './page-link.tsx'
import { openKeys, openSaved } from './overlays.ts'
import { pages } from './pages.ts'
import { noteOpened, useSaved } from './saved.ts'
import { useFound } from './use-found.ts'
import { useOpenView } from './use-open-view.ts'
import { appText } from '../text/app.ts'
import { pageWords, paletteText } from '../text/palette.ts'

type PaletteProps = Readonly<{ typed: string; onType: (typed: string) => void; onDone: () => void }>

/** The palette opens with earlier input; typing continues it. */
function focusAtEnd(input: HTMLInputElement | null) {
  input?.focus()
  input?.setSelectionRange(input.value.length, input.value.length)
}

export default function PaletteChoice({ typed, onType, onDone }: PaletteProps): React.ReactNode {
  const navigate = useNavigate()
  const [at, setAt] = useState(0)
  const saved = useSaved()
  const openView = useOpenView()
  const all = useMemo(
    (): readonly Command[] => [
      ...pages.map(({ path, title }): Command => ({
        name: title,
        words: appText.pageWords(pageWords[path] ?? ''),
        run: () => {
          navigate({ to: path, search: keepFrame as never }).catch(reportError)
        },
      })),
      { name: appText.savedViews, words: appText.savedViewsWords, run: openSaved },
      ...(saved.data ?? []).map((view): Command => ({
        name: appText.view(view.name),
        words: appText.savedWords(view.page, view.by),
        key: view.id,
        run: () => {
          noteOpened(view)
          openView(view)
        },
      })),
      ...commandsOfPages(),
      ...theme.values.map((value): Command => ({
        name: appText.useTheme(value),
        words: appText.themeWords,
        run: () => theme.set(value),
      })),
      { name: appText.keys, words: appText.keysWords, run: openKeys },
    ],
    [navigate, saved.data, openView],
  )
  const wanted = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const commands = all.filter(({ name, words = '' }) =>
    wanted.every((word) => `${name} ${words}`.toLowerCase().includes(word)),
  )
  const { found: others, busy } = useFound(typed)
  // Commands with a word that begins with the input stay first when results of the server arrive.
  const startsWord = ({ name }: Command) => ` ${name}`.toLowerCase().includes(` ${typed.trim().toLowerCase()}`)
  const found =
    typed.trim() === ''
      ? commands
      : [...commands.filter(startsWord), ...others, ...commands.filter((command) => !startsWord(command))]
  const current = Math.min(at, found.length - 1)
  const run = (command: Command | undefined) => {
    if (command === undefined) return
    onDone()
    command.run()
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && found.length > 0) setAt((current + step + found.length) % found.length)
    else if (event.key === 'Enter') run(found[current])
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        role="combobox"
        aria-label={appText.pageOrCommand}
        aria-expanded={found.length > 0}
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${current}` : undefined}
        aria-autocomplete="list"
        placeholder={appText.paletteHint}
        ref={focusAtEnd}
        value={typed}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          onType(event.target.value)
          setAt(0)
        }}
      />
      <div id="palette-list" role="listbox" aria-label={appText.results}>
        {found.map((command, index) => (
          <div
            key={command.key ?? command.name}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === current}
            onPointerMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <span>{command.name}</span>
            {command.detail !== undefined && <span className="dim">{command.detail}</span>}
          </div>
        ))}
      </div>
      <p className="dim pad" role="status" hidden={found.length > 0}>
        {busy ? paletteText.searching : appText.noMatch(typed)}
      </p>
    </>
  )
}
