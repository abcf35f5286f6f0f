/** How a long time with many rows becomes a simulation of fewer rows. */
import type { SeededRandom } from '../../host/simulated/random.ts'
import { pack } from '../../journal/group.ts'
import type { DeliverySettings } from '../../engine/delivery/settings.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import type { Hints } from './hints.ts'
import { Rows } from './rows.ts'
import type { SimulationOptions } from './settings.ts'
import type { PlannedSource } from './sources.ts'

export type Scale = Readonly<{
  /** Rows that a simulated row stands for. */
  rows: number
  /** Bytes that a byte of the simulated disk stands for. */
  bytes: number
  /** Time between two deliveries of a source. */
  stepMs: number
}>

const mostSteps = 8640
const leastStepMs = 1000
const headerBytes = 160
/** Rows of a frame in operation, if the source gives as many in a second. */
const largestFrame = 8192

export function scaleOf(
  { hours, rows }: Pick<SimulationOptions, 'hours' | 'rows'>,
  sources: readonly PlannedSource[],
  hints: Hints,
  random: SeededRandom,
): Scale {
  const lengthMs = hours * 3600_000
  const stepMs = Math.max(leastStepMs, Math.ceil(lengthMs / mostSteps / 1000) * 1000)
  const rate = sources.reduce((total, source) => total + source.rate, 0)
  const scale = Math.max(1, (rate * lengthMs) / 1000 / rows)
  let [simulated, real] = [0, 0]
  for (const source of sources) {
    const make = new Rows(source, hints, random)
    const count = (perSecond: number) => Math.max(1, Math.min(largestFrame, Math.round(perSecond)))
    const bytesOf = (frame: number) => {
      const { raw, kind } = make.unit(0, frame, 0)
      return (pack(raw, kind).body.length + headerBytes) / frame
    }
    simulated += (source.rate / scale) * bytesOf(count((source.rate * stepMs) / 1000 / scale))
    real += source.rate * bytesOf(count(source.rate))
  }
  return { rows: scale, bytes: simulated === 0 ? 1 : Math.max(1, real / simulated), stepMs }
}

const leastBatch = 16 << 10

export function scaledEntry(entry: SinkEntry, scale: Scale): SinkEntry {
  const { batch, retain, rate } = entry.delivery
  const delivery: DeliverySettings = {
    ...entry.delivery,
    batch: { ...batch, bytes: Math.max(Math.min(leastBatch, batch.bytes), batch.bytes / scale.bytes) },
    retain: { ...retain, bytes: retain.bytes / scale.bytes },
    ...(rate === undefined ? {} : { rate: rate / scale.rows }),
  }
  return { ...entry, delivery }
}
