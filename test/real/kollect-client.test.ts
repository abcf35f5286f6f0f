import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { consumeKollect } from '../../clients/kollect/index.ts'
import { natsSchema } from '../../src/connectors/nats/config.ts'
import { sink as nats } from '../../src/connectors/nats/sink.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, testContext } from '../conformance/batches.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import { nats as program } from './install/nats.ts'
import { startNats, type NatsServer } from './kit/nats.ts'
import { need } from './kit/need.ts'

const changes = anyChanges(7, 60, 'c1')

async function server(): Promise<NatsServer> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-kollect-'))
  const started = await startNats({ jetstream: true, dir })
  onTestFinished(async () => {
    await started[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  return started
}

async function publish(written: WrittenConfigOf<typeof natsSchema>): Promise<void> {
  const sink = await nats.build(
    configFrom(natsSchema, { subject: 'changes', codec: 'kollect', ...written }),
    testContext(),
  )
  expect(
    await sink.send(
      eventBatch(
        changes.map((change) => changeEvent(change, 0)),
        't',
      ),
      new AbortController().signal,
    ),
  ).toEqual([])
  await sink.close()
}

describe('nats-server', () => {
  test('every change is handled, one with a failed handler is redelivered, and nothing is left', async (context) => {
    await need(context, program)
    const { url } = await server()
    await publish({ url, stream: 'CHANGES', create_stream: true })
    const connection = await connect({ servers: url })
    onTestFinished(() => connection.close())
    const manager = await jetstreamManager(connection)
    await manager.consumers.add('CHANGES', { durable_name: 'test', ack_policy: AckPolicy.Explicit })
    const messages = await (await jetstream(connection).consumers.get('CHANGES', 'test')).consume()
    const seen: string[] = []
    const note = (uid: unknown): void => {
      seen.push(String(uid))
      if (new Set(seen).size === changes.length && seen.length > changes.length) messages.stop()
    }
    const uidOf = (object: Readonly<Record<string, unknown>>): unknown => (object['metadata'] as { uid: string }).uid
    let failed = 0
    const counts = await consumeKollect(
      messages,
      {
        onCreated: (_cluster, object) => note(uidOf(object)),
        onUpdated: (_cluster, _before, after) => {
          note(uidOf(after))
          if (failed++ === 0) throw new Error('once')
        },
        onDeleted: (_cluster, uid) => note(uid),
      },
      { retryMs: 1 },
    )
    expect(seen.toSorted()).toEqual([...changes.map(({ uid }) => uid), changes[1]?.uid ?? ''].toSorted())
    expect(counts).toEqual({ handled: 60, skipped: 0, malformed: 0, failed: 1 })
    await expect
      .poll(
        async () => {
          const { num_pending: pending, num_ack_pending: unanswered } = await manager.consumers.info('CHANGES', 'test')
          return [pending, unanswered]
        },
        { timeout: 30_000 },
      )
      .toEqual([0, 0])
  })

  test('without JetStream a subscriber reads the same', async (context) => {
    await need(context, program)
    const { url } = await server()
    const connection = await connect({ servers: url })
    onTestFinished(() => connection.close())
    const listening = connection.subscribe('changes', { max: changes.length })
    await connection.flush()
    const counted = consumeKollect(listening, { onCreated: () => {}, onDeleted: () => {} })
    await publish({ url, wait_for: 'server' })
    expect(await counted).toEqual({ handled: 40, skipped: 20, malformed: 0, failed: 0 })
  })
})
