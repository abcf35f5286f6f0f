// A real Loki, one process on loopback, with its data in a folder.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { freePorts } from '../../kit/free-port.ts'

export interface LokiEntry {
  readonly labels: Readonly<Record<string, string>>
  /** Unix nanoseconds, as digits. */
  readonly time: string
  readonly line: string
}

export interface RealLoki {
  readonly url: string
  readonly port: number
  /** All entries that a selector matches, from a week ago to an hour from now. */
  query(selector: string, tenant?: string): Promise<LokiEntry[]>
  /** Value of a metric query without labels. */
  number(query: string, tenant?: string): Promise<number>
  restart(): Promise<void>
  /** Stops and continues the process. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  [Symbol.asyncDispose](): Promise<void>
}

const patienceMs = 90_000
const pageEntries = 5000

type Limits = Readonly<Record<string, unknown>>

/** Resolves when it is ready. `tenants`: limits that differ from those below. */
export async function startLoki(
  path: string,
  folder: string,
  tenants: Readonly<Record<string, Limits>> = {},
): Promise<RealLoki> {
  const [port = 0, grpc = 0] = await freePorts(2)
  const data = join(folder, 'loki')
  await mkdir(data, { recursive: true })
  const file = join(folder, 'loki.yaml')
  const overrides = join(folder, 'overrides.yaml')
  await writeFile(overrides, stringify({ overrides: tenants }))
  await writeFile(file, stringify({ ...configOf(port, grpc, data), runtime_config: { file: overrides } }))
  const url = `http://127.0.0.1:${port}`
  let child = await launch(path, file, url)
  const get = async (query: Readonly<Record<string, string>>, kind: 'query' | 'query_range', tenant: string) => {
    const address = `${url}/loki/api/v1/${kind}?${new URLSearchParams(query).toString()}`
    const response = await fetch(address, { headers: { 'x-scope-orgid': tenant } })
    const text = await response.text()
    if (!response.ok) throw new Error(`Loki: HTTP ${response.status}: ${text}`)
    return (JSON.parse(text) as { data: { result: readonly unknown[] } }).data.result
  }
  return {
    url,
    port,
    async query(selector, tenant = 'netobserv') {
      const found: LokiEntry[] = []
      const seen = new Set<string>()
      let start = BigInt(Date.now() - 7 * 86_400_000) * 1_000_000n
      const end = String(BigInt(Date.now() + 3_600_000) * 1_000_000n)
      for (;;) {
        const page = { query: selector, limit: String(pageEntries), direction: 'forward', start: String(start), end }
        const streams = (await get(page, 'query_range', tenant)) as readonly {
          stream: Record<string, string>
          values: readonly (readonly [string, string])[]
        }[]
        const before = found.length
        let entries = 0
        for (const { stream, values } of streams)
          for (const [time, line] of values) {
            entries++
            if (BigInt(time) > start) start = BigInt(time)
            const key = `${JSON.stringify(stream)} ${time} ${line}`
            if (!seen.has(key)) found.push({ labels: stream, time, line })
            seen.add(key)
          }
        if (entries < pageEntries || found.length === before) return found
      }
    },
    async number(query, tenant = 'netobserv') {
      const [one] = (await get({ query }, 'query', tenant)) as readonly { value: readonly [number, string] }[]
      return Number(one?.value[1] ?? 0)
    },
    async restart() {
      await end(child)
      child = await launch(path, file, url)
    },
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: () => end(child),
  }
}

function configOf(port: number, grpc: number, data: string): object {
  return {
    auth_enabled: true,
    server: {
      http_listen_address: '127.0.0.1',
      http_listen_port: port,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: grpc,
      log_level: 'warn',
    },
    common: {
      instance_addr: '127.0.0.1',
      path_prefix: data,
      storage: { filesystem: { chunks_directory: join(data, 'chunks'), rules_directory: join(data, 'rules') } },
      replication_factor: 1,
      ring: { kvstore: { store: 'inmemory' }, instance_addr: '127.0.0.1' },
    },
    // It is ready at once instead of 15 s after its start.
    ingester: { lifecycler: { min_ready_duration: '0s' }, wal: { flush_on_shutdown: true } },
    schema_config: {
      configs: [
        {
          from: '2024-01-01',
          store: 'tsdb',
          object_store: 'filesystem',
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    query_range: { cache_results: false },
    analytics: { reporting_enabled: false },
    limits_config: {
      allow_structured_metadata: true,
      ingestion_rate_mb: 1000,
      ingestion_burst_size_mb: 1000,
      per_stream_rate_limit: '1GB',
      per_stream_rate_limit_burst: '1GB',
      max_entries_limit_per_query: pageEntries,
      discover_service_name: [],
      discover_log_levels: true,
      reject_old_samples: false,
    },
  }
}

async function launch(path: string, file: string, url: string): Promise<ChildProcess> {
  const child = spawn(path, [`-config.file=${file}`, '-target=all'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-20_000)
    })
  for (let waited = 0; ; waited += 100) {
    const ready = await fetch(`${url}/ready`).catch(() => undefined)
    if (ready?.ok === true) return child
    if (child.exitCode !== null || waited > patienceMs) throw new Error(`Loki was not ready:\n${output}`)
    await sleep(100)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  await exited
}
