import { expect, test } from 'vitest'
import { noteOf, withNote } from './notes.tsx'

test('a note belongs to its pin, and an empty text removes it', () => {
  const pin = 'cost:2026-11-20 EUR a=b'
  const notes = withNote(withNote([], pin, 'x = y, z'), 'changes:1', 'first')
  expect([noteOf(notes, pin), noteOf(notes, 'changes:1'), noteOf(notes, 'changes:10')]).toEqual([
    'x = y, z',
    'first',
    '',
  ])
  expect(withNote(notes, pin, '')).toEqual(['changes:1=first'])
  expect(noteOf(withNote(notes, pin, 'new'), pin)).toBe('new')
})
