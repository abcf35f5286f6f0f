/** Places for texts that overlap neither nodes nor other texts. All units are pixels. */

export type Box = readonly [left: number, top: number, right: number, bottom: number]

export type Spot = readonly [x: number, y: number]

const cellSize = 64
const [ascent, descent] = [11, 4]

export class FreeSpace {
  readonly #cells = new Map<number, Box[]>()

  take(box: Box): void {
    for (const cell of cellsOf(box)) {
      const list = this.#cells.get(cell)
      if (list === undefined) this.#cells.set(cell, [box])
      else list.push(box)
    }
  }

  /** A node, with its border and `margin`. */
  takeNode(x: number, y: number, radius: number, margin = 2): void {
    const reach = radius + margin
    this.take([x - reach, y - reach, x + reach, y + reach])
  }

  isFree(box: Box): boolean {
    return cellsOf(box).every((cell) => !(this.#cells.get(cell) ?? []).some((placed) => overlaps(box, placed)))
  }

  /** Takes the first free spot: the centre of the base line. */
  place(half: number, spots: Iterable<Spot>, within?: Box): Spot | undefined {
    for (const [x, y] of spots) {
      const box = boxOf(x, y, half)
      if (within !== undefined && !contains(within, box)) continue
      if (!this.isFree(box)) continue
      this.take(box)
      return [x, y]
    }
    return undefined
  }
}

export function boxOf(x: number, y: number, half: number): Box {
  return [x - half, y - ascent, x + half, y + descent]
}

function* cellIds([left, top, right, bottom]: Box): Generator<number> {
  for (let y = Math.floor(top / cellSize); y <= Math.floor(bottom / cellSize); y++)
    for (let x = Math.floor(left / cellSize); x <= Math.floor(right / cellSize); x++) yield y * 100_003 + x
}

function cellsOf(box: Box): readonly number[] {
  return [...cellIds(box)]
}

function overlaps(a: Box, b: Box) {
  return a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]
}

function contains(outer: Box, inner: Box) {
  return inner[0] >= outer[0] && inner[1] >= outer[1] && inner[2] <= outer[2] && inner[3] <= outer[3]
}

/** Below, above, right and left of a node. */
export function besideNode(x: number, y: number, radius: number, half: number): readonly Spot[] {
  return [
    [x, y + radius + ascent + 4],
    [x, y - radius - descent - 4],
    [x + radius + half + 4, y + 4],
    [x - radius - half - 4, y + 4],
  ]
}

/** {@link besideNode}, then ever wider circles. */
export function* aroundNode(x: number, y: number, radius: number, half: number, reach: number): Generator<Spot> {
  yield* besideNode(x, y, radius, half)
  for (let away = radius + 30; away < reach; away += 18) {
    for (let step = 0; step < 16; step++) {
      const angle = Math.PI / 2 + (step % 2 === 0 ? 1 : -1) * Math.ceil(step / 2) * (Math.PI / 8)
      yield [x + Math.cos(angle) * (away + half * Math.abs(Math.cos(angle))), y + Math.sin(angle) * away + 4]
    }
  }
}

export type Line = readonly [from: Spot, to: Spot]

/** Beside an edge, from its middle outwards. `left`: on the left of its direction only. */
export function besideEdge([[x1, y1], [x2, y2]]: Line, half: number, sides: 'left' | 'both'): readonly Spot[] {
  const [dx, dy] = [x2 - x1, y2 - y1]
  const length = Math.hypot(dx, dy) || 1
  const [nx, ny] = [-dy / length, dx / length]
  const away = half * Math.abs(nx) + ((ascent + descent) / 2) * Math.abs(ny) + 3
  const below = (ascent - descent) / 2
  return [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73].flatMap((part) =>
    (sides === 'left' ? [away] : [away, -away]).map((side): Spot => [
      x1 + part * dx + side * nx,
      y1 + part * dy + side * ny + below,
    ]),
  )
}

/** Clips the line to one side of the box after another. */
export function crosses([left, top, right, bottom]: Box, [[x1, y1], [x2, y2]]: Line): boolean {
  const [dx, dy] = [x2 - x1, y2 - y1]
  let [begin, end] = [0, 1]
  for (const [step, room] of [
    [-dx, x1 - left],
    [dx, right - x1],
    [-dy, y1 - top],
    [dy, bottom - y1],
  ] as const) {
    if (step === 0 && room < 0) return false
    if (step < 0) begin = Math.max(begin, room / step)
    if (step > 0) end = Math.min(end, room / step)
  }
  return begin <= end
}
