import type { FlowGroups } from '../../../../src/api/published.ts'
import { expect, test } from 'vitest'
import { groupRows } from './groups.ts'

const columns = ['src_port', 'dst_port', 'bytes', 'packets', 'flows', 'drop_bytes'].map((name) => ({
  name,
  type: 'HUGEINT',
}))
const answer = (groups: number): FlowGroups => ({
  columns,
  rows: [
    [1, null, '9007199254740993', 7, 2, 0],
    [2, 443, 5, 5, 5, 1],
  ],
  next: null,
  source: 'raw',
  exact: true,
  span: { from: '', to: '' },
  others: { groups, bytes: groups * 10, packets: groups, flows: groups, drop_bytes: 3 } as FlowGroups['others'],
  total: { groups: groups + 2, bytes: 0, packets: 0, flows: 0 },
})

test('the last row has the sums of the others in column order; without others there is none', () => {
  expect(groupRows(answer(0), 2)).toEqual([
    { key: '[1,null]', cells: [1, null], sums: ['9007199254740993', 7, 2, 0] },
    { key: '[2,443]', cells: [2, 443], sums: [5, 5, 5, 1] },
  ])
  expect(groupRows(answer(4), 2).at(-1)).toEqual({ key: 'others', cells: undefined, sums: [40, 4, 4, 3] })
})
