import type { Measure } from './overview/state.ts'

/** Measures of alert rules. */
export const alertMeasures: Readonly<Record<Measure, string>> = {
  bytes: 'bytes/s',
  packets: 'packets/s',
  flows: 'flows/s',
  drop_bytes: 'sum(drop_bytes)/s',
  drop_packets: 'sum(drop_packets)/s',
}
