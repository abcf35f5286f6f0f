import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { ReloadReport } from '../../src/engine/control.ts'
import { EventClient } from '../kit/event-client.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

type Config = Record<string, unknown> & {
  sinks?: Record<string, unknown>
  sources: Record<string, Record<string, unknown>>
}

let folder = ''
let weir: WeirProcess
let receiver: EventReceiver

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-reload-'))
  receiver = await EventReceiver.start()
  weir = await startWeir({ folder, config: { sinks: { first: { type: 'http', url: receiver.url } } } })
})
afterEach(async () => {
  await weir.kill()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

const file = (): string => join(folder, 'weir.yaml')

async function change(edit: (config: Config) => void): Promise<ReloadReport> {
  const config = parse(await readFile(file(), 'utf8')) as Config
  edit(config)
  await writeFile(file(), stringify(config))
  return weir.post('/api/v1/reload', {})
}

/** A rejected reload, and its response. */
async function refused(edit: (config: Config) => void): Promise<string> {
  const answer = await change(edit).catch((error: unknown) => String(error))
  if (typeof answer !== 'string') throw new Error(`it was taken over: ${JSON.stringify(answer)}`)
  return answer
}

/** Runs `act` while a client pushes events, and returns the number of accepted ones. */
async function underLoad(act: () => Promise<void>): Promise<number> {
  const client = new EventClient({ url: weir.url, connections: 2, batch: 20, pause: 5 })
  client.start()
  await sleep(200)
  await act()
  await sleep(200)
  await client.stop()
  return client.acknowledged.length
}

async function sendFlow(port: number): Promise<void> {
  const flow =
    '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8000900b0000923d89c4001bb001b0600fbf4fbf518100000'
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.send(Buffer.from(flow, 'hex'), port, '127.0.0.1', () => resolve()))
  socket.close()
}

async function accepted(source: string): Promise<number> {
  return (await weir.ledger()).sources.find(({ name }) => name === source)?.accepted ?? 0
}

describe('a reload under load', () => {
  it('with an invalid file reports the position and changes nothing', async () => {
    let problem = ''
    const promised = await underLoad(async () => {
      problem = await refused((config) => {
        config['sinks'] = { first: { type: 'http', url: receiver.url, delivery: { evnts: 5 } } }
      })
    })
    expect(problem).toMatch(/weir\.yaml:\d+:\d+.*evnts[\s\S]*events/)
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    expect(ledger.sinks.find(({ name }) => name === 'first')).toMatchObject({ delivered: promised })
  })

  it('adds a sink, changes one and removes one; nothing is lost on the way', async () => {
    const second = await EventReceiver.start()
    try {
      const promised = await underLoad(async () => {
        expect(
          await change((config) => {
            config.sinks = { ...config.sinks, second: { type: 'http', url: second.url } }
          }),
        ).toMatchObject({ ok: true, changed: ['second'] })
        await sleep(200)
        expect(
          await change((config) => {
            config.sinks = {
              first: { type: 'http', url: receiver.url, delivery: { events: 7 } },
              second: { type: 'http', url: second.url },
            }
          }),
        ).toMatchObject({ ok: true, changed: ['first'] })
      })
      const ledger = await weir.caughtUp(30_000)
      expect(ledger.balanced).toBe(true)
      expect(ledger.sinks.find(({ name }) => name === 'first')?.delivered).toBe(promised)
      expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(promised)
      const late = ledger.sinks.find(({ name }) => name === 'second')
      expect((late?.filtered['before_start'] ?? 0) + (late?.delivered ?? 0)).toBe(promised)
      expect(late?.delivered).toBeGreaterThan(0)
      await change((config) => {
        delete config.sinks?.['second']
      })
      const after = await weir.ledger()
      expect(after.sinks.map(({ name }) => name)).toEqual(['store', 'first'])
      expect(after.balanced).toBe(true)
    } finally {
      await second.close()
    }
  })

  it('puts a listener back as it was when its new address is taken', async () => {
    const taken = createSocket('udp4')
    taken.bind(0, '127.0.0.1')
    await once(taken, 'listening')
    const problem = await refused((config) => {
      const netflow = config.sources['netflow'] ?? {}
      netflow['listen'] = `127.0.0.1:${taken.address().port}`
      config.sources['netflow'] = netflow
    })
    taken.close()
    expect(problem).toMatch(/netflow.*in use/i)
    await sendFlow(weir.ports.netflow)
    await expect.poll(() => accepted('netflow'), { timeout: 10_000 }).toBe(1)
  })

  it('is not held up by a sink that hangs', async () => {
    const deaf = createServer(() => {})
    deaf.listen(0, '127.0.0.1')
    await once(deaf, 'listening')
    const { port } = deaf.address() as { port: number }
    try {
      await change((config) => {
        config.sinks = { ...config.sinks, hung: { type: 'http', url: `http://127.0.0.1:${port}/` } }
      })
      const promised = await underLoad(async () => {
        expect(
          await change((config) => {
            config.sinks = { ...config.sinks, hung: { type: 'http', url: receiver.url } }
          }),
        ).toMatchObject({ ok: true, changed: ['hung'] })
      })
      const ledger = await weir.caughtUp(30_000)
      expect(ledger.balanced).toBe(true)
      expect(ledger.sinks.find(({ name }) => name === 'first')?.delivered).toBe(promised)
      expect(ledger.sinks.find(({ name }) => name === 'hung')).toMatchObject({ delivered: promised, pending: 0 })
    } finally {
      deaf.closeAllConnections()
      deaf.close()
    }
  }, 60_000)

  it('happens on SIGHUP, too', async () => {
    const config = parse(await readFile(file(), 'utf8')) as Config
    config.sinks = {}
    await writeFile(file(), stringify(config))
    weir.signal('SIGHUP')
    await expect
      .poll(async () => (await weir.ledger()).sinks.map(({ name }) => name), { timeout: 10_000 })
      .toEqual(['store'])
  })
})

describe('a derived stream', () => {
  it('is a separate source in the ledger, and a sink can take just that', async () => {
    await change((config) => {
      config['transforms'] = { masked: { type: 'redact', from: ['http'], fields: ['secret'] } }
      config.sinks = { first: { type: 'http', url: receiver.url, from: ['masked'] } }
    })
    await weir.events([{ specversion: '1.0', id: 'a', source: '/s', type: 't', data: { secret: 1, open: 2 } }])
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    expect(ledger.sources.filter((source) => source.accepted > 0)).toMatchObject([
      { name: 'http', accepted: 1 },
      { name: 'masked', accepted: 1 },
    ])
    expect(ledger.sinks.find(({ name }) => name === 'masked')).toMatchObject({ from: ['http'], delivered: 1 })
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(1)
    await expect
      .poll(() => weir.sql(`SELECT data FROM events WHERE _pos LIKE 'masked:%'`), { timeout: 10_000 })
      .toEqual([{ data: { secret: '[redacted]', open: 2 } }])
  })
})
