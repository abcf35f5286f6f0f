// A scripted API server makes the changes; the messages in a real nats-server are compared one by one.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { decodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { PodServer } from '../../test/kit/pod-server.ts'
import { mostMemoryOf } from '../../test/kit/proc.ts'
import { synced } from '../../test/kit/synced.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { nats } from '../../test/real/install/nats.ts'
import { startNats } from '../../test/real/kit/nats.ts'

const objects = 2000
const mostMemory = 250
/** Permitted ratio of the memory at the end of an outage to that after its first part. */
const flatWithin = 1.15

export default {
  name: 'kubernetes-bus',
  issue: '5.1',
  title:
    '20,000 changes, and ten minutes of changes without the bus, reach a real NATS complete and in order. ' +
    'Weir needs at most 250 MB.',
  async run(context) {
    const found = await install(nats)
    if (found.path === undefined) return context.skip(found.reason)
    const server = await PodServer.start({ size: 'small', objects })
    const folder = join(context.folder, 'nats')
    mkdirSync(folder)
    await using bus = await startNats({ jetstream: true, dir: folder })
    try {
      const kubeconfig = join(context.folder, 'kubeconfig')
      writeFileSync(kubeconfig, kubeconfigOf(server.url))
      await using weir = await startWeir({
        folder: join(context.folder, 'weir'),
        config: {
          store: { enabled: 'none' },
          journal: { segment: '4MiB', keep: '4MiB' },
          sources: { netflow: { listen: 'off', tcp: 'off' }, kubernetes: { cluster: 'c1', kubeconfig } },
          sinks: {
            bus: {
              type: 'nats',
              url: bus.url,
              stream: 'K',
              subject: 'kollect',
              create_stream: true,
              codec: 'kollect',
              only: { family: ['change'] },
              when_behind: 'block',
              delivery: { retry_max: '1s' },
            },
          },
        },
      })
      const memory = mostMemoryOf(weir)
      await synced(weir, { objects })
      let sent = await burst(context, weir, server)
      sent += await outage(context, weir, server, bus, sent)
      const { own, peak } = memory()
      const { code } = await weir.stop()
      context.figure('memory, peak of all that was resident', Math.round(peak / 1e6), 'MB')
      context.figure('memory, peak without mapped files', Math.round(own / 1e6), 'MB')
      context.expectSpeed(own / 1e6 <= mostMemory, `all the while within ${mostMemory} MB, mapped files apart`)
      context.expect(code === 0, 'it stops with exit code 0')
      await judge(context, bus.url, sent)
    } finally {
      await server.close()
    }
  },
} satisfies AcceptanceRun

async function taken(weir: WeirProcess, changes: number) {
  for (let waited = 0; (await weir.metric('weir_kubernetes_changes_total')) < changes; waited++) {
    if (waited > 1200) throw new Error(`not all of ${changes} changes were taken within two minutes`)
    await sleep(100)
  }
}

async function burst(context: AcceptanceContext, weir: WeirProcess, server: PodServer): Promise<number> {
  const changesAtOnce = context.size(20_000, 5000)
  const began = performance.now()
  await server.change(changesAtOnce)
  await taken(weir, changesAtOnce)
  context.figure('at once: changes recorded within', (performance.now() - began) / 1000, 's')
  await weir.caughtUp(120_000)
  context.figure('at once: delivered within', (performance.now() - began) / 1000, 's')
  return changesAtOnce
}

/** 100 changes per second for ten minutes, or in CI a few rounds without a wait. */
async function outage(
  context: AcceptanceContext,
  weir: WeirProcess,
  server: PodServer,
  bus: { stop(): Promise<void>; restart(): Promise<void> },
  sent: number,
): Promise<number> {
  const [rounds, pauseMs] = context.size([30, 20_000], [4, 500])
  await bus.stop()
  const before = await weir.metric('weir_journal_size_bytes')
  const memory: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now()
    await server.change(objects)
    await taken(weir, sent + round * objects)
    await sleep(Math.max(0, pauseMs - (performance.now() - began)))
    memory.push(weir.memory().own)
  }
  const changes = rounds * objects
  const { sinks } = await weir.pipeline()
  const pending = (await weir.ledger()).sinks.find(({ name }) => name === 'bus')?.pending ?? 0
  const grown = (await weir.metric('weir_journal_size_bytes')) - before
  const [ready, accepting] = await Promise.all([
    fetch(`${weir.opsUrl}/healthz/ready`),
    fetch(`${weir.opsUrl}/healthz/accepting`),
  ])
  const [early, late] = [Math.max(...memory.slice(0, Math.ceil(rounds / 4))), memory.at(-1) ?? 0]
  context.figure('bus away: changes', changes)
  context.figure('bus away: the journal grew by', Math.round(grown / 1e3), 'KB')
  context.figure('bus away: memory at first, at the end', `${Math.round(early / 1e6)}, ${Math.round(late / 1e6)}`, 'MB')
  context.expect(pending >= changes, `every change waits in the journal (${pending} of ${changes})`)
  context.expect(
    sinks.find(({ name }) => name === 'bus')?.state === 'retrying',
    'the pipeline reports that the sink is retried',
  )
  const { reasons, warnings } = (await ready.json()) as {
    readonly reasons: readonly string[]
    readonly warnings: readonly string[]
  }
  context.expect(accepting.status === 200, 'it continues to accept changes')
  context.expect(
    [...reasons, ...warnings].some((reason) => reason.startsWith('sink bus: ')),
    `/healthz/ready names the sink that fails (${some([...reasons, ...warnings])})`,
  )
  // At CI scale the outage may be shorter than the ten seconds after which a failing sink counts.
  context.expect(
    ready.status === (reasons.length > 0 ? 503 : 200) && (ready.status === 503 || context.size(false, true)),
    `it is not ready while the bus is away (${ready.status})`,
  )
  context.expectSpeed(
    late <= early * flatWithin,
    `memory does not grow with what waits (${Math.round(late / 1e6)} MB after ${Math.round(early / 1e6)} MB)`,
  )
  await bus.restart()
  const began = performance.now()
  await weir.caughtUp(300_000)
  context.figure('bus back: caught up within', (performance.now() - began) / 1000, 's')
  return changes
}

interface Last {
  readonly version: number
  readonly status: string
}

/** For each object, the versions of its messages rise, and each begins where the previous one ended. */
async function judge(context: AcceptanceContext, url: string, sent: number) {
  const connection = await connect({ servers: url })
  const { state } = await (await jetstreamManager(connection)).streams.info('K')
  const consumer = await jetstream(connection).consumers.get('K')
  const last = new Map<string, Last>()
  const [disordered, torn]: [string[], string[]] = [[], []]
  let read = 0
  while (read < state.messages) {
    const before = read
    for await (const message of await consumer.fetch({
      max_messages: Math.min(2000, state.messages - read),
      expires: 10_000,
    })) {
      read++
      const { payload } = decodeEnvelope(message.data)
      if (payload.is !== 'updated') throw new Error(`a message is ${payload.is}, and nothing but updates was made`)
      const [was, is] = [payload.old, payload.new].map((object) =>
        JSON.stringify((object as { readonly status: unknown }).status),
      )
      const known = last.get(payload.uid)
      const version = Number(payload.resourceVersion)
      if (known !== undefined && version <= known.version) disordered.push(payload.name)
      if (known !== undefined && was !== known.status) torn.push(payload.name)
      last.set(payload.uid, { version, status: is ?? '' })
    }
    if (read === before) throw new Error(`the stream gave ${read} of ${state.messages} messages`)
  }
  await connection.close()
  context.figure('messages in the stream', read)
  context.expect(read === sent, `the server holds each change once (${read} of ${sent})`)
  context.expect(last.size === objects, `of every object (${last.size} of ${objects})`)
  context.expect(disordered.length === 0, `versions of an object rise (${some(disordered)})`)
  context.expect(torn.length === 0, `each change begins where the one before it ended (${some(torn)})`)
}
