// Two consumers in Python: one generated from kollect's original fields, one from all fields of proto/.
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { encodeBatch } from '../../src/codecs/cloudevents/index.ts'
import type { AcceptanceRun } from '../harness.ts'
import { anyChanges, changeEvent } from '../../test/kit/changes.ts'
import { some } from '../../test/kit/delivered.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { nats } from '../../test/real/install/nats.ts'
import { installPythonProtobuf } from '../../test/real/install/python-protobuf.ts'
import { startNats } from '../../test/real/kit/nats.ts'
import { differences, sentAt } from './kollect-consumer/expected.ts'
import { consume, generate } from './kollect-consumer/reader.ts'

const batch = 500

export default {
  name: 'kollect-consumer',
  issue: '5.6',
  title: "A consumer generated from the messages in another language reads Weir's messages from a real NATS.",
  async run(context) {
    const [python, server] = [await installPythonProtobuf(), await install(nats)]
    if (python.path === undefined) return context.skip(python.reason)
    if (server.path === undefined) return context.skip(server.reason)
    const changes = anyChanges(context.seed, context.size(30_000, 900), 'prod')
    await using bus = await startNats({ jetstream: true, dir: context.folder })
    const sink = {
      type: 'nats',
      url: bus.url,
      stream: 'KOLLECT',
      subject: 'kollect',
      create_stream: true,
      only: { family: ['change'] },
      codec: 'kollect',
    }
    const { only: _only, ...everything } = { ...sink, stream: 'ALL', subject: 'all' }
    const weir = await startWeir({ folder: context.folder, config: { sinks: { kollect: sink, all: everything } } })
    try {
      for (let at = 0; at < changes.length; at += batch)
        await post(weir.url, encodeBatch(changes.slice(at, at + batch).map((change) => changeEvent(change, sentAt))))
      await post(
        weir.url,
        encodeBatch([
          { id: 'other', source: '/test', type: 'other', family: 'audit', encoding: 'json', data: Buffer.from('{}') },
        ]),
      )
      const sent = new Map(changes.map((change) => [`prod/${change.uid}`, change]))
      for (const [name, keep] of [
        ["kollect's own fields", false],
        ['all fields', true],
      ] as const) {
        const generated = join(context.folder, keep ? 'all' : 'own')
        await generate(python.path, generated, keep)
        const consumed = await consume(python.path, [
          generated,
          'nats',
          bus.url,
          'KOLLECT',
          'kollect',
          String(changes.length),
        ])
        const wrong = consumed.flatMap((each) => differences(each, sent.get(each.key), keep))
        context.figure(`messages read by the consumer of ${name}`, consumed.length)
        context.expect(
          new Set(consumed.map(({ key }) => key)).size === changes.length && consumed.length === changes.length,
          `the consumer of ${name} read every change once`,
        )
        context.expect(wrong.length === 0, `every field is as sent (${some(wrong)})`)
        context.expect(
          consumed.every(({ left }) => keep === (left === 0)),
          keep ? 'it had a field for every byte' : 'it skipped what Weir adds',
        )
      }
      const ledger = await weir.caughtUp(120_000, ['kollect', 'all'])
      const row = (name: string) => ledger.sinks.find(({ name: of }) => of === name)
      context.expect(
        Object.values(row('kollect')?.filtered ?? {}).reduce((all, rows) => all + rows, 0) === 1,
        'an event that is no change was filtered, and counted',
      )
      context.expect(row('all')?.dead_lettered === 1, 'without the filter it was refused, and lies in the dead letters')
      const own = await connect({ servers: bus.url })
      const { state } = await (await jetstreamManager(own)).streams.info('KOLLECT')
      await own.close()
      context.expect(state.messages === changes.length, 'the server holds as many messages as changes were sent')
    } finally {
      await weir.stop()
    }
  },
} satisfies AcceptanceRun

async function post(url: string, body: Buffer) {
  const answer = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: new Uint8Array(body),
  })
  if (!answer.ok) throw new Error(`the events were answered ${answer.status}: ${await answer.text()}`)
}
