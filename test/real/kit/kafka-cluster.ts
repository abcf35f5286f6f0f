// A cluster of several Kafka brokers on loopback, each with a controller; ended by their pids.
import { execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePorts } from '../../kit/free-port.ts'
import { isFrozen } from '../../kit/proc.ts'
import { installKafka } from '../install/kafka.ts'
import { JVM, launch, writeLogging } from './kafka.ts'

export interface KafkaBroker {
  readonly id: number
  readonly port: number
  kill(): Promise<void>
  start(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>
  resume(): void
}

export interface KafkaCluster {
  readonly brokers: readonly KafkaBroker[]
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts that many brokers and resolves when all take connections; topics have a copy on each, and all but one must
 * have a message.
 */
export async function startKafkaCluster(count: number): Promise<KafkaCluster> {
  const program = await installKafka()
  if (program.path === undefined) throw new Error(program.reason)
  const dir = await mkdtemp(join(tmpdir(), 'weir-kafkas-'))
  const ports = await freePorts(2 * count)
  const java = [...JVM, `-Dlog4j2.configurationFile=${writeLogging(dir)}`, '-cp', join(program.path, '*')]
  const voters = Array.from(
    { length: count },
    (_, index) => `${index + 1}@127.0.0.1:${ports[count + index] ?? 0}`,
  ).join(',')
  const brokers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      prepare(java, dir, {
        id: index + 1,
        port: ports[index] ?? 0,
        controller: ports[count + index] ?? 0,
        voters,
        count,
      }),
    ),
  )
  await Promise.all(brokers.map((broker) => broker.start()))
  return {
    brokers,
    async [Symbol.asyncDispose]() {
      await Promise.all(brokers.map((broker) => broker.kill()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

interface Node {
  readonly id: number
  readonly port: number
  readonly controller: number
  readonly voters: string
  readonly count: number
}

async function prepare(
  java: readonly string[],
  dir: string,
  { id, port, controller, voters, count }: Node,
): Promise<KafkaBroker> {
  const data = join(dir, `data-${id}`)
  mkdirSync(data)
  const config = join(dir, `broker-${id}.properties`)
  writeFileSync(
    config,
    `${[
      'process.roles=broker,controller',
      `node.id=${id}`,
      `controller.quorum.voters=${voters}`,
      `listeners=PLAIN://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAIN://127.0.0.1:${port}`,
      'listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'controller.listener.names=CONTROLLER',
      'inter.broker.listener.name=PLAIN',
      `log.dirs=${data}`,
      'auto.create.topics.enable=false',
      `default.replication.factor=${count}`,
      `min.insync.replicas=${count - 1}`,
      `offsets.topic.replication.factor=${count}`,
      'offsets.topic.num.partitions=3',
      `transaction.state.log.replication.factor=${count}`,
      `transaction.state.log.min.isr=${count - 1}`,
      `share.coordinator.state.topic.replication.factor=${count}`,
      'group.initial.rebalance.delay.ms=0',
      // A lost broker is noticed soon, and a returning one need not wait for the expiry of its session.
      'broker.heartbeat.interval.ms=500',
      'broker.session.timeout.ms=3000',
      'replica.lag.time.max.ms=5000',
    ].join('\n')}\n`,
  )
  await promisify(execFile)(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', config],
    { timeout: 60_000 },
  )
  let running: ChildProcess | undefined
  return {
    id,
    port,
    async start() {
      running = await launch(java, config)
    },
    async kill() {
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
      const exited = once(running, 'exit')
      running.kill('SIGKILL')
      await exited
    },
    async pause() {
      running?.kill('SIGSTOP')
      while (!isFrozen(running?.pid ?? -1)) await sleep(2)
    },
    resume: () => void running?.kill('SIGCONT'),
  }
}
