import { expect, test } from 'vitest'
import { linesOf } from '../../parts/grid-lines.ts'
import { insightColumns } from './columns.tsx'

test('on a phone a problem has where it is reached from, by which problems are sorted', () => {
  const lines = linesOf(insightColumns.flaws, 'details')
  expect(lines?.columns.map(({ id }) => id)).toEqual(['severity', 'id', 'pods', 'packages', 'fixed', 'exposure'])
})

test('on a phone an image has where it is reached from', () => {
  expect(linesOf(insightColumns.images, 'details')?.columns.map(({ id }) => id)).toContain('exposure')
})
