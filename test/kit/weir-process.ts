// A real Weir process with a folder and loopback ports. It can be killed and restarted.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { Ledger, Pipeline } from '../../src/engine/control.ts'
import { isRecord, type Fields } from '../../src/model/json.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { freePorts } from './free-port.ts'
import { patientFetch } from '../../src/net/http/patient-fetch.ts'
import { cpuSeconds, memoryOf, nodeBelow, threadTimes, type Memory, type ThreadTime } from './proc.ts'

export interface WeirOptions {
  /** Existing folder for the configuration, and for the data folder unless `data` is given. */
  readonly folder: string
  readonly data?: string
  /** Merged over the defaults: data folder, loopback ports, no sFlow and no IPFIX over TCP. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
  /** A program that starts Weir and waits for it, for example `['strace', '-f']`. */
  readonly through?: readonly string[]
  /** The checkout to run. */
  readonly root?: string
  readonly uid?: number
}

export interface WeirPorts {
  readonly api: number
  readonly ops: number
  readonly netflow: number
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const READY_LIMIT = 180_000
const STOP_LIMIT = 60_000

/** Starts and resolves when ready. Rejects with its output if it ends before. */
export async function startWeir(options: WeirOptions): Promise<WeirProcess> {
  const [api = 0, ops = 0, netflow = 0] = await freePorts(3)
  const weir = new WeirProcess(options, { api, ops, netflow })
  await weir.start()
  return weir
}

/** As {@link startWeir}, but not started. */
export async function prepareWeir(options: WeirOptions): Promise<WeirProcess> {
  const [api = 0, ops = 0, netflow = 0] = await freePorts(3)
  return new WeirProcess(options, { api, ops, netflow })
}

export class WeirProcess {
  readonly ports: WeirPorts
  readonly data: string
  /** Milliseconds from the last start to the ready line. */
  readyMs = Number.NaN
  #options: WeirOptions
  #child: ChildProcess | undefined
  #log = ''
  #exited: Promise<Ended> | undefined
  /** Length of the log at the launch. */
  #launchedAt = 0
  readonly #listeners = new Set<() => void>()

  constructor(options: WeirOptions, ports: WeirPorts) {
    this.#options = options
    this.ports = ports
    this.data = options.data ?? join(options.folder, 'data')
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.api}`
  }
  get opsUrl(): string {
    return `http://127.0.0.1:${this.ports.ops}`
  }
  /** Process id of Weir itself, also below another program; -1: not running. */
  get pid(): number {
    const started = this.#child?.pid ?? -1
    if (started === -1 || this.#options.through === undefined) return started
    // The lock names another process in a PID namespace.
    return nodeBelow(started) ?? started
  }
  /** Id of the spawned process, which may be the program that starts Weir; -1: not running. */
  get launched(): number {
    return this.#child?.pid ?? -1
  }
  /** Standard error of this and earlier processes. */
  get log(): string {
    return this.#log
  }
  /** Standard error of the last process. */
  get lastLog(): string {
    return this.#log.slice(this.#launchedAt)
  }

  /** Takes effect at the next start or reload. */
  configure(config: Readonly<Record<string, unknown>>): void {
    this.#options = { ...this.#options, config }
    this.#write()
  }

  #write(): string {
    const { folder, config } = this.#options
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'weir.yaml')
    writeFileSync(file, stringify(merge(this.#defaults(), config ?? {})))
    return file
  }

  /** Spawns the process; `ready` waits for it. */
  launch(): void {
    if (this.#child !== undefined) throw new Error('this Weir runs already')
    const { through = [], nodeArgs = [], env, root = ROOT, uid } = this.#options
    const file = this.#write()
    const command = [
      ...through,
      join(root, 'node_modules/.bin/node'),
      ...nodeArgs,
      join(root, 'bin/weir.mjs'),
      'run',
      '--config',
      file,
    ]
    const child = spawn(command[0] ?? '', command.slice(1), {
      cwd: this.#options.folder,
      env: {
        ...withoutWeir(process.env),
        PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    this.#child = child
    this.#launchedAt = this.#log.length
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
      for (const listener of this.#listeners) listener()
    })
    const killWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', killWithUs)
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#log += `${error.message}\n`
        resolve({ code: 127, signal: null })
      })
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
    this.#exited
      .finally(() => {
        process.off('exit', killWithUs)
        if (this.#child === child) this.#child = undefined
      })
      .catch(() => {})
  }

  async start(): Promise<void> {
    const started = performance.now()
    this.launch()
    await this.ready()
    this.readyMs = performance.now() - started
  }

  /** Waits until the last launch is ready; rejects with its output if it ends before. */
  async ready(): Promise<void> {
    const late = sleep(READY_LIMIT, 'late' as const, { ref: false })
    const outcome = await Promise.race([this.#logged('weir is ready'), this.exited(), late])
    if (outcome === 'logged') return
    const what =
      outcome === 'late'
        ? `was not ready after ${READY_LIMIT / 1000} s`
        : `ended (${outcome.signal ?? `exit ${outcome.code}`}) before it was ready`
    if (outcome === 'late') await this.kill()
    throw new Error(`weir ${what}:\n${this.lastLog}`)
  }

  async exited(): Promise<Ended> {
    return this.#exited ?? { code: null, signal: null }
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this
    if (pid === -1) return
    try {
      process.kill(pid, name)
    } catch {
      // It has just ended.
    }
  }

  /** SIGTERM; resolves at its exit. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM')
    const late = AbortSignal.timeout(STOP_LIMIT)
    const child = this.#child
    // Never kills a later launch.
    late.addEventListener('abort', () => {
      if (this.#child === child) this.signal('SIGKILL')
    })
    return this.exited()
  }

  /** SIGKILL, sent before the promise is returned. */
  async kill(): Promise<Ended> {
    this.signal('SIGKILL')
    return this.exited()
  }

  memory(): Memory {
    return memoryOf(this.pid)
  }
  cpuSeconds(): number {
    return cpuSeconds(this.pid)
  }
  threads(): ThreadTime[] {
    return threadTimes(this.pid)
  }

  async get<T>(path: string): Promise<T> {
    return answer<T>(await this.#request(path))
  }
  async post<T>(path: string, body: unknown, type = 'application/json'): Promise<T> {
    return answer<T>(
      await this.#request(path, {
        method: 'POST',
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
  }
  async #request(path: string, init?: Parameters<typeof patientFetch>[1]) {
    const began = performance.now()
    try {
      return await patientFetch(this.url + path, init)
    } catch (cause) {
      const seconds = Math.round((performance.now() - began) / 1000)
      const state = this.launched === -1 ? 'has ended' : 'is running'
      throw new Error(`${path}: no response after ${seconds} s; weir ${state}:\n${this.lastLog.slice(-2000)}`, {
        cause,
      })
    }
  }
  /** Posts CloudEvents as one batch; rejects unless they were accepted. */
  events(events: readonly object[]): Promise<{ accepted: number; duplicates: number }> {
    return this.post('/events', events, 'application/cloudevents-batch+json')
  }
  sql<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
    return this.post('/api/v1/sql', { sql, format: 'json' })
  }
  ledger(): Promise<Ledger> {
    return this.get('/api/v1/ledger')
  }
  pipeline(): Promise<Pipeline> {
    return this.get('/api/v1/pipeline')
  }
  /** One metric, summed over the series with `labels` in their labels. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.opsUrl}/metrics`)).text()
    return text
      .split('\n')
      .filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }
  /** Waits until nothing pends for the named sinks (default: all); resolves with that ledger. */
  async caughtUp(limitMs: number, sinks?: readonly string[]): Promise<Ledger> {
    const started = performance.now()
    for (;;) {
      const ledger = await this.ledger()
      const waiting = ledger.sinks.filter((sink) => sink.pending > 0 && (sinks?.includes(sink.name) ?? true))
      if (waiting.length === 0) return ledger
      if (performance.now() - started > limitMs) {
        throw new Error(
          `after ${limitMs} ms rows still pend: ` +
            `${waiting.map((sink) => `${sink.name} ${sink.pending}`).join(', ')}\n${this.#log.slice(-4000)}`,
        )
      }
      await sleep(100)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  /** Resolves when the log of the last launch contains the text. */
  #logged(text: string): Promise<'logged'> {
    const from = this.#launchedAt
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#log.includes(text, from)) return
        this.#listeners.delete(look)
        resolve('logged')
      }
      this.#listeners.add(look)
      look()
    })
  }

  #defaults(): Record<string, unknown> {
    const { api, ops, netflow } = this.ports
    return {
      data: this.data,
      listen: `127.0.0.1:${api}`,
      ops: `127.0.0.1:${ops}`,
      sources: { netflow: { listen: `127.0.0.1:${netflow}`, tcp: 'off' }, sflow: { listen: 'off' } },
    }
  }
}

async function answer<T>(response: Awaited<ReturnType<typeof patientFetch>>): Promise<T> {
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`)
  return JSON.parse(text) as T
}

function merge(base: Fields, over: Fields): Fields {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key]
    merged[key] = isRecord(before) && isRecord(value) ? merge(before, value) : value
  }
  return merged
}

/** The environment of the test must not configure Weir. */
function withoutWeir(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('WEIR_')))
}
