import { generalText } from '../text/general.ts'
import { overviewText } from '../text/overview.ts'
import { count, volume } from './format.ts'
import type { Measure } from './measures.ts'

export const measureNames: Readonly<Record<Measure, string>> = {
  bytes: generalText.bytes,
  packets: generalText.packets,
  flows: generalText.flows,
  drop_bytes: overviewText.droppedBytes,
  drop_packets: overviewText.droppedPackets,
}

export function isVolume(measure: Measure) {
  return measure === 'bytes' || measure === 'drop_bytes'
}

export function amount(measure: Measure, value: number): string {
  return isVolume(measure) ? volume(value) : count(Math.round(value))
}
