import type { EventBatch } from '../model/batches.ts'
import type { StoredFile } from './record.ts'
import type { RollupRows } from './rollup/rows.ts'

/** What rows say of themselves: the header of their frame may say less, that of a derived one nothing. Times are Unix ms, Infinity and -Infinity where no row has one. */
export interface Extent {
  readonly timeMin: number
  readonly timeMax: number
  readonly families?: ReadonlySet<string>
}

export function extentOfEvents({ count, dictionary, family, time }: EventBatch): Extent {
  let [timeMin, timeMax] = [Infinity, -Infinity]
  const codes = new Set<number>()
  for (let row = 0; row < count; row++) {
    const at = time[row] as number
    // NaN is neither.
    if (at < timeMin) timeMin = at
    if (at > timeMax) timeMax = at
    codes.add(family[row] as number)
  }
  return { timeMin, timeMax, families: new Set([...codes].map((code) => dictionary[code] ?? '')) }
}

export function extentOfSums({ count, minutes }: RollupRows): Extent {
  let [timeMin, timeMax] = [Infinity, -Infinity]
  for (let row = 0; row < count; row++) {
    const at = (minutes[row] as number) * 60_000
    if (at < timeMin) timeMin = at
    if (at > timeMax) timeMax = at
  }
  return { timeMin, timeMax }
}

/** Of files that become one: it says only what all of them say. */
export function extentsJoined(files: readonly StoredFile[]): Pick<StoredFile, 'timed' | 'families'> {
  const known = files.map(({ families }) => families).filter((each) => each !== undefined)
  return {
    ...(files.every(({ timed }) => timed === true) ? { timed: true } : {}),
    ...(known.length === files.length ? { families: [...new Set(known.flat())].sort() } : {}),
  }
}
