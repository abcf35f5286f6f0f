import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nats } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

async function server(): Promise<NatsServer> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-nats-'))
  const started = await startNats({ jetstream: true, dir })
  onTestFinished(async () => {
    await started[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  return started
}

describe('nats-server', () => {
  test('keeps a stream over kill -9 and returns on the same port as another process', async (context) => {
    await need(context, nats)
    const running = await server()
    const first = await connect({ servers: running.url })
    await (await jetstreamManager(first)).streams.add({ name: 'KEPT', subjects: ['kept.>'] })
    expect((await jetstream(first).publish('kept.one', 'payload', { msgID: 'a' })).duplicate).toBe(false)
    expect((await jetstream(first).publish('kept.one', 'payload', { msgID: 'a' })).duplicate).toBe(true)
    await first.close()

    const { pid, url } = running
    await running.kill()
    await expect(connect({ servers: url, reconnect: false, timeout: 2000 })).rejects.toThrow()
    await running.restart()
    expect(running.url).toBe(url)
    expect(running.pid).not.toBe(pid)

    const second = await connect({ servers: url })
    const info = await (await jetstreamManager(second)).streams.info('KEPT')
    expect(info.state.messages).toBe(1)
    await second.close()
  })

  test('two servers at a time do not meet, and a stopped one is gone', async (context) => {
    await need(context, nats)
    const [left, right] = [await server(), await server()]
    expect(left.port).not.toBe(right.port)
    const pid = left.pid
    await left.stop()
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/)
    const connection = await connect({ servers: right.url })
    expect(connection.isClosed()).toBe(false)
    await connection.close()
  })
})
