// A real rabbitmq-server with an Erlang node and epmd for one test file.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePorts } from '../../kit/free-port.ts'
import { install } from '../install/apt.ts'
import { rabbitmq } from '../install/rabbitmq.ts'

export interface RabbitOptions {
  /** Certificate chain and key of the server, and its trusted CA, PEM; adds a TLS listener. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string }
  /** Users beside `guest`, with all rights in `/`. */
  readonly users?: readonly { readonly name: string; readonly password: string }[]
  readonly vhosts?: readonly string[]
  /** Further lines of rabbitmq.conf. */
  readonly config?: readonly string[]
}

export interface RabbitServer {
  /** `amqp://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string
  readonly port: number
  readonly tlsPort: number
  readonly dir: string
  kill(): Promise<void>
  /** Restarts with its data; first stops a running one cleanly. */
  restart(): Promise<void>
  /** Runs rabbitmqctl, which takes its second or two. */
  ctl(...args: string[]): Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

const folder = '/usr/lib/rabbitmq/bin'
const READY_LIMIT = 90_000

/** Starts a server and resolves when it takes connections. Throws when it cannot be had (see `install`). */
export async function startRabbit(options: RabbitOptions = {}): Promise<RabbitServer> {
  const program = await install(rabbitmq)
  if (program.path === undefined) throw new Error(program.reason)
  const dir = await mkdtemp(join(tmpdir(), 'weir-rabbit-'))
  const [port = 0, tlsPort = 0, mapper = 0, distribution = 0] = await freePorts(4)
  writeConfig(dir, options, port, tlsPort)
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: dir,
    LANG: 'C.UTF-8',
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `weir${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'plugins'),
    RABBITMQ_LOG_BASE: dir,
    RABBITMQ_LOGS: '-',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +A 8',
    // No dump of a crash in the folder of the test.
    ERL_CRASH_DUMP_SECONDS: '0',
    // The script then becomes the server, so that its pid is the server's.
    RUNNING_UNDER_SYSTEMD: 'true',
  }
  // Started here, or the server leaves one behind.
  const names = spawn('epmd', ['-port', String(mapper), '-address', '127.0.0.1'], { stdio: 'ignore', env })
  const forget = killWithUs(names)
  let running: ChildProcess | undefined
  const end = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  const stop = async (): Promise<void> => {
    await end(running, 'SIGKILL')
    await end(names, 'SIGKILL')
    forget()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    running = await launch(env)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `amqp://127.0.0.1:${port}`,
    port,
    tlsPort: options.tls === undefined ? 0 : tlsPort,
    dir,
    kill: () => end(running, 'SIGKILL'),
    async restart() {
      await end(running, 'SIGTERM')
      running = await launch(env)
    },
    ctl: async (...args) =>
      (
        await promisify(execFile)(join(folder, 'rabbitmqctl'), ['-q', '-n', env.RABBITMQ_NODENAME, ...args], {
          env,
          timeout: READY_LIMIT,
        })
      ).stdout,
    [Symbol.asyncDispose]: stop,
  }
}

function writeConfig(
  dir: string,
  { tls, users = [], vhosts = [], config = [] }: RabbitOptions,
  port: number,
  tlsPort: number,
): void {
  const all = { configure: '.*', write: '.*', read: '.*' }
  const known = [
    { name: 'guest', password: 'guest', tags: 'administrator' },
    ...users.map((user) => ({ ...user, tags: '' })),
  ]
  const definitions = {
    users: known,
    vhosts: ['/', ...vhosts].map((name) => ({ name })),
    permissions: [
      ...known.map(({ name: user }) => ({ user, vhost: '/', ...all })),
      ...vhosts.map((vhost) => ({ user: 'guest', vhost, ...all })),
    ],
  }
  writeFileSync(join(dir, 'definitions.json'), JSON.stringify(definitions))
  writeFileSync(join(dir, 'plugins'), '[rabbitmq_auth_mechanism_ssl].\n')
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    `load_definitions = ${join(dir, 'definitions.json')}`,
    'disk_free_limit.absolute = 1MB',
    'vm_memory_high_watermark.absolute = 1GB',
    'log.console = true',
    'log.console.level = info',
    'auth_mechanisms.1 = PLAIN',
    'auth_mechanisms.2 = EXTERNAL',
    'ssl_cert_login_from = common_name',
  ]
  if (tls !== undefined) {
    for (const [name, text] of Object.entries({ certfile: tls.certificate, keyfile: tls.key, cacertfile: tls.ca })) {
      writeFileSync(join(dir, `${name}.pem`), text)
      lines.push(`ssl_options.${name} = ${join(dir, `${name}.pem`)}`)
    }
    lines.push(
      `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = false',
    )
  }
  writeFileSync(join(dir, 'rabbitmq.conf'), `${[...lines, ...config].join('\n')}\n`)
}

async function launch(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(join(folder, 'rabbitmq-server'), [], { stdio: ['ignore', 'pipe', 'pipe'], env })
  const forget = killWithUs(child)
  child.once('exit', forget)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      // The head of the log has the ready line, or the reason of a failed start.
      if (log.length < 256 * 1024) log += text
    })
  }
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      reject(new Error(`rabbitmq-server ended (exit ${code}) before it was ready:\n${log}`))
    })
  })
  failed.catch(() => {
    // The test causes later exits.
  })
  const ready = async (): Promise<void> => {
    for (let waited = 0; !log.includes('Server startup complete'); waited += 20) {
      if (waited > READY_LIMIT) {
        child.kill('SIGKILL')
        throw new Error(`rabbitmq-server was not ready after ${READY_LIMIT / 1000} s:\n${log}`)
      }
      await sleep(20)
    }
  }
  await Promise.race([ready(), failed])
  return child
}

/** Kills it at the end of the test run. Returns a function that cancels this. */
function killWithUs(child: ChildProcess): () => void {
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  return () => void process.off('exit', kill)
}
