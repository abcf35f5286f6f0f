import { expect, test } from 'vitest'
import type { TraceColumns } from '../../api/traces.ts'
import { layoutOf, nameOf, stepFrom } from './graph-layout.ts'

const size = (traces: number, failed = 0): { traces: number; failed: number; incidents: number } => ({
  traces,
  failed,
  incidents: 0,
})

const answer: TraceColumns = {
  span: { from: '', to: '' },
  total: 10,
  columns: [
    {
      column: 'actor',
      nodes: [
        { value: 'user:d/a', label: 'alice', ...size(6) },
        { value: 'unknown', label: null, ...size(1) },
      ],
      others: { values: 2, ...size(3) },
    },
    {
      column: 'action',
      nodes: [
        { value: 'login', label: 'IAM', ...size(7, 1) },
        { value: 'get', label: null, ...size(3) },
      ],
      others: { values: 0, ...size(0) },
    },
  ],
  edges: [
    { column: 0, from: 0, to: 0, ...size(2) },
    { column: 0, from: 0, to: 1, ...size(3) },
    { column: 0, from: -1, to: 0, ...size(4, 1) },
    { column: 0, from: 1, to: 0, ...size(1) },
  ],
}

test('the others are below the nodes of their column and have lines', () => {
  const { columns, lines, height, left } = layoutOf(answer)
  expect(columns.map((nodes) => nodes.map(({ name, rank }) => `${name} ${rank}`))).toEqual([
    ['alice 0', 'unknown 1', '2 others -1'],
    ['IAM login 0', 'get 1'],
  ])
  expect(lines.map(({ from, to, traces }) => `${from.name} ${to.name} ${traces}`)).toEqual([
    '2 others IAM login 4',
    'alice get 3',
    'alice IAM login 2',
    'unknown IAM login 1',
  ])
  expect([height, left]).toEqual([78, 0])
})

test('arrow keys move within a column and along the thickest line', () => {
  const layout = layoutOf(answer)
  const [alice, unknown, others] = layout.columns[0] ?? []
  const [login, get] = layout.columns[1] ?? []
  if (alice === undefined || login === undefined || get === undefined) throw new Error('there are nodes')
  expect(stepFrom(layout, alice, 'ArrowDown')).toBe(unknown)
  expect(stepFrom(layout, alice, 'ArrowUp')).toBeUndefined()
  expect(stepFrom(layout, alice, 'End')).toBe(others)
  expect(stepFrom(layout, alice, 'ArrowRight')).toBe(get)
  expect(stepFrom(layout, login, 'ArrowLeft')).toBe(others)
  expect(stepFrom(layout, alice, 'ArrowLeft')).toBeUndefined()
})

test('a node is labelled by its name, an unnamed actor by the part after its domain', () => {
  expect([
    nameOf('actor', 'user:d%2Fx/bob', null),
    nameOf('actor', 'user:d/1', 'bob'),
    nameOf('action', 'login', 'IAM'),
    nameOf('tenant', null, null),
    nameOf('resource', 'otc:p/s/t/1', 'web'),
  ]).toEqual(['bob', 'bob', 'IAM login', 'unknown', 'web'])
})
