import { expect, test } from 'vitest'
import { foundIn } from './find.tsx'
import { foldGraph, zero } from './fold.ts'

test('a node is found by a part of any value, ignoring case; combined nodes have no names', () => {
  const row = (from: string, to: string, bytes: number): Parameters<typeof foldGraph>[0]['rows'][number] => ({
    from: [from, 'shop', null],
    to: [to, 'shop', null],
    sums: { ...zero(), bytes, flows: 1 },
  })
  const graph = foldGraph(
    {
      rows: [row('Web-1', 'db', 90), row('web-2', 'db', 80), row('cache', 'db', 1)],
      total: { ...zero(), edges: 3, bytes: 171, flows: 3 },
    },
    'name',
    'bytes',
    { nodes: 4, edges: 9 },
  )
  expect(foundIn(graph, ' WEB').map((at) => graph.nodes[at]?.label)).toEqual(['Web-1', 'web-2'])
  expect([foundIn(graph, 'shop').length, foundIn(graph, ''), foundIn(graph, 'others')]).toEqual([4, [], []])
})
