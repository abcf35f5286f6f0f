// A real InfluxDB 1.6 and a real VictoriaMetrics, each one process on loopback.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../../kit/free-port.ts'
import { startHttpProcess, type HttpProcess } from './http-process.ts'

export type Tags = Readonly<Record<string, string>>

export interface RealInfluxdb extends HttpProcess {
  readonly url: string
  readonly port: number
  /** InfluxQL; rows of the first result as objects. */
  query(statement: string, database?: string): Promise<Readonly<Record<string, unknown>>[]>
}

export async function startInfluxdb(program: string, folder: string): Promise<RealInfluxdb> {
  const [port = 0, rpc = 0] = await freePorts(2)
  const data = join(folder, 'influxdb')
  await mkdir(data, { recursive: true })
  const file = join(folder, 'influxdb.conf')
  const lines = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpc}"`,
    `[meta]\ndir = "${data}/meta"`,
    `[data]\ndir = "${data}/data"\nwal-dir = "${data}/wal"\nquery-log-enabled = false`,
    '[monitor]\nstore-enabled = false',
    `[http]\nbind-address = "127.0.0.1:${port}"\nlog-enabled = false`,
  ]
  await writeFile(file, lines.join('\n'))
  const url = `http://127.0.0.1:${port}`
  const running = await startHttpProcess(program, ['-config', file], `${url}/ping`, { HOME: folder })
  return {
    ...running,
    url,
    port,
    async query(statement, database = '') {
      const query = new URLSearchParams({ q: statement, db: database, epoch: 'ns' }).toString()
      const response = await fetch(`${url}/query?${query}`, { method: 'POST' })
      const { results, error } = (await response.json()) as {
        readonly error?: string
        readonly results?: readonly {
          readonly error?: string
          readonly series?: readonly { readonly columns: readonly string[]; readonly values: readonly unknown[][] }[]
        }[]
      }
      const problem = error ?? results?.[0]?.error
      if (problem !== undefined) throw new Error(`InfluxDB: ${problem}`)
      return (results?.[0]?.series ?? []).flatMap(({ columns, values }) =>
        values.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]]))),
      )
    },
  }
}

export interface RealVictoriametrics extends HttpProcess {
  readonly url: string
  readonly port: number
  /** Each sample that a selector matches, with its labels, in the order of time and of value. */
  samples(selector: string): Promise<{ readonly labels: Tags; readonly value: number; readonly time: number }[]>
}

export async function startVictoriametrics(program: string, folder: string): Promise<RealVictoriametrics> {
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const args = [`-storageDataPath=${join(folder, 'victoria')}`, `-httpListenAddr=127.0.0.1:${port}`]
  const more = ['-retentionPeriod=100y', '-search.latencyOffset=0s', '-dedup.minScrapeInterval=1ms']
  const running = await startHttpProcess(program, [...args, ...more], `${url}/health`)
  return {
    ...running,
    url,
    port,
    async samples(selector) {
      await fetch(`${url}/internal/force_flush`)
      const query = new URLSearchParams({ 'match[]': selector, start: '0' }).toString()
      const text = await (await fetch(`${url}/api/v1/export?${query}`)).text()
      const series = text
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { metric: Tags; values: number[]; timestamps: number[] })
      return series
        .flatMap(({ metric, values, timestamps }) =>
          values.map((value, at) => ({ labels: metric, value, time: timestamps[at] ?? 0 })),
        )
        .toSorted((a, b) => a.time - b.time || a.value - b.value)
    },
  }
}
