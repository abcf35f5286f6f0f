// Real receivers of traces for the tests of one file: on free loopback ports, in memory, ended by their id.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from '../../../tools/kit/command.ts'
import { freePorts } from '../../kit/free-port.ts'

const READY_LIMIT = 120_000

export interface SeenSpan {
  readonly traceId: string
  readonly id: string
  readonly parentId: string | undefined
  readonly name: string
  readonly kind: string
  readonly tags: Readonly<Record<string, string>>
}

export interface TraceReceiver {
  readonly address: string
  version(): Promise<string | undefined>
  spans(): Promise<SeenSpan[]>
  stop(): Promise<void>
}

export async function startZipkin(jar: string): Promise<TraceReceiver> {
  const [port = 0] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  const place = [
    ['ip', '127.0.0.1'],
    ['port', port],
    ['protocols[0]', 'http'],
  ].map(([name, value]) => `--armeria.ports[0].${name}=${value}`)
  const program = new Program('java', ['-Xms32m', '-Xmx128m', '-jar', jar, ...place, '--logging.level.root=WARN'])
  await program.ready('Zipkin', () =>
    fetch(`http://${address}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return {
    address,
    version: async () =>
      ((await (await fetch(`http://${address}/info`)).json()) as { zipkin?: { version?: string } }).zipkin?.version,
    async spans() {
      const traces = (await (
        await fetch(`http://${address}/api/v2/traces?limit=1000&serviceName=weir`)
      ).json()) as (Omit<SeenSpan, 'tags' | 'kind'> & { tags?: SeenSpan['tags']; kind?: string })[][]
      return traces
        .flat()
        .map(({ traceId, id, parentId, name, kind = '', tags = {} }) => ({ traceId, id, parentId, name, kind, tags }))
    },
    stop: () => program.stop(),
  }
}

export async function startCollector(path: string, folder: string): Promise<TraceReceiver> {
  const [port = 0] = await freePorts(1)
  const address = `127.0.0.1:${port}`
  const config = join(folder, 'otelcol.yaml')
  await writeFile(
    config,
    JSON.stringify({
      receivers: { otlp: { protocols: { http: { endpoint: address } } } },
      exporters: { debug: { verbosity: 'detailed', sampling_initial: 1_000_000 } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['debug'] } },
      },
    }),
  )
  const program = new Program(path, ['--config', config])
  await program.ready('the collector', () => Promise.resolve(program.output.includes('Everything is ready')))
  const version = async (): Promise<string | undefined> =>
    /\d+(?:\.\d+)+/.exec((await runCommand(path, ['--version'], { limit: 10_000 })).output)?.[0]
  return { address, version, spans: () => Promise.resolve(printedSpans(program.output)), stop: () => program.stop() }
}

function printedSpans(text: string): SeenSpan[] {
  return text
    .split(/^Span #\d+$/m)
    .slice(1)
    .map((after) => {
      // The next request starts with common attributes.
      const [part = ''] = after.split(/^.*\bResourceSpans #\d+/m)
      const field = (name: string): string => new RegExp(`^ +${name} *: (.*)$`, 'm').exec(part)?.[1]?.trim() ?? ''
      const parent = field('Parent ID')
      return {
        traceId: field('Trace ID'),
        id: field('ID'),
        parentId: parent === '' ? undefined : parent,
        name: field('Name'),
        kind: field('Kind'),
        tags: Object.fromEntries(
          [...part.matchAll(/^ +-> (\S+): \w+\((.*)\)$/gm)].map(([, name, value]) => [name, value] as [string, string]),
        ),
      }
    })
}

class Program {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #kill: () => void
  output = ''

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#exited = once(this.#child, 'close')
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    this.#kill = () => void this.#child.kill('SIGKILL')
    process.once('exit', this.#kill)
  }

  async ready(name: string, look: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; !(await look()); waited += 100) {
      if (waited > READY_LIMIT || this.#child.exitCode !== null) {
        await this.stop()
        throw new Error(`${name} was not ready (exit ${this.#child.exitCode}):\n${this.output.slice(-20_000)}`)
      }
      await sleep(100)
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill)
    this.#kill()
    await this.#exited
  }
}
