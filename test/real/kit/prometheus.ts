// A real Prometheus on loopback: it scrapes, receives remote write and responds to PromQL.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'

const readyLimit = 30_000

export interface PrometheusServer {
  readonly url: string
  /** Labels and value of each series of an instant query. */
  query(expression: string): Promise<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>
  /** One sum; NaN without series. */
  sum(expression: string): Promise<number>
  /** Kills it; `start` continues on the same port with its data. */
  stop(): Promise<void>
  start(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface PrometheusOptions {
  /** Scraped each second, as `host:port`. */
  readonly targets?: readonly string[]
  /** Further settings of the scrape job. */
  readonly scrape?: object
  /** Settings of receivers to push to. */
  readonly remoteWrite?: readonly object[]
}

export async function startPrometheus(path: string, options: PrometheusOptions = {}): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-prometheus-'))
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const config = join(folder, 'prometheus.yml')
  await mkdir(join(folder, 'data'))
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [{ job_name: 'weir', static_configs: [{ targets: options.targets ?? [] }], ...options.scrape }],
      ...(options.remoteWrite === undefined ? {} : { remote_write: options.remoteWrite }),
    }),
  )
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--log.level=warn',
  ]
  let output = ''
  let running: { readonly stop: () => Promise<void> } | undefined
  const start = async (): Promise<void> => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const kill = (): void => void child.kill('SIGKILL')
    process.once('exit', kill)
    const exited = once(child, 'close')
    running = {
      async stop() {
        process.off('exit', kill)
        kill()
        await exited
      },
    }
    for (let waited = 0; ; waited += 50) {
      const ready = await fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (ready) return
      if (waited > readyLimit || child.exitCode !== null) throw new Error(`Prometheus was not ready:\n${output}`)
      await sleep(50)
    }
  }
  await start()
  const query: PrometheusServer['query'] = async (expression) => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
    const { status, data, error } = (await response.json()) as {
      status: string
      error?: string
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    if (status !== 'success' || data === undefined) throw new Error(error)
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }
  return {
    url,
    start,
    query,
    stop: async () => running?.stop(),
    sum: async (expression) => (await query(`sum(${expression})`))[0]?.value ?? Number.NaN,
    async [Symbol.asyncDispose]() {
      await running?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
