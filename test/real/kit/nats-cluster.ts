// Several real nats-servers that are one JetStream cluster, for one test: each with its own folder and ports, ended by
// its pid.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Received } from '../../kit/event-receiver.ts'
import { freePorts } from '../../kit/free-port.ts'
import { startNats, type NatsServer } from './nats.ts'

export interface NatsNode extends NatsServer {
  readonly name: string
}

export interface NatsCluster {
  readonly nodes: readonly NatsNode[]
  /** Makes a stream that every node has a copy of, as soon as the cluster has a leader. */
  makeStream(name: string, subjects: readonly string[]): Promise<void>
  stream(name: string): Promise<StreamInfo>
  /** Resolves when every node has all of a stream. */
  inSync(name: string): Promise<void>
  /** Every message of a stream in order, requested from its leader one by one. */
  received(name: string): Promise<Received[]>
  [Symbol.asyncDispose](): Promise<void>
}

const READY_LIMIT = 120_000
const atOnce = 100

/** Resolves when every server takes connections. `dir` exists. */
export async function startNatsCluster(count: number, dir: string): Promise<NatsCluster> {
  const ports = await freePorts(count)
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ')
  const nodes = await Promise.all(
    ports.map(async (port, index): Promise<NatsNode> => {
      const name = `n${index + 1}`
      const folder = join(dir, name)
      mkdirSync(folder)
      const server = await startNats({
        jetstream: true,
        dir: folder,
        config: `server_name: ${name}\ncluster { name: weir, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
      })
      return Object.assign(server, { name })
    }),
  )
  const urls = nodes.map(({ url }) => url)
  /** Retries until there is a response: there is none during an election. */
  const ask = async <T>(question: (manager: JetStreamManager) => Promise<T | undefined>, what: string): Promise<T> => {
    const until = performance.now() + READY_LIMIT
    for (let reason: unknown; ; await sleep(100)) {
      let connection: NatsConnection | undefined
      try {
        connection = await connect({ servers: urls, timeout: 2000, reconnect: false })
        const found = await question(await jetstreamManager(connection, { timeout: 2000, checkAPI: false }))
        if (found !== undefined) return found
      } catch (error) {
        reason = error
      } finally {
        await connection?.close()
      }
      if (performance.now() > until) throw new Error(`${what}: not within ${READY_LIMIT / 1000} s (${String(reason)})`)
    }
  }
  return {
    nodes,
    async makeStream(name, subjects) {
      await ask(
        (manager) => manager.streams.add({ name, subjects: [...subjects], num_replicas: count }),
        `a stream on ${count} nodes`,
      )
    },
    stream: (name) => ask((manager) => manager.streams.info(name), `stream ${name}`),
    async inSync(name) {
      await ask(async (manager) => {
        const { cluster } = await manager.streams.info(name)
        return cluster?.leader !== undefined &&
          cluster.replicas?.length === count - 1 &&
          cluster.replicas.every(({ current, offline }) => current && offline !== true)
          ? true
          : undefined
      }, `stream ${name} on every node`)
    },
    received: (name) =>
      ask(async (manager) => {
        const { state } = await manager.streams.info(name)
        const received: Received[] = []
        for (let from = state.first_seq; from <= state.last_seq; from += atOnce) {
          const some = await Promise.all(
            Array.from({ length: Math.min(atOnce, state.last_seq - from + 1) }, (_, at) =>
              manager.streams.getMessage(name, { seq: from + at }),
            ),
          )
          for (const message of some)
            if (message !== null)
              received.push({ id: message.header.get('ce-id'), key: message.header.get('ce-partitionkey') })
        }
        return received
      }, `the messages of stream ${name}`),
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  }
}
