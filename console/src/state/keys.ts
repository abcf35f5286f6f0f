import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { singleKeys } from './preferences.ts'

export type Binding = Readonly<{
  /** As in KeyboardEvent.key; `Mod` is Ctrl or ⌘, `g h` a sequence. Letters ignore Shift. */
  keys: readonly string[]
  does: string
  run: (event: KeyboardEvent) => unknown
}>

export type KeyGroup = Readonly<{
  title: string
  bindings: readonly Binding[]
  everywhere: boolean
}>

const groups = new Set<KeyGroup>()
const listeners = new Set<() => void>()

function keyGroups(): readonly KeyGroup[] {
  return [...groups]
}

function onKeyGroups(listener: () => void): () => void {
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

/** Keys of the page while the caller is mounted, except in text fields. `bindings` must be stable. */
export function usePageKeys(title: string, bindings: readonly Binding[]): void {
  useEffect(() => offer({ title, bindings, everywhere: true }), [title, bindings])
}

type LocalEvent = React.KeyboardEvent | KeyboardEvent

export function useLocalKeys(title: string, bindings: readonly Binding[]): (event: LocalEvent) => boolean {
  const now = useRef(bindings)
  useLayoutEffect(() => {
    now.current = bindings
  })
  const serialized = JSON.stringify(bindings.map(({ keys, does }) => [keys, does]))
  useEffect(
    () =>
      offer({
        title,
        everywhere: false,
        bindings: (JSON.parse(serialized) as [string[], string][]).map(([keys, does]) => ({
          keys,
          does,
          run: () => false,
        })),
      }),
    [title, serialized],
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

export function isKey(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
  written: string,
): boolean {
  const parts = written.length === 1 ? [written] : written.split('+')
  const key = parts.pop() ?? ''
  const pressed = named[event.key] ?? event.key
  const letter = /^\p{L}$/u.test(pressed)
  // Punctuation may need Shift or AltGr.
  const sign = pressed.length === 1 && !letter
  return (
    (letter ? pressed.toLowerCase() : pressed) === key &&
    (event.ctrlKey || event.metaKey) === parts.includes('Mod') &&
    (sign || event.altKey === parts.includes('Alt')) &&
    (sign || event.shiftKey === parts.includes('Shift'))
  )
}

export const isSingle = (written: string): boolean => written.split(' ').every((part) => part.length === 1)

const writable = 'input:not([type="checkbox"], [type="radio"], [type="button"]), textarea, select, [contenteditable]'
const pairMs = 1500

export function listenForKeys(): () => void {
  let first = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const forget = () => {
    clearTimeout(timer)
    first = ''
  }
  const onKey = (event: KeyboardEvent) => {
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
        const [first = '', two] = key.split(' ')
        if (two === undefined ? pair !== '' || !isKey(event, first) : pair !== first || !isKey(event, two)) continue
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

export function useKeyGroups(): readonly KeyGroup[] {
  const [shown, setShown] = useState(keyGroups)
  useEffect(() => {
    const look = () => setShown(keyGroups())
    look()
    return onKeyGroups(look)
  }, [])
  return shown
}
