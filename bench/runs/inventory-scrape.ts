// Prometheus scrapes `weir exoscale-exporter` while each request to one of two zones fails.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localBin, ROOT } from '../../tools/kit/command.ts'
import { ExoscaleServer } from '../../test/kit/exoscale.ts'
import { fillExoscale, volume } from '../../test/kit/exoscale-resources.ts'
import { freePorts } from '../../test/kit/free-port.ts'
import { install } from '../../test/real/install/apt.ts'
import { prometheus } from '../../test/real/install/prometheus.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'

const [good, bad] = ['ch-gva-2', 'de-fra-1'] as const
const scrapeSeconds = 5
const scrapes = 100
const spacingMs = 100
const windows = 5

export default {
  name: 'inventory-scrape',
  issue: '28.1',
  title:
    'Prometheus scrapes an inventory of 5,000 resources for ten minutes while one of two zones fails. Scrapes call ' +
    'no cloud, the other zone stays, and promtool has no finding.',
  async run(context) {
    const found = await install(prometheus)
    if (found.path === undefined) return context.skip(found.reason)
    const seconds = context.size((context.minutes ?? 10) * 60, 15)
    const resources = context.size(5000, 500)
    const server = await new ExoscaleServer().start(good, bad)
    fillExoscale(server, good)
    server.answers.set(`${good} /block-storage`, {
      'block-storage-volumes': Array.from({ length: resources }, (_, at) => volume(at)),
    })
    server.fail(bad, { status: 500, body: { message: 'no' } }, { times: Infinity, path: /./ })
    const children: ChildProcess[] = []
    try {
      await measure(context, { server, seconds, resources, children, path: found.path })
    } finally {
      for (const child of children.toReversed()) {
        const ended = once(child, 'close')
        if (child.kill('SIGTERM')) await ended
      }
      await server.stop()
    }
  },
} satisfies AcceptanceRun

type Scene = Readonly<{
  server: ExoscaleServer
  seconds: number
  resources: number
  children: ChildProcess[]
  path: string
}>

async function measure(context: AcceptanceContext, { server, seconds, resources, children, path }: Scene) {
  const [api = 0, ops = 0, port = 0] = await freePorts(3)
  const metrics = `http://127.0.0.1:${ops}/metrics`
  const weir = spawn(
    localBin('node'),
    [
      join(ROOT, 'bin/weir.mjs'),
      'exoscale-exporter',
      '-listen',
      `127.0.0.1:${ops}`,
      '--api',
      `127.0.0.1:${api}`,
      '--no-legacy-exoscale-names',
      '--data',
      join(context.folder, 'data'),
    ],
    {
      env: {
        ...process.env,
        EXOSCALE_API_KEY: server.key.key,
        EXOSCALE_API_SECRET: server.key.secret,
        EXOSCALE_API_ENDPOINT: server.zones[0]?.endpoint ?? '',
      },
      stdio: 'ignore',
    },
  )
  children.push(weir)
  const volumes = (text: string): number => text.match(/^cloud_resource_up\{[^}]*type="volume"/gm)?.length ?? 0
  for (let waited = 0; volumes(await scrape(metrics)) < resources; waited++) {
    if (waited > 600) throw new Error('the resources did not appear in a minute')
    await sleep(100)
  }
  const configuration = join(context.folder, 'prometheus.yml')
  await writeFile(
    configuration,
    `global: { scrape_interval: ${scrapeSeconds}s, scrape_timeout: ${scrapeSeconds}s }
scrape_configs: [{ job_name: weir, static_configs: [{ targets: ['127.0.0.1:${ops}'] }] }]
`,
  )
  children.push(
    spawn(
      path,
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(context.folder, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    ),
  )
  const times = await quietScrapes(context, server, metrics)
  const finding = await promtool(join(path, '..', 'promtool'), await scrape(metrics))
  await sleep(seconds * 1000)

  const answers = async (query: string): Promise<readonly number[]> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query }).toString()}`)
    const { data } = (await response.json()) as { data: { result: readonly { value: readonly [number, string] }[] } }
    return data.result.map(({ value }) => Number(value[1]))
  }
  const all = `[${seconds}s]`
  const [count = 0] = await answers(`count_over_time(up{job="weir"}${all})`)
  const [isUp = 0] = await answers(`min_over_time(up{job="weir"}${all})`)
  const lists = await answers(`max_over_time(cloud_collector_up{region="${bad}"}${all})`)
  const others = await answers(`min_over_time(cloud_collector_up{region="${good}"}${all})`)
  const [least = 0] = await answers(
    `min_over_time((count(cloud_resource_up{region="${good}",type="volume"}))[${seconds}s:${scrapeSeconds}s])`,
  )
  context.figure('scrapes by Prometheus', count)
  context.figure('lists of the failing zone', lists.length)
  context.figure('p50 of a scrape', times[Math.floor(times.length / 2)] ?? 0, 'ms')
  context.figure('p99 of a scrape', times[Math.ceil(times.length * 0.99) - 1] ?? 0, 'ms')
  context.expect(count >= (seconds / scrapeSeconds) * 0.9 && isUp === 1, 'every scrape succeeds')
  context.expect(lists.length > 0 && Math.max(...lists) === 0, 'each list of the failing zone is down all the time')
  context.expect(others.length > 0 && Math.min(...others) === 1, 'each list of the other zone is up all the time')
  context.expect(least === resources, `all ${resources} volumes of the other zone stay`)
  context.expect(finding === '', `promtool has no finding${finding === '' ? '' : `: ${finding}`}`)
  context.expect(weir.exitCode === null, 'the process is alive')
  context.expectSpeed((times[Math.ceil(times.length * 0.99) - 1] ?? Infinity) < 50, 'p99 of a scrape is below 50 ms')
}

/** Lists are read meanwhile: windows are repeated. A scrape that called the cloud would leave none without requests. */
async function quietScrapes(context: AcceptanceContext, server: ExoscaleServer, url: string) {
  const requests = (): number => server.received.filter(({ zone }) => zone === good).length
  let times: number[] = []
  let caused = Infinity
  for (let window = 0; window < windows && caused > 0; window++) {
    for (let before = -1; before !== requests(); await sleep(3000)) before = requests()
    const before = requests()
    times = []
    for (let number = 0; number < scrapes; number++) {
      const began = performance.now()
      await scrape(url)
      const took = performance.now() - began
      times.push(took)
      await sleep(Math.max(0, spacingMs - took))
    }
    caused = requests() - before
  }
  context.expect(caused === 0, `${scrapes} scrapes cause no request`)
  return times.toSorted((a, b) => a - b)
}

async function scrape(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text()
  } catch {
    return ''
  }
}

async function promtool(file: string, text: string): Promise<string> {
  const tool = spawn(file, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [tool.stdout, tool.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => (printed += more))
  const ended = once(tool, 'close')
  tool.stdin.end(text)
  await ended
  return printed.trim()
}
