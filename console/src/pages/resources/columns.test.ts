import { expect, test } from 'vitest'
import { linesOf } from '../../parts/grid-lines.ts'
import { columnsAt } from './columns.tsx'

const idsOf = (ofClusters: number): readonly string[] =>
  columnsAt('now', Date.UTC(2026, 10, 20), { ofClusters }).map(({ id }) => id)

test('rows of one cluster need no column of it', () => {
  expect(idsOf(1)).not.toContain('cluster')
  expect(idsOf(2)).toEqual([...idsOf(1), 'cluster'])
})

test('on a phone the second line has the namespace and when the object last changed', () => {
  const lines = linesOf(columnsAt('now', Date.UTC(2026, 10, 20), { ofClusters: 1 }), 'details')
  expect(lines?.columns.slice(lines.first).map(({ id }) => id)).toEqual(['namespace', 'since', 'ready'])
})

test('the columns of one cluster fit a window of 1440 px', () => {
  const columns = columnsAt('now', Date.UTC(2026, 10, 20), { ofClusters: 1 })
  expect(columns.reduce((sum, { width }) => sum + width, 0)).toBeLessThanOrEqual(1239)
})
