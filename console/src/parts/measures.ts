export const measures = ['bytes', 'packets', 'flows', 'drop_bytes', 'drop_packets'] as const
export type Measure = (typeof measures)[number]

export function isOnRequest(measure: Measure): boolean {
  return measure.startsWith('drop_')
}
