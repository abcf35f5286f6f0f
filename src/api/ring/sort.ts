import type { Turns } from './turns.ts'

/** Items that are put in order in one turn. */
const perTurn = 4096

/** Puts items in order, in pieces between which everything else has its turn. Equal ones stay as they were. */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
  turns: Turns,
): Promise<Item[]> {
  let runs: Item[][] = []
  for (let from = 0; from < items.length; from += perTurn) {
    await turns.next()
    runs.push(items.slice(from, from + perTurn).sort(compare))
  }
  while (runs.length > 1) {
    const merged: Item[][] = []
    for (let at = 0; at < runs.length; at += 2)
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare, turns))
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (a: Item, b: Item) => number,
  turns: Turns,
): Promise<Item[]> {
  const merged: Item[] = []
  let [l, r] = [0, 0]
  while (l < left.length || r < right.length) {
    if (merged.length % (4 * perTurn) === 0) await turns.next()
    const fromLeft = r >= right.length || (l < left.length && compare(left[l] as Item, right[r] as Item) <= 0)
    merged.push((fromLeft ? left[l++] : right[r++]) as Item)
  }
  return merged
}
