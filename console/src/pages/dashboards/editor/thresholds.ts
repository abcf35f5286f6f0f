import { thresholdTones, type Threshold } from '../../../parts/dashboards/definition.ts'

export function thresholdText(thresholds: readonly Threshold[]): string {
  return thresholds.map(({ at, tone }) => `${at} ${tone}`).join(', ')
}

/** Ascending; undefined: the text is no list of thresholds. */
export function readThresholds(text: string): readonly Threshold[] | undefined {
  if (text.trim() === '') return []
  const read = text.split(',').map((part) => {
    const [, number = '', name = ''] = /^\s*(\S+)\s+(\S+)\s*$/.exec(part) ?? []
    const tone = thresholdTones.find((candidate) => candidate === name)
    return number === '' || tone === undefined || !Number.isFinite(Number(number)) ? [] : [{ at: Number(number), tone }]
  })
  return read.some((steps) => steps.length === 0) ? undefined : read.flat().toSorted((a, b) => a.at - b.at)
}
