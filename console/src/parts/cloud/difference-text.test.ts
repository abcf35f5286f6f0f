import { expect, test } from 'vitest'
import { differenceText } from './difference-text.ts'

test.each([
  [{ path: 'memoryBytes', from: 4 * 2 ** 30, to: 8 * 2 ** 30 }, 'Memory: 4.00 GiB → 8.00 GiB'],
  [{ path: 'cpuCores', from: 2, to: 4 }, 'CPU cores: 2 → 4'],
  [{ path: 'attachedTo', from: ['worker-2', 'worker-3'], to: [] }, 'Attached to: worker-2, worker-3 → none'],
  [
    {
      path: 'costPerHour',
      from: { amount: '0.04623', currency: 'CHF', source: 'api' },
      to: { amount: '0.09247', currency: 'CHF', source: 'api' },
    },
    'Price per hour: CHF 0.04623 → CHF 0.09247',
  ],
  [{ path: 'tags.team', to: 'shop' }, 'tags.team: none → shop'],
])('a difference has titles and units of the details: %j', (change, text) => {
  expect(differenceText(change).replaceAll('\u00A0', ' ')).toBe(text)
})
