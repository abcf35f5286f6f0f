import { expect, it, vi } from 'vitest'
import { receiptOf } from './receipt.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`
const lastQuarter = { from: 'now-15m', to: 'now' }
const stateOf = (to: string, storedTo?: string) => () =>
  Promise.resolve({ span: { from: at('10:00:00'), to: at(to) }, ...(storedTo && { stored_to: at(storedTo) }) })

it('all panels of a revision count the flows that were stored for the first one', async () => {
  const read = vi.fn<ReturnType<typeof stateOf>>(stateOf('10:00:30', '10:00:25'))
  const conditions = await Promise.all([receiptOf(lastQuarter, 1, read), receiptOf(lastQuarter, 1, read)])
  expect(conditions).toEqual(Array.from({ length: 2 }, () => `time_received < "${at('10:00:25')}"`))
  expect(read).toHaveBeenCalledOnce()
  expect(await receiptOf(lastQuarter, 2, stateOf('10:00:40', '10:00:36'))).toBe(`time_received < "${at('10:00:36')}"`)
})

it('if all flows are stored, those of the last second are left out, because some are not durable', async () => {
  expect(await receiptOf(lastQuarter, 3, stateOf('10:00:30'))).toBe(`time_received < "${at('10:00:29')}"`)
})

it('fixed ranges and long ones have no condition', async () => {
  const read = vi.fn<ReturnType<typeof stateOf>>(stateOf('10:00:30'))
  expect(await receiptOf({ from: at('09:00:00'), to: at('09:30:00') }, 4, read)).toBe('')
  expect(await receiptOf({ from: 'now-3h', to: 'now' }, 4, read)).toBe('')
  expect(read).not.toHaveBeenCalled()
})

it('a failed read is repeated by the next panel', async () => {
  await expect(receiptOf(lastQuarter, 5, () => Promise.reject(new Error('offline')))).rejects.toThrow('offline')
  expect(await receiptOf(lastQuarter, 5, stateOf('10:00:30'))).toBe(`time_received < "${at('10:00:29')}"`)
})

it('a slow server does not delay the panels: all of the revision read without a condition', async () => {
  vi.useFakeTimers()
  const read = vi.fn<ReturnType<typeof stateOf>>(() => new Promise(() => {}))
  const conditions = Promise.all([receiptOf(lastQuarter, 6, read), receiptOf(lastQuarter, 6, read)])
  await vi.advanceTimersByTimeAsync(3000)
  vi.useRealTimers()
  expect(await conditions).toEqual(['', ''])
  expect(await receiptOf(lastQuarter, 6, read)).toBe('')
})
