import { expect, test } from 'vitest'
import { collections } from '../telemetry/memory.ts'
import type { WeirConfig } from './config.ts'
import { collectionsFor } from './memory-plan.ts'

const [container, machine] = [512 * 2 ** 20, 16 * 2 ** 30]
const source = (type: string, settings: unknown) =>
  ({ [type]: { id: type, type, settings } }) as unknown as WeirConfig['sources']
const flows = source('netflow', { listen: [{ host: '127.0.0.1', port: 2055 }] })
const messages = source('nats', { join_bytes: 1 })

test.each([
  ['flows on a machine', flows, machine, 'flows', collections.usual],
  ['messages on a machine', messages, machine, 'messages', collections.steady],
  ['no sources', {}, machine, 'small', collections.usual],
  ['flows in a small container', flows, container, 'small', collections.usual],
  ['messages in a small container', messages, container, 'small', collections.steady],
])('%s: threads get fitting flags, and collections a plan', (_, sources, limit, flags, plan) => {
  const set: string[] = []
  const note = (name: string) => () => void set.push(name)
  const self = {
    prepareForFlows: note('flows'),
    prepareForMessages: note('messages'),
    keepThreadsSmall: note('small'),
  }
  expect(collectionsFor(sources, self, limit)).toBe(plan)
  expect(set).toEqual([flags])
})
