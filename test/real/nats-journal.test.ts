import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { natsJournalSchema } from '../../src/connectors/nats/config.ts'
import { openNatsJournal } from '../../src/connectors/nats/journal.ts'
import { configFrom } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { journalBusConformance } from '../conformance/journal-bus.ts'
import { install } from './install/apt.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

let dir = ''
let server: NatsServer

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-nats-journal-'))
  if ((await install(program)).path === undefined) return
  server = await startNats({ jetstream: true, dir })
})
beforeEach((context) => need(context, program))
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

let streams = 0

journalBusConformance(
  () => ({
    fresh() {
      const config = configFrom(natsJournalSchema, {
        url: server.url,
        stream: `journal-${++streams}`,
        partitions: 2,
        timeout: '2s',
      })
      return { open: () => openNatsJournal(config, { ...testContext(), create: true }) }
    },
    config: (partitions) => ({ type: 'nats', url: server.url, stream: 'group', partitions }),
    named: (stream) => ({ stream }),
    away: () => server.kill(),
    back: () => server.restart(),
  }),
  { system: 'nats', server: program.name, version: () => server.version },
)
