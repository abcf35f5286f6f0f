export class PointIndex {
  readonly #points: Float32Array
  readonly #size: number
  readonly #cells = new Map<number, number[]>()

  constructor(points: Float32Array, size: number) {
    this.#points = points
    this.#size = size
    for (let index = 0; index < points.length / 2; index++) {
      const cell = this.#cell(points[2 * index] ?? 0, points[2 * index + 1] ?? 0)
      const list = this.#cells.get(cell)
      if (list === undefined) this.#cells.set(cell, [index])
      else list.push(index)
    }
  }

  #cell(x: number, y: number) {
    return Math.floor(y / this.#size) * 1_000_003 + Math.floor(x / this.#size)
  }

  nearest(x: number, y: number, reach: (index: number) => number): number {
    let [best, least] = [-1, Infinity]
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        for (const index of this.#cells.get(this.#cell(x + dx * this.#size, y + dy * this.#size)) ?? []) {
          const distance = Math.hypot((this.#points[2 * index] ?? 0) - x, (this.#points[2 * index + 1] ?? 0) - y)
          if (distance <= reach(index) && distance < least) [best, least] = [index, distance]
        }
      }
    }
    return best
  }
}

export function towards(
  points: Float32Array,
  from: number,
  direction: readonly [dx: number, dy: number],
  among: readonly number[],
): number {
  let [best, least] = [-1, Infinity]
  for (const index of among) {
    const [dx, dy] = [
      (points[2 * index] ?? 0) - (points[2 * from] ?? 0),
      (points[2 * index + 1] ?? 0) - (points[2 * from + 1] ?? 0),
    ]
    const along = dx * direction[0] + dy * direction[1]
    if (along <= 0) continue
    const cost = along + 2 * Math.abs(dx * direction[1] - dy * direction[0])
    if (cost < least) [best, least] = [index, cost]
  }
  return best
}
