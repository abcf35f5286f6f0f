import { expect, test } from 'vitest'
import { ageText, isWell, toneOf } from './status.tsx'

test('an age has the two largest units, and one from ten on', () => {
  const cases: [seconds: number, text: string][] = [
    [0, '0s'],
    [59.9, '59s'],
    [60, '1m'],
    [61, '1m1s'],
    [12 * 60 + 5, '12m'],
    [3 * 3600 + 240, '3h4m'],
    [3 * 86_400 + 4 * 3600, '3d4h'],
    [40 * 86_400, '40d'],
    [400 * 86_400, '1y35d'],
    [-5, '0s'],
  ]
  for (const [seconds, text] of cases) expect(ageText(seconds * 1000), String(seconds)).toBe(text)
})

test('a status is good, under way or bad; unknown ones of pods are bad', () => {
  const statuses = [
    'Running',
    'Ready',
    'Ready,SchedulingDisabled',
    'Init:0/2',
    'Init:Error',
    'CrashLoopBackOff',
    'NotReady',
  ]
  expect(statuses.map(toneOf)).toEqual(['good', 'good', 'warning', 'warning', 'bad', 'bad', 'bad'])
})

test('a pressure is well while it is false, other conditions while they are true, none while it is unknown', () => {
  const states = ['True', 'False', 'Unknown']
  for (const type of ['MemoryPressure', 'ScalingLimited', 'KernelDeadlock', 'Suspended'])
    expect(states.map((status) => isWell({ type, status }))).toEqual([false, true, false])
  expect(states.map((status) => isWell({ type: 'Available', status }))).toEqual([true, false, false])
})
