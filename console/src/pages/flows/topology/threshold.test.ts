import { expect, test } from 'vitest'
import { foldable, foldGraph, zero, type Edges } from '../../../parts/graph/fold.ts'
import { nodeCells, nodeLabel } from '../../../parts/graph/scope.ts'
import { aboveThreshold, thresholdOf } from './threshold.ts'
import { troubleOf } from '../../../parts/graph/trouble.ts'

const limits = { nodes: 300, edges: 1500 }
const pod = (name: string, owner: string, addr: string): readonly unknown[] => [owner, name, 'pods', addr, 'shop']
const outside = [null, null, 'internet', '203.0.113.9', null]
const sums = (bytes: number): ReturnType<typeof zero> => ({ ...zero(), bytes, packets: 10, flows: 1 })
const edges: Edges = {
  rows: [
    { from: pod('web-a', 'web', '10.0.0.1'), to: pod('db-0', 'db', '10.0.0.9'), sums: sums(900) },
    {
      from: pod('web-b', 'web', '10.0.0.2'),
      to: pod('db-0', 'db', '10.0.0.9'),
      sums: sums(100),
      trouble: { drops: 3, errors: 0 },
    },
    { from: outside, to: pod('web-a', 'web', '10.0.0.1'), sums: sums(5) },
  ],
  total: { ...zero(), bytes: 1005, packets: 30, flows: 3, edges: 3 },
}

test('pods of one owner are one workload; others keep name, network or address', () => {
  const graph = foldGraph(edges, 'workload', 'bytes', limits)
  expect(graph.nodes.map(({ label, group }) => `${group}/${label}`)).toEqual([
    'shop/web',
    'shop/db',
    'internet/internet',
  ])
  expect(graph.edges.map(({ bytes, trouble }) => [bytes, trouble])).toEqual([
    [1000, { drops: 3, errors: 0 }],
    [5, undefined],
  ])
  expect([graph.total.edges, graph.rest.edges]).toEqual([2, 0])
  expect(nodeLabel('workload', nodeCells('workload', [null, null, null, '192.0.2.1', null]))).toBe('192.0.2.1')
})

test('a folded group is one node, and its inner edges stay in the sums', () => {
  const graph = foldGraph(edges, 'workload', 'bytes', limits, ['shop'])
  expect(graph.nodes.map(({ label, stands, cells }) => [label, stands, cells])).toEqual([
    ['shop', 2, undefined],
    ['internet', 1, expect.anything()],
  ])
  expect(graph.edges.map(({ from, to, bytes }) => [from, to, bytes])).toEqual([
    [0, 0, 1000],
    [1, 0, 5],
  ])
  expect([foldable(graph, ['shop']), foldable(foldGraph(edges, 'workload', 'bytes', limits), [])]).toEqual([
    ['shop'],
    ['shop'],
  ])
})

test('the threshold moves weaker edges into the rest, and 100 keeps the strongest', () => {
  const graph = foldGraph(edges, 'workload', 'bytes', limits)
  expect([0, 50, 100].map((position) => thresholdOf(graph, 'bytes', position))).toEqual([0, 10, 1000])
  expect(aboveThreshold(graph, 'bytes', 0)).toBe(graph)
  const strong = aboveThreshold(graph, 'bytes', 50)
  expect(strong.nodes.map(({ label }) => label)).toEqual(['web', 'db'])
  expect([strong.edges.length, strong.rest.bytes, strong.rest.edges, strong.total]).toEqual([
    1,
    5,
    1,
    { ...edges.total, edges: 2 },
  ])
  expect(aboveThreshold(graph, 'bytes', 100).edges.map(({ bytes }) => bytes)).toEqual([1000])
})

test('an edge is marked from 1 % of its packets or flows', () => {
  const edge = { ...zero(), packets: 980, flows: 100 }
  expect([9, 10].map((drops) => troubleOf({ ...edge, trouble: { drops, errors: 0 } }))).toEqual([undefined, 'drops'])
  expect([0, 1].map((errors) => troubleOf({ ...edge, trouble: { drops: 1, errors } }))).toEqual([undefined, 'errors'])
  expect(troubleOf(edge)).toBeUndefined()
})
