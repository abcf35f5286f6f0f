import { expect, test } from 'vitest'
import { sealed, unsealed } from './sealed.ts'

const content = { queue: 'audit', offset: 1234, views: [{ name: 'Who sends “what”', shared: true }] }

test('a state file returns its content or is refused, whichever bit is flipped', () => {
  for (const indent of [undefined, 1]) {
    const bytes = Buffer.from(sealed(content, indent))
    expect(unsealed(bytes.toString())).toEqual(content)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      let read: Readonly<Record<string, unknown>> | undefined
      try {
        read = unsealed(damaged.toString())
      } catch {
        /* Refused. */
      }
      if (read !== undefined) expect(read, `bit ${bit}`).toMatchObject(content)
    }
  }
})

test('a state file of an earlier version has no checksum', () => {
  expect(unsealed(JSON.stringify(content))).toEqual(content)
})
