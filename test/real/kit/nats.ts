// A real nats-server for one test.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFrozen } from '../../kit/proc.ts'
import { install } from '../install/apt.ts'
import { nats } from '../install/nats.ts'

export interface NatsOptions {
  readonly jetstream: boolean
  /** Existing folder for configuration, log and streams. It survives `kill` and `restart`. */
  readonly dir: string
  /** Further lines of the server's configuration file. */
  readonly config?: string
}

export interface NatsServer {
  /** `nats://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly version: string
  stop(): Promise<void>
  kill(): Promise<void>
  /** Starts again on the same port and folder; ends a running one first. */
  restart(): Promise<void>
  /** Freezes the process: connections stay open and nothing answers. Resolves when its last thread stands still. */
  pause(): Promise<void>
  resume(): void
  [Symbol.asyncDispose](): Promise<void>
}

const READY_LIMIT = 20_000

/** Starts a server and resolves when it takes connections. Throws when nats-server cannot be had (see `install`). */
export async function startNats(options: NatsOptions): Promise<NatsServer> {
  const program = await install(nats)
  if (program.path === undefined) throw new Error(program.reason)
  const { path, version } = program

  let running = await launch(path, writeConfig(options, version, -1))
  const port = portOf(running.log())
  const config = writeConfig(options, version, port)

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return
    const exited = once(running.child, 'exit')
    running.child.kill(signal)
    // A paused process handles SIGTERM only after it resumes.
    running.child.kill('SIGCONT')
    await exited
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    get pid() {
      return running.child.pid ?? -1
    },
    version,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      running = await launch(path, config)
    },
    async pause() {
      running.child.kill('SIGSTOP')
      while (!isFrozen(running.child.pid ?? -1)) await sleep(2)
    },
    resume: () => void running.child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

/** `port` -1: the server chooses a free one. */
function writeConfig(options: NatsOptions, version: string, port: number): string {
  const lines = ['host: "127.0.0.1"', `port: ${port}`]
  if (options.jetstream) {
    const streams = join(options.dir, 'jetstream')
    mkdirSync(streams, { recursive: true })
    lines.push('jetstream {', `  store_dir: ${JSON.stringify(streams)}`, '  max_mem: 256MB', '  max_file: 4GB')
    if (canSyncAlways(version)) lines.push('  sync_interval: always')
    lines.push('}')
  }
  if (options.config !== undefined) lines.push(options.config)
  const path = join(options.dir, 'nats.conf')
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/**
 * The setting exists since 2.10; an older server syncs every two minutes, which matters for a power failure, not for a
 * killed process.
 */
function canSyncAlways(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 10)
}

async function launch(path: string, config: string): Promise<{ child: ChildProcess; log: () => string }> {
  const child = spawn(path, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    // The head of the log has the port, or the reason of a failed start.
    if (log.length < 64 * 1024) log += text
  })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`nats-server ended (exit ${code}) before it was ready:\n${log}`)))
  })
  failed.catch(() => {
    // The test causes later exits.
  })
  const ready = async (): Promise<void> => {
    for (let waited = 0; !log.includes('Server is ready'); waited += 10) {
      if (waited > READY_LIMIT) {
        child.kill('SIGKILL')
        throw new Error(`nats-server was not ready after ${READY_LIMIT / 1000} s:\n${log}`)
      }
      await sleep(10)
    }
  }
  await Promise.race([ready(), failed])
  return { child, log: () => log }
}

function portOf(log: string): number {
  const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1]
  if (port === undefined) throw new Error(`nats-server did not name its port:\n${log}`)
  return Number(port)
}
