// A real Kafka broker (KRaft) for one test file.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Producer } from '@platformatic/kafka'
import { cutProxy, type CutProxy } from '../../conformance/cut-proxy.ts'
import { freePorts } from '../../kit/free-port.ts'
import { isFrozen } from '../../kit/proc.ts'
import { installKafka } from '../install/kafka.ts'

export interface KafkaOptions {
  /** User and password that SCRAM and PLAIN know. */
  readonly user?: { readonly name: string; readonly password: string }
  /**
   * Certificate chain and key of the broker, and its trusted CA, PEM; adds TLS listeners with a required
   * certificate, with none, and with SCRAM-SHA-512.
   */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string }
  /** Further lines of the configuration. */
  readonly config?: readonly string[]
}

export interface KafkaServer {
  /** Ports on 127.0.0.1, by listener; the same after a restart. `proxied` runs through `proxy`. */
  readonly ports: Readonly<Record<Listener, number>>
  readonly proxy: CutProxy
  readonly pid: number
  /** The version from its start log. */
  readonly version: string | undefined
  readonly dir: string
  kill(): Promise<void>
  restart(): Promise<void>
  /** Freezes the process: connections stay open and nothing answers. */
  pause(): Promise<void>
  resume(): void
  /**
   * Runs one of Kafka's programs, such as `org.apache.kafka.tools.ConsoleConsumer`, and resolves with its output.
   */
  tool(name: string, args: readonly string[], input?: string): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

const listeners = ['plain', 'proxied', 'sasl', 'tls', 'mutual', 'secure', 'controller'] as const
export type Listener = (typeof listeners)[number]

const READY_LIMIT = 90_000
const TOOL_LIMIT = 60_000
export const JVM = [
  '-Xmx256m',
  '-Xms64m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.net.preferIPv4Stack=true',
]

/** Starts a broker and resolves when it takes connections. Throws when Kafka cannot be had (see `installKafka`). */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const program = await installKafka()
  if (program.path === undefined) throw new Error(program.reason)
  const dir = await mkdtemp(join(tmpdir(), 'weir-kafka-'))
  const chosen = await freePorts(listeners.length)
  const inner = Object.fromEntries(listeners.map((name, index) => [name, chosen[index] ?? 0])) as Record<
    Listener,
    number
  >
  const proxy = await cutProxy(inner.proxied)
  const java = [...JVM, `-Dlog4j2.configurationFile=${writeLogging(dir)}`, '-cp', join(program.path, '*')]
  const config = writeConfig(dir, inner, proxy.port, options)
  const scram =
    options.user === undefined
      ? []
      : ['256', '512'].flatMap((size) => [
          '--add-scram',
          `SCRAM-SHA-${size}=[name=${options.user?.name},iterations=4096,password=${options.user?.password}]`,
        ])
  const run = promisify(execFile)
  await run(
    'java',
    [...java, 'kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', config, ...scram],
    { timeout: TOOL_LIMIT },
  )

  let version: string | undefined
  let running = await launch(java, config, (output) => {
    version = output
  })
  await isReady(inner.plain)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill(signal)
    // A paused process handles SIGTERM only after it resumes.
    running.kill('SIGCONT')
    await exited
  }
  return {
    ports: { ...inner, proxied: proxy.port },
    proxy,
    dir,
    version,
    get pid() {
      return running.pid ?? -1
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      running = await launch(java, config)
      await isReady(inner.plain)
    },
    async pause() {
      running.kill('SIGSTOP')
      while (!isFrozen(running.pid ?? -1)) await sleep(2)
    },
    resume: () => void running.kill('SIGCONT'),
    async tool(name, args, input) {
      const done = run('java', [...java, name, ...args], { timeout: TOOL_LIMIT, maxBuffer: 64 * 2 ** 20 })
      done.child.stdin?.end(input ?? '')
      return (await done).stdout
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await proxy.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export function writeLogging(dir: string): string {
  const path = join(dir, 'log4j2.properties')
  writeFileSync(
    path,
    [
      'rootLogger.level=ERROR',
      'rootLogger.appenderRef.out.ref=out',
      'appender.out.type=Console',
      'appender.out.name=out',
      'appender.out.target=SYSTEM_ERR',
      'appender.out.layout.type=PatternLayout',
      'appender.out.layout.pattern=%p %c %m%n',
      'logger.ready.name=kafka.server.KafkaRaftServer',
      'logger.ready.level=INFO',
      'logger.version.name=org.apache.kafka.common.utils.AppInfoParser',
      'logger.version.level=INFO',
      '',
    ].join('\n'),
  )
  return path
}

function writeConfig(
  dir: string,
  port: Readonly<Record<Listener, number>>,
  proxied: number,
  { user, tls, config = [] }: KafkaOptions,
): string {
  const names = listeners.filter(
    (name) => (name !== 'tls' && name !== 'mutual' && name !== 'secure') || tls !== undefined,
  )
  const protocol = {
    plain: 'PLAINTEXT',
    proxied: 'PLAINTEXT',
    sasl: 'SASL_PLAINTEXT',
    tls: 'SSL',
    mutual: 'SSL',
    secure: 'SASL_SSL',
    controller: 'PLAINTEXT',
  }
  const at = (name: Listener): string =>
    `${name.toUpperCase()}://127.0.0.1:${name === 'proxied' ? proxied : port[name]}`
  const data = join(dir, 'data')
  mkdirSync(data, { recursive: true })
  const login = 'org.apache.kafka.common.security'
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${port.controller}`,
    `listeners=${names.map((name) => `${name.toUpperCase()}://127.0.0.1:${port[name]}`).join(',')}`,
    `advertised.listeners=${names
      .filter((name) => name !== 'controller')
      .map(at)
      .join(',')}`,
    `listener.security.protocol.map=${names.map((name) => `${name.toUpperCase()}:${protocol[name]}`).join(',')}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAIN',
    `log.dirs=${data}`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'share.coordinator.state.topic.replication.factor=1',
    // A returning broker need not wait for the expiry of its former session.
    'broker.heartbeat.interval.ms=200',
    'broker.session.timeout.ms=2000',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    `listener.name.sasl.plain.sasl.jaas.config=${login}.plain.PlainLoginModule ` +
      `required${user === undefined ? '' : ` user_${user.name}="${user.password}"`};`,
    `listener.name.sasl.scram-sha-256.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    `listener.name.sasl.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    `listener.name.sasl.oauthbearer.sasl.jaas.config=${login}.oauthbearer.OAuthBearerLoginModule required ` +
      'unsecuredLoginStringClaim_sub="broker";',
    ...config,
  ]
  if (tls !== undefined) {
    // One line each: a line break within a value is written as `\n`.
    const inLine = (pem: string): string => pem.trim().replaceAll('\n', '\\n')
    lines.push(
      'ssl.keystore.type=PEM',
      `ssl.keystore.certificate.chain=${inLine(tls.certificate)}`,
      `ssl.keystore.key=${inLine(tls.key)}`,
      'ssl.truststore.type=PEM',
      `ssl.truststore.certificates=${inLine(tls.ca)}`,
      'listener.name.mutual.ssl.client.auth=required',
      'listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512',
      `listener.name.secure.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    )
  }
  const path = join(dir, 'server.properties')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

export async function launch(
  java: readonly string[],
  config: string,
  onVersion?: (version: string | undefined) => void,
): Promise<ChildProcess> {
  const child = spawn('java', [...java, 'kafka.Kafka', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    // The head of the log has the reason of a failed start.
    if (log.length < 64 * 1024) log += text
  })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  for (let waited = 0; !log.includes('Kafka Server started'); waited += 20) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`kafka ended (exit ${child.exitCode}) before it was ready:\n${log}`)
    if (waited > READY_LIMIT) {
      child.kill('SIGKILL')
      throw new Error(`kafka was not ready after ${READY_LIMIT / 1000} s:\n${log}`)
    }
    await sleep(20)
  }
  onVersion?.(/Kafka version: (\S+)/.exec(log)?.[1])
  return child
}

async function isReady(port: number): Promise<void> {
  const producer = new Producer({
    clientId: 'kit',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 300,
    retryDelay: 100,
  })
  try {
    await producer.initIdempotentProducer({})
  } finally {
    await producer.close()
  }
}
