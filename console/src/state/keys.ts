/**
 * Every key that does something stands in a group of this registry, with what it does; the list of keys (`?`) shows the
 * registry, and the same entries are what is run, so that neither can say what the other does not do.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { singleKeys } from './preferences.ts'

export interface Binding {
  /**
   * Each does it: `ArrowDown` as KeyboardEvent.key has it, `Space`, `Mod+k` (Ctrl or ⌘), `Shift+Enter`, `g h` for one after the
   * other. Letters are the same with and without Shift.
   */
  readonly keys: readonly string[]
  readonly does: string
  /** `false`: not now, the key goes on its way. */
  readonly run: (event: KeyboardEvent) => unknown
}

export interface KeyGroup {
  readonly title: string
  readonly bindings: readonly Binding[]
  /** Whatever has the focus; else while that part of the page has it. */
  readonly everywhere: boolean
}

const groups = new Set<KeyGroup>()
const listeners = new Set<() => void>()

/** What is in force now, of every part of the page that is shown. */
export function keyGroups(): readonly KeyGroup[] {
  return [...groups]
}

export function onKeyGroups(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function offer(group: KeyGroup): () => void {
  groups.add(group)
  for (const listener of listeners) listener()
  return () => {
    groups.delete(group)
    for (const listener of listeners) listener()
  }
}

/** Keys that hold wherever the focus is, except in fields that are written in, as long as the caller is shown. `bindings` must keep its identity. */
export function usePageKeys(title: string, bindings: readonly Binding[]): void {
  useEffect(() => offer({ title, bindings, everywhere: true }), [title, bindings])
}

type LocalEvent = React.KeyboardEvent | KeyboardEvent

/** Keys of one part of the page; the answer is its `onKeyDown`, and tells whether something was done. */
export function useLocalKeys(title: string, bindings: readonly Binding[]): (event: LocalEvent) => boolean {
  const now = useRef(bindings)
  useLayoutEffect(() => {
    now.current = bindings
  })
  // What the list says does not change with each drawing; what is run is always of the last one.
  const told = JSON.stringify(bindings.map(({ keys, does }) => [keys, does]))
  useEffect(
    () =>
      offer({
        title,
        everywhere: false,
        bindings: (JSON.parse(told) as [string[], string][]).map(([keys, does]) => ({ keys, does, run: () => false })),
      }),
    [title, told],
  )
  return useCallback((event) => {
    const native = 'nativeEvent' in event ? event.nativeEvent : event
    if (
      native.defaultPrevented ||
      !now.current.some(({ keys, run }) => keys.some((key) => isKey(native, key)) && run(native) !== false)
    )
      return false
    event.preventDefault()
    return true
  }, [])
}

const named: Readonly<Record<string, string>> = { ' ': 'Space' }

/** Is it this key? */
export function isKey(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
  written: string,
): boolean {
  const parts = written.length === 1 ? [written] : written.split('+')
  const key = parts.pop() ?? ''
  const pressed = named[event.key] ?? event.key
  const letter = /^\p{L}$/u.test(pressed)
  // A sign may need Shift or AltGr, depending on the keyboard.
  const sign = pressed.length === 1 && !letter
  return (
    (letter ? pressed.toLowerCase() : pressed) === key &&
    (event.ctrlKey || event.metaKey) === parts.includes('Mod') &&
    (sign || event.altKey === parts.includes('Alt')) &&
    (sign || event.shiftKey === parts.includes('Shift'))
  )
}

/** A key, or a pair of keys, without Ctrl or another key of its kind. */
export const isSingle = (written: string): boolean => written.split(' ').every((part) => part.length === 1)

const writable = 'input:not([type="checkbox"], [type="radio"], [type="button"]), textarea, select, [contenteditable]'
const pairMs = 1500

/** Listens for {@link usePageKeys}. Answers the end of it. */
export function listenForKeys(): () => void {
  let first = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const forget = (): void => {
    clearTimeout(timer)
    first = ''
  }
  const onKey = (event: KeyboardEvent): void => {
    const written = event.target instanceof Element && event.target.closest(writable) !== null
    if (event.defaultPrevented || event.isComposing) return forget()
    const bindings = [...groups]
      .filter(({ everywhere }) => everywhere)
      .reverse()
      .flatMap((group) => group.bindings)
    const pair = first
    forget()
    for (const { keys, run } of bindings) {
      for (const key of keys) {
        if (isSingle(key) && (written || singleKeys.get() === 'off' || document.querySelector('dialog[open]') !== null))
          continue
        const [one = '', two] = key.split(' ')
        if (two === undefined ? pair !== '' || !isKey(event, one) : pair !== one || !isKey(event, two)) continue
        if (run(event) === false) continue
        event.preventDefault()
        return
      }
    }
    const begins = bindings.some(({ keys }) =>
      keys.some((key) => key.includes(' ') && isKey(event, key.split(' ', 1)[0] ?? '')),
    )
    if (!begins || pair !== '' || written || singleKeys.get() === 'off') return
    first = event.key.toLowerCase()
    timer = setTimeout(forget, pairMs)
  }
  addEventListener('keydown', onKey)
  return () => {
    forget()
    removeEventListener('keydown', onKey)
  }
}

/** The groups as they are now; drawn anew when a part of the page comes or goes. */
export function useKeyGroups(): readonly KeyGroup[] {
  const [shown, setShown] = useState(keyGroups)
  useEffect(() => {
    const look = (): void => setShown(keyGroups())
    look()
    return onKeyGroups(look)
  }, [])
  return shown
}
