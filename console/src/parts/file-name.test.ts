import { expect, test } from 'vitest'
import { fileName } from './file-name.ts'

test('a file name is valid on every system', () => {
  expect(fileName('Source to destination', '2026-11-20T10:00Z', 'now')).toBe(
    'source-to-destination-2026-11-20t10-00z-now',
  )
})
