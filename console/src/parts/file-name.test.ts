import { expect, test } from 'vitest'
import { fileName } from './file-name.ts'

test('a file has a name that every system takes', () => {
  expect(fileName('Who sends to whom', '2026-11-20T10:00Z', 'now')).toBe('who-sends-to-whom-2026-11-20t10-00z-now')
})
