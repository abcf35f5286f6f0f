// ClickHouse's engine in a Python process with an HTTP front. It can be killed and restarted with its data.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readRows } from '../../../src/codecs/clickhouse-native/index.ts'
import { freePorts } from '../../kit/free-port.ts'
import { installChdb } from '../install/chdb.ts'

export interface ChdbOptions {
  readonly user?: string
  readonly password?: string
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
}

export interface ChdbServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Rows as objects; 64-bit integers as bigint. */
  ask<Row>(sql: string): Promise<Row[]>
  run(sql: string): Promise<void>
  /** SIGKILL, sent before the promise is returned. */
  kill(): Promise<void>
  /** Also after a kill. Resolves when it accepts statements. */
  start(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Rejects with the reason if chdb is unavailable. */
export async function startChdb(options: ChdbOptions = {}): Promise<ChdbServer> {
  const python = await installChdb()
  if (python.path === undefined) throw new Error(python.reason)
  const folder = await mkdtemp(join(tmpdir(), 'weir-chdb-'))
  const [port = 0] = await freePorts(1)
  const args = [join(import.meta.dirname, 'chdb-front.py'), String(port), folder]
  const { user, password = '', tls } = options
  if (user !== undefined) args.push('--user', user, '--password', password)
  if (tls !== undefined) {
    for (const [name, text] of [
      ['cert', tls.cert],
      ['key', tls.key],
      ['client-ca', tls.clientCa],
    ] as const) {
      if (text === undefined) continue
      const file = join(folder, `${name}.pem`)
      await writeFile(file, text)
      args.push(`--${name}`, file)
    }
  }
  const server = new Chdb(python.path, args, folder, port, options)
  await server.start()
  return server
}

class Chdb implements ChdbServer {
  readonly port: number
  readonly url: string
  readonly #python: string
  readonly #args: readonly string[]
  readonly #folder: string
  readonly #options: ChdbOptions
  #child: ChildProcess | undefined

  constructor(python: string, args: readonly string[], folder: string, port: number, options: ChdbOptions) {
    this.#python = python
    this.#args = args
    this.#folder = folder
    this.#options = options
    this.port = port
    this.url = `http${options.tls === undefined ? '' : 's'}://127.0.0.1:${port}`
  }

  get pid(): number {
    return this.#child?.pid ?? -1
  }

  async start(): Promise<void> {
    await this.kill()
    const child = spawn(this.#python, this.#args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    let output = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)))
    const lines = createInterface(child.stdout)
    const ready = once(lines, 'line')
    const ended = once(child, 'exit')
    if ((await Promise.race([ready.then(() => true), ended.then(() => false)])) === false)
      throw new Error(`chdb ended at its start:\n${output}`)
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  async ask<Row>(sql: string): Promise<Row[]> {
    return readRows<Row>(await this.#post(`${sql} FORMAT Native`))
  }

  async run(sql: string): Promise<void> {
    await this.#post(sql)
  }

  async #post(sql: string): Promise<Uint8Array> {
    const { user, password = '', tls } = this.#options
    if (tls !== undefined) throw new Error('statements of the test need a server without TLS')
    const headers: Record<string, string> =
      user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
    const response = await fetch(`${this.url}/?query=${encodeURIComponent(sql)}`, { method: 'POST', headers })
    const body = new Uint8Array(await response.arrayBuffer())
    if (!response.ok) throw new Error(`${sql.slice(0, 200)}: ${Buffer.from(body).toString()}`)
    return body
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
