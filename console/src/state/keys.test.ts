import { expect, test } from 'vitest'
import { isKey, isSingle } from './keys.ts'

const pressed = (
  key: string,
  held: { ctrl?: boolean; meta?: boolean; shift?: boolean; alt?: boolean } = {},
): Parameters<typeof isKey>[0] => ({
  key,
  ctrlKey: held.ctrl === true,
  metaKey: held.meta === true,
  shiftKey: held.shift === true,
  altKey: held.alt === true,
})

test('a key matches with exactly its modifiers; Ctrl and ⌘ are equal', () => {
  expect(isKey(pressed('k', { ctrl: true }), 'Mod+k')).toBe(true)
  expect(isKey(pressed('K', { meta: true }), 'Mod+k')).toBe(true)
  expect(isKey(pressed('k'), 'Mod+k')).toBe(false)
  expect(isKey(pressed('k', { ctrl: true }), 'k')).toBe(false)
  expect(isKey(pressed('k', { ctrl: true, shift: true }), 'Mod+k')).toBe(false)
  expect(isKey(pressed(' '), 'Space')).toBe(true)
  expect(isKey(pressed('ArrowDown', { ctrl: true }), 'ArrowDown')).toBe(false)
  expect(isKey(pressed('ArrowDown', { ctrl: true }), 'Mod+ArrowDown')).toBe(true)
})

test('punctuation matches on any keyboard layout', () => {
  expect(isKey(pressed('?', { shift: true }), '?')).toBe(true)
  expect(isKey(pressed('/', { shift: true }), '/')).toBe(true)
  expect(isKey(pressed('+', { shift: true }), '+')).toBe(true)
  expect(isKey(pressed('?', { ctrl: true, shift: true }), '?')).toBe(false)
})

test('single keys are letters, punctuation and sequences without modifiers', () => {
  expect(['?', 'l', 'g h', 'g ,'].map(isSingle)).toEqual([true, true, true, true])
  expect(['Mod+k', 'Enter', 'ArrowDown', 'Shift+ArrowUp'].map(isSingle)).toEqual([false, false, false, false])
})
