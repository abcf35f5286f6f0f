import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { TestJournal } from '../conformance/test-journal.ts'
import { netobservSchema } from '../../src/connectors/netobserv/config.ts'
import { source as netobserv } from '../../src/connectors/netobserv/source.ts'
import { configFrom } from '../../src/schema/index.ts'
import { proves } from '../kit/proof.ts'
import { installGoAgent } from './install/go-agent.ts'
import { differences, exportFlows, recordsIn } from './kit/go-agent.ts'

let missing: string | undefined
let version: string | undefined

beforeAll(async () => {
  const installed = await installGoAgent()
  if (installed.path === undefined) missing = installed.reason
  else version = installed.version
})
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

describe('netobserv-agent', () => {
  proves('source', { system: 'netobserv', server: "the agent's Go exporter", version: () => version })
  test('flows of the agent over gRPC are the rows that its own decoder shows', async () => {
    const journal = new TestJournal()
    const source = await netobserv.build(configFrom(netobservSchema, { listen: '127.0.0.1:0' }), journal.context(1))
    const abort = new AbortController()
    const done = source.run(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await done
    })
    const [host = '', port = ''] = (source.addresses[0] ?? '').slice('grpc://'.length).split(':')
    const sent = await exportFlows({ to: ['grpc', host, Number(port)], count: 5000, seed: 9, batch: 1000 })
    // The agent does not wait for the response to its last message.
    await expect.poll(() => recordsIn(journal).length, { timeout: 20_000 }).toBe(5000)
    expect(differences(sent, recordsIn(journal))).toEqual([])
  })
})
