import { expect, test } from 'vitest'
import { layoutOf, type Box } from './layout.ts'
import type { PipelineView } from '../../api/pipeline-view.ts'

const view = (sources: number, sinks: number): PipelineView => ({
  balanced: true,
  accepted: sources * 10,
  sources: Array.from({ length: sources }, (_, index) => ({
    name: `in${index}`,
    type: 'x',
    addresses: [],
    rate: 0,
    silentMs: undefined,
    feed: undefined,
    error: undefined,
    accepted: 10,
    duplicates: 0,
    unreadable: 0,
    shed: {},
  })),
  sinks: Array.from({ length: sinks }, (_, index) => ({
    name: `out${index}`,
    type: 'x',
    from: [],
    state: index === 0 ? 'running' : 'retrying',
    lagMs: 0,
    error: undefined,
    accepted: sources * 10,
    parts: [],
    balanced: true,
  })),
})

const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

test('no box covers another or leaves the picture, in any width and number', () => {
  for (const width of [260, 304, 500, 640, 900, 1400]) {
    for (const [sources, sinks] of [
      [0, 0],
      [1, 1],
      [3, 1],
      [1, 6],
      [12, 9],
    ] as const) {
      const { boxes, height } = layoutOf(view(sources, sinks), width)
      expect(boxes).toHaveLength(sources + sinks + 1)
      for (const [index, box] of boxes.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(0)
        expect(box.x + box.width).toBeLessThanOrEqual(width + 0.001)
        expect(box.y + box.height).toBeLessThanOrEqual(height + 0.001)
        for (const other of boxes.slice(index + 1)) expect(meet(box, other)).toBe(false)
      }
    }
  }
})

test('the journal and the sinks are near the first of many sources', () => {
  const { boxes } = layoutOf(view(11, 2), 1200)
  const tops = boxes.filter(({ id }) => !id.startsWith('source:')).map(({ y }) => y)
  expect(Math.max(...tops)).toBeLessThan(300)
})

test('the width of a line is its share of rows, and the line of a failed sink is broken', () => {
  const { lines } = layoutOf(view(2, 2), 1000)
  const width = (key: string): number => lines.find((line) => line.key === key)?.width ?? 0
  expect(width('sink:out0')).toBeGreaterThan(width('source:in0'))
  expect(lines.map(({ broken }) => broken)).toEqual([false, false, false, true])
})
