import { expect, test } from 'vitest'
import { eventBatch, flowBatch, numberedEvents } from '../../test/conformance/batches.ts'
import type { SinkBatch } from '../engine/contracts.ts'
import type { Attempt } from '../engine/delivery/in-order.ts'
import { noFlows, sinkRows } from '../engine/delivery/rows.ts'
import { sendFlowsApart } from './flow-columns.ts'

const events = eventBatch(numberedEvents(2, 'e'), 't')
const flows = flowBatch(4, 't').batch
const ids = (batch: Pick<SinkBatch, 'pieces'>): string[] =>
  [...sinkRows({ token: '', retried: false, count: 0, ...batch }, noFlows)].map(({ id }) => id)

test('flows are published apart, failures have their index in the batch, and large flows become messages', async () => {
  const pieces = [...events.pieces, ...flows.pieces, ...events.pieces]
  const batch: SinkBatch = { ...events, count: 8, pieces }
  const all = ids(batch)
  const asMessages: string[][] = []
  const attempts: Attempt[] = [
    { is: 'retry', reason: 'away', afterMs: 7 },
    { is: 'reject', reason: 'large', tooLarge: true },
    undefined,
    { is: 'reject', reason: 'large', tooLarge: true },
  ]
  const failures = await sendFlowsApart(
    batch,
    async (some) => {
      expect(ids({ pieces: some })).toEqual(all.slice(2, 6))
      return attempts
    },
    async (some) => {
      asMessages.push(ids(some))
      expect(some.count).toBe(ids(some).length)
      return [{ index: some.count - 1, is: 'reject', reason: 'last' }]
    },
  )
  expect(asMessages).toEqual([[0, 1, 6, 7].map((index) => all[index]), [3, 5].map((index) => all[index])])
  expect(failures).toEqual([
    { index: 2, is: 'retry', reason: 'away', afterMs: 7 },
    { index: 5, is: 'reject', reason: 'last' },
    { index: 7, is: 'reject', reason: 'last' },
  ])
})
