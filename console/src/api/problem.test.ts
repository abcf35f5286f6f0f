import { expect, test } from 'vitest'
import { hintText } from './problem.ts'

test('a hint adds to the message and does not repeat it', () => {
  const message = 'There is no field dst_prt.'
  expect(hintText(`At 0–7: ${message} Did you mean dst_port?`, message)).toBe('Did you mean dst_port?')
  expect(hintText(`At 0–7: ${message}`, message)).toBe('')
  expect(hintText('At 4: A value is missing.', message)).toBe('At 4: A value is missing.')
  expect(hintText('Try a shorter range.', message)).toBe('Try a shorter range.')
})
