// The Pub/Sub emulator of the Google Cloud SDK for one test file, on a loopback port; ended by its pid.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { v1, PubSub } from '@google-cloud/pubsub'
import type { TestContext } from 'vitest'
import { freePorts } from '../../kit/free-port.ts'

const folder = '/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib'
const READY_LIMIT = 90_000

const jar = (): string | undefined => (existsSync('/usr/bin/java') ? globSync(`${folder}/cloud-pubsub-emulator-*-all.jar`)[0] : undefined)

export const canRunPubsub = (): boolean => jar() !== undefined

export function needPubsub(context: TestContext): void {
  if (!canRunPubsub()) context.skip('pubsub-emulator: the Google Cloud SDK has none here')
}

export interface Seen {
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey: string
}

export interface PubsubEmulator {
  readonly port: number
  /** Makes a topic with a subscription that keeps the order of keys; resolves with the topic's whole name. */
  makeTopic(name: string): Promise<string>
  dropTopic(name: string): Promise<void>
  /** All that has come to the topic since it was last asked. */
  take(name: string): Promise<readonly Seen[]>
  [Symbol.asyncDispose](): Promise<void>
}

const project = 'weir-test'
const topicOf = (name: string): string => `projects/${project}/topics/${name}`
const subscriptionOf = (name: string): string => `projects/${project}/subscriptions/${name}`

export async function startPubsub(): Promise<PubsubEmulator> {
  const [port = 0] = await freePorts(1)
  const child = spawn('java', ['-Djava.net.preferIPv4Stack=true', '-Xmx512m', '-jar', jar() ?? '', '--host=127.0.0.1', `--port=${port}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { if (log.length < 65_536) log += text })
  for (let waited = 0; !log.includes('Server started'); waited += 20) {
    if (waited > READY_LIMIT || child.exitCode !== null) {
      kill()
      throw new Error(`the Pub/Sub emulator was not ready:\n${log}`)
    }
    await sleep(20)
  }
  const client = new PubSub({ projectId: project, apiEndpoint: `127.0.0.1:${port}`, emulatorMode: true })
  // Or it would look for credentials in the network.
  client.auth.jsonContent = { client_email: 'emulator', private_key: 'none' }
  const options = { ...(await client.getClientConfig()), auth: client.auth }
  const publisher = new v1.PublisherClient(options)
  const subscriber = new v1.SubscriberClient(options)
  const generations = new Map<string, number>()
  /** One that reads a topic that is gone never reads the next of that name. */
  const current = (name: string): string => subscriptionOf(`${name}-${generations.get(name) ?? 0}`)
  return {
    port,
    async makeTopic(name) {
      generations.set(name, (generations.get(name) ?? 0) + 1)
      await publisher.createTopic({ name: topicOf(name) })
      await subscriber.createSubscription({ name: current(name), topic: topicOf(name), enableMessageOrdering: true })
      return topicOf(name)
    },
    async dropTopic(name) { await publisher.deleteTopic({ topic: topicOf(name) }) },
    async take(name) {
      const all: Seen[] = []
      for (;;) {
        const [{ receivedMessages }] = await subscriber.pull({ subscription: current(name), maxMessages: 1000, returnImmediately: true })
        const found = receivedMessages ?? []
        if (found.length === 0) return all
        for (const { message } of found) all.push({ data: Buffer.from(message?.data as Uint8Array), attributes: { ...message?.attributes }, orderingKey: message?.orderingKey ?? '' })
        await subscriber.acknowledge({ subscription: current(name), ackIds: found.map(({ ackId }) => ackId ?? '') })
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([publisher.close(), subscriber.close()])
      const exited = once(child, 'exit')
      kill()
      await exited
      process.off('exit', kill)
    },
  }
}
