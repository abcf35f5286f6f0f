import { element, endElements, startElements } from '../elements.ts'
import { isBytes, isFixedNumber } from '../lookup.ts'
import { timeSteps } from '../step-times.ts'
import type { Planning } from './context.ts'

export const timePlan: Planning = ({ flows, skew }, lookup, half) => {
  const ms = lookup.of([element.durationMs], half, isFixedNumber)
  const us = lookup.of([element.durationUs], half, isFixedNumber)
  const duration =
    ms !== undefined ? { place: ms, perMs: 1 } : us !== undefined ? { place: us, perMs: 1000 } : undefined
  return timeSteps(
    { start: flows.column('time_start'), end: flows.column('time_end'), skewed: flows.column('time_skewed') },
    {
      start: lookup.time(startElements, half),
      end: lookup.time(endElements, half),
      duration,
      initTime: lookup.one(element.initTime, isBytes(8)),
    },
    skew,
  )
}
