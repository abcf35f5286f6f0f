import type { SliceScheduler } from './slice-scheduler.ts'

const itemsPerSlice = 4096

export async function sortInSlices<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
  scheduler: SliceScheduler,
): Promise<Item[]> {
  let runs: Item[][] = []
  for (let from = 0; from < items.length; from += itemsPerSlice) {
    await scheduler.next()
    runs.push(items.slice(from, from + itemsPerSlice).sort(compare))
  }
  while (runs.length > 1) {
    const merged: Item[][] = []
    for (let at = 0; at < runs.length; at += 2)
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare, scheduler))
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  compare: (a: Item, b: Item) => number,
  scheduler: SliceScheduler,
): Promise<Item[]> {
  const merged: Item[] = []
  let [l, r] = [0, 0]
  while (l < left.length || r < right.length) {
    if (merged.length % (4 * itemsPerSlice) === 0) await scheduler.next()
    const fromLeft = r >= right.length || (l < left.length && compare(left[l] as Item, right[r] as Item) <= 0)
    merged.push((fromLeft ? left[l++] : right[r++]) as Item)
  }
  return merged
}
