import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { decodeEnvelope } from '../../src/codecs/kollect/decode.ts'
import { claimOf, joinParts, partOf } from '../../src/codecs/bus-message/oversize.ts'
import type { InMessage } from '../../src/codecs/bus-message/read.ts'
import { configMaps, SmallCluster } from '../kit/small-cluster.ts'
import { nats as program } from './install/nats.ts'
import { startKollect, type Kollect } from './kit/kollect.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

const limit = { timeout: 30_000, interval: 100 }
const large = 'twelve bytes'.repeat(100_000)

interface Scene {
  readonly cluster: SmallCluster
  readonly weir: Kollect
  readonly dir: string
  messages(): Promise<InMessage[]>
}

async function scene(context: TestContext, env: (dir: string) => Readonly<Record<string, string>>): Promise<Scene> {
  await need(context, program)
  const dir = await mkdtemp(join(tmpdir(), 'weir-kollect-oversize-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const [cluster, bus] = [await SmallCluster.start(configMaps), await startNats({ jetstream: true, dir })]
  onTestFinished(() => cluster.close())
  onTestFinished(() => bus[Symbol.asyncDispose]())
  const connection = await connect({ servers: bus.url })
  onTestFinished(() => connection.close())
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'CHANGES', subjects: ['cluster.changes'] })
  await writeFile(join(dir, 'kubeconfig'), cluster.kubeconfig)
  await mkdir(join(dir, 'claims'))
  const weir = await startKollect(join(dir, 'data'), {
    EVENT_WRITER_URL: 'nats://cluster.changes',
    NATS_SERVER_URL: bus.url,
    CLUSTER_ID: 'c1',
    KUBECONFIG: join(dir, 'kubeconfig'),
    WEIR_DATA: '',
    ...env(dir),
  })
  onTestFinished(() => weir[Symbol.asyncDispose]())
  return {
    cluster,
    weir,
    dir,
    async messages() {
      const { state } = await manager.streams.info('CHANGES')
      const found = await Promise.all(
        Array.from({ length: state.messages }, (_, at) => manager.streams.getMessage('CHANGES', { seq: at + 1 })),
      )
      return found.flatMap((message) =>
        message === null
          ? []
          : [
              {
                attributes: new Map(),
                contentType: message.header.get('content-type'),
                body: message.data,
                place: '',
                time: 0,
                key: '',
              } as unknown as InMessage,
            ],
      )
    },
  }
}

/** Two small changes around one of 1.2 MB; the server takes 1 MiB. */
function change(cluster: SmallCluster): void {
  cluster.put('before', { value: 'small' })
  cluster.put('large', { value: large })
  cluster.put('after', { value: 'small' })
}

const created = ({ body }: Pick<InMessage, 'body'>): { readonly name: string; readonly value: string } => {
  const { payload } = decodeEnvelope(body)
  if (payload.is !== 'created') throw new Error(`it is ${payload.is}`)
  const { metadata, data } = payload.resource as { metadata: { name: string }; data: { value: string } }
  return { name: metadata.name, value: data.value }
}

async function stated({ weir }: Scene, oversize: string): Promise<void> {
  const lines = (): unknown[] =>
    weir.log
      .split('\n')
      .filter((line) => line.includes('Connected to NATS.'))
      .map((line) => JSON.parse(line) as unknown)
  await expect.poll(lines, { ...limit, timeout: 5000 }).toMatchObject([{ max_message_bytes: 1_048_576, oversize }])
}

describe('nats-server', () => {
  test('by default a change over max_payload becomes a dead letter; later changes are sent', async (context) => {
    const all = await scene(context, () => ({}))
    await stated(all, 'dead-letter')
    change(all.cluster)
    await expect
      .poll(async () => (await all.messages()).map((message) => created(message).name), limit)
      .toEqual(['before', 'after'])
    const letters = async (): Promise<unknown> =>
      (await fetch(`${all.weir.apiUrl}/api/v1/dead-letters?bodies=false`)).json()
    await expect
      .poll(letters, limit)
      .toMatchObject([{ sink: 'kollect', state: 'open', reason: 'exceeds the limit of the server (max_payload)' }])
  }, 90_000)

  test('with WEIR_SINKS_KOLLECT_OVERSIZE=split it goes out in parts that make up the whole', async (context) => {
    const all = await scene(context, () => ({ WEIR_SINKS_KOLLECT_OVERSIZE: 'split' }))
    await stated(all, 'split')
    change(all.cluster)
    await expect.poll(async () => (await all.messages()).length, limit).toBe(10)
    const messages = await all.messages()
    const parts = messages.filter((message) => partOf(message) !== undefined)
    const [first] = parts
    const described = first === undefined ? undefined : partOf(first)
    if (described === undefined) throw new Error('there are no parts')
    expect(created(joinParts(parts, described))).toEqual({ name: 'large', value: large })
    expect(messages.filter((message) => partOf(message) === undefined).map((message) => created(message).name)).toEqual(
      ['before', 'after'],
    )
  }, 90_000)

  test('with oversize claim-check a reference is sent and the store has the change', async (context) => {
    const all = await scene(context, (dir) => ({
      WEIR_SINKS_KOLLECT_OVERSIZE: 'claim-check',
      WEIR_SINKS_KOLLECT_CLAIMS_STORE: join(dir, 'claims'),
    }))
    await stated(all, 'claim-check')
    change(all.cluster)
    await expect.poll(async () => (await all.messages()).length, limit).toBe(3)
    const [before, reference, after] = await all.messages()
    const claim = reference === undefined ? undefined : claimOf(reference)
    expect([before, after].map((message) => (message === undefined ? '' : created(message).name))).toEqual([
      'before',
      'after',
    ])
    expect(created({ body: await readFile(claim?.url ?? '') })).toEqual({ name: 'large', value: large })
  }, 90_000)
})
