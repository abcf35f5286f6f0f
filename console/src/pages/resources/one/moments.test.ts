import { expect, test } from 'vitest'
import { contentAt } from './moments.ts'

test('the content at a time is that of the version then, of this object', () => {
  const version = (uid: string, from: string, to: string | null) =>
    ({ uid, resource_version: from, operation: 'updated', valid_from: from, valid_to: to, images: [] }) as const
  const versions = [version('a', '3', null), version('b', '2', null), version('a', '1', '3')]
  expect(contentAt(versions, 'a', '3')?.resource_version).toBe('3')
  expect(contentAt(versions, 'a', '2')?.resource_version).toBe('1')
  expect(contentAt(versions, 'a', '0')).toBeUndefined()
})
