// What Weir publishes is for programs that were generated from kollect's messages, in whatever language. Here they are Python's: one
// generated from kollect's own fields, as programs of today are, and one from all fields of proto/.
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { encodeBatch } from '../../src/codecs/cloudevents/index.ts'
import type { ChangeData } from '../../src/model/kubernetes.ts'
import type { Bar } from '../../tools/kit/bar.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import { some } from '../kit/delivered.ts'
import { startWeir } from '../kit/weir-process.ts'
import { install } from '../real/install/apt.ts'
import { nats } from '../real/install/nats.ts'
import { installPythonProtobuf } from '../real/install/python-protobuf.ts'
import { startNats } from '../real/kit/nats.ts'
import { consume, generate, type Told } from './kollect-consumer/reader.ts'

const batch = 500
const time = Date.UTC(2026, 5, 1, 12, 0, 0, 123)

export default {
  name: 'kollect-consumer',
  issue: '5.6',
  title: 'A consumer generated from the message table in another language reads what Weir publishes to a real NATS.',
  async run(context) {
    const [python, server] = [await installPythonProtobuf(), await install(nats)]
    if (python.path === undefined) return context.skip(python.reason)
    if (server.path === undefined) return context.skip(server.reason)
    const changes = anyChanges(context.seed, context.size(30_000, 900), 'prod')
    await using bus = await startNats({ jetstream: true, dir: context.folder })
    const sink = { type: 'nats', url: bus.url, stream: 'KOLLECT', subject: 'kollect', create_stream: true, only: { family: ['change'] }, codec: 'kollect' }
    const { only: _only, ...everything } = { ...sink, stream: 'ALL', subject: 'all' }
    const weir = await startWeir({ folder: context.folder, config: { sinks: { kollect: sink, all: everything } } })
    try {
      for (let at = 0; at < changes.length; at += batch) await post(weir.url, encodeBatch(changes.slice(at, at + batch).map((change) => changeEvent(change, time))))
      await post(weir.url, encodeBatch([{ id: 'other', source: '/test', type: 'other', family: 'audit', encoding: 'json', data: Buffer.from('{}') }]))
      const sent = new Map(changes.map((change) => [`prod/${change.uid}`, change]))
      for (const [name, keep] of [['kollect\'s own fields', false], ['all fields', true]] as const) {
        const generated = join(context.folder, keep ? 'all' : 'own')
        await generate(python.path, generated, keep)
        const told = await consume(python.path, [generated, bus.url, 'KOLLECT', 'kollect', String(changes.length)])
        const wrong = told.flatMap((each) => differences(each, sent.get(each.key), keep))
        context.figure(`messages read by the consumer of ${name}`, told.length)
        context.expect(new Set(told.map(({ key }) => key)).size === changes.length && told.length === changes.length, `the consumer of ${name} read every change once`)
        context.expect(wrong.length === 0, `every field is what was sent (${some(wrong)})`)
        context.expect(told.every(({ left }) => keep === (left === 0)), keep ? 'it had a field for every byte' : 'it skipped what Weir adds')
      }
      const ledger = await weir.caughtUp(120_000, ['kollect', 'all'])
      const row = (name: string) => ledger.sinks.find(({ name: of }) => of === name)
      context.expect(Object.values(row('kollect')?.filtered ?? {}).reduce((all, rows) => all + rows, 0) === 1, 'an event that is no change was filtered, and counted')
      context.expect(row('all')?.dead_lettered === 1, 'without the filter it was refused, and lies in the dead letters')
      const own = await connect({ servers: bus.url })
      const { state } = await (await jetstreamManager(own)).streams.info('KOLLECT')
      await own.close()
      context.expect(state.messages === changes.length, 'the server holds as many messages as changes were sent')
    } finally {
      await weir.stop()
    }
  },
} satisfies Bar

async function post(url: string, body: Buffer): Promise<void> {
  const answer = await fetch(`${url}/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents-batch+json' }, body: new Uint8Array(body) })
  if (!answer.ok) throw new Error(`the events were answered ${answer.status}: ${await answer.text()}`)
}

/** What a message says otherwise than the change that was sent. */
function differences(told: Told, sent: ChangeData | undefined, all: boolean): string[] {
  if (sent === undefined) return [`${told.key}: never sent`]
  const { operation, old, new: now } = sent
  const type = { created: 'ResourceCreatedEvent', updated: 'ResourceUpdatedEvent', deleted: 'ResourceDeletedEvent' }[operation]
  // oxlint-disable-next-line unicorn/no-thenable -- the name that the field has on the wire
  const object = { created: { resource: now }, updated: { then: old, now }, deleted: all ? { state: old } : {} }[operation]
  const more = {
    ...(sent.group === '' ? {} : { group: sent.group }), version: sent.version, kind: sent.kind, ...(sent.namespace === undefined ? {} : { namespace: sent.namespace }),
    name: sent.name, resource_version: sent.resourceVersion, ...(sent.coalesced ? { coalesced: true } : {}), ...(sent.initial ? { initial: true } : {}), ...(operation === 'updated' ? { patch: sent.patch } : {}),
  }
  const wanted: Record<string, unknown> = { uid: sent.uid, cluster_id: sent.cluster, ...object, ...(all ? more : {}) }
  const json = new Set(['resource', 'then', 'now', 'state', 'patch'])
  const found = Object.fromEntries(Object.entries(told.fields).map(([name, value]) => [name, json.has(name) ? JSON.parse(String(value)) as unknown : value]))
  const applies = { created: Date.parse('2026-01-02T03:04:05Z'), updated: time, deleted: Date.parse('2026-01-03T00:00:00Z') }[operation]
  return [
    ...(told.type_url === `type.googleapis.com/kollect.resource.event.v1.${type}` ? [] : [`${told.key}: type ${told.type_url}`]),
    ...(told.timestamp === time && told.applies_at === applies ? [] : [`${told.key}: times ${told.timestamp} ${told.applies_at}`]),
    ...(/^[0-9a-f]{8}-/.test(told.id) ? [] : [`${told.key}: id ${told.id}`]),
    ...[...new Set([...Object.keys(wanted), ...Object.keys(found)])].filter((name) => !isDeepStrictEqual(wanted[name], found[name])).map((name) => `${told.key}: ${name} is ${JSON.stringify(found[name])?.slice(0, 100)}`),
  ]
}
