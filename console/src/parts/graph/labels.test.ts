import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aroundNode, besideEdge, besideNode, boxOf, crosses, FreeSpace, type Box, type Line } from './labels.ts'

const at = fc.integer({ min: -200, max: 800 })
const nodes = fc.array(fc.record({ x: at, y: at, radius: fc.integer({ min: 2, max: 24 }) }), {
  minLength: 2,
  maxLength: 80,
})

function hits([left, top, right, bottom]: Box, { x, y, radius }: { x: number; y: number; radius: number }): boolean {
  const [dx, dy] = [Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom)]
  return Math.hypot(dx, dy) < radius
}

test('no placed text overlaps a node or another text', () => {
  fc.assert(
    fc.property(nodes, fc.integer({ min: 4, max: 90 }), (all, half) => {
      const space = new FreeSpace()
      for (const { x, y, radius } of all) space.takeNode(x, y, radius)
      const texts = [
        ...all.map(({ x, y, radius }) => besideNode(x, y, radius, half)),
        ...all.slice(1).map(({ x, y }, index) =>
          besideEdge(
            [
              [all[index]!.x, all[index]!.y],
              [x, y],
            ],
            half,
            'both',
          ),
        ),
        aroundNode(all[0]!.x, all[0]!.y, all[0]!.radius, half, 1500),
      ].flatMap((spots) => {
        const spot = space.place(half, spots)
        return spot === undefined ? [] : [boxOf(spot[0], spot[1], half)]
      })
      expect(texts.some((box) => all.some((node) => hits(box, node)))).toBe(false)
      texts.forEach((a, index) =>
        texts
          .slice(index + 1)
          .forEach((b) => expect(a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]).toBe(false)),
      )
    }),
    { numRuns: 60 },
  )
})

test('the label of a selected node finds a place beyond its neighbours', () => {
  const space = new FreeSpace()
  for (let x = -60; x <= 60; x += 20) for (let y = -60; y <= 60; y += 20) space.takeNode(x, y, 8)
  expect(space.place(40, besideNode(0, 0, 8, 40))).toBeUndefined()
  expect(space.place(40, aroundNode(0, 0, 8, 40, 400))).toBeDefined()
})

test('an amount beside an edge does not cover its line', () => {
  fc.assert(
    fc.property(at, at, at, at, fc.integer({ min: 4, max: 90 }), (x1, y1, x2, y2, half) => {
      fc.pre(Math.hypot(x2 - x1, y2 - y1) > 1)
      const line: Line = [
        [x1, y1],
        [x2, y2],
      ]
      for (const [x, y] of besideEdge(line, half, 'both')) expect(crosses(boxOf(x, y, half), line)).toBe(false)
    }),
  )
})

test('a line crosses a box that it enters, passes or is inside', () => {
  const box: Box = [0, 0, 10, 10]
  const enters: readonly Line[] = [
    [
      [-5, 5],
      [5, 5],
    ],
    [
      [-5, -5],
      [15, 15],
    ],
    [
      [2, 2],
      [3, 3],
    ],
  ]
  const misses: readonly Line[] = [
    [
      [-5, 5],
      [-1, 5],
    ],
    [
      [-5, 8],
      [8, 21],
    ],
    [
      [12, -5],
      [12, 15],
    ],
  ]
  expect([...enters, ...misses].map((line) => crosses(box, line))).toEqual([true, true, true, false, false, false])
})
