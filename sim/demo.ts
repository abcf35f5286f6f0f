// `npm run demo`: a temporary Weir, fed with a simulated shop over loopback.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { freePorts } from '../test/kit/free-port.ts'
import { buildMmdb } from '../test/kit/mmdb.ts'
import { accountEvents, costEvents } from './accounts.ts'
import { openAccountMetrics } from './account-metrics.ts'
import { relayMetrics } from './own-metrics.ts'
import { Agents } from './agent.ts'
import { Branch, branchNetworks, fabric } from './branch.ts'
import { asCloudEvent } from './cloud-event.ts'
import { DemoCluster, demoCluster, kubeconfig, type AuditEvent } from './cluster.ts'
import { Device } from './device.ts'
import { FirewallExporter } from './firewall.ts'
import { imageSources, reportPushed } from './images.ts'
import { IpfixExporter } from './ipfix.ts'
import { Netflow5Exporter } from './netflow5.ts'
import { SflowAgent } from './sflow.ts'
import { shopBoard } from './shop-board.ts'
import { deviceOf, Shop, shopCountries, shopNetworks } from './shop.ts'
import { ShopLogs } from './shop-logs.ts'
import { BranchLogs } from './syslog.ts'
import { transferPrices } from './transfer-prices.ts'
import { Warehouse, warehouseEnvironment } from './warehouse.ts'
import { ROOT } from '../tools/kit/command.ts'

const stepMs = 250
const accountBatch = 500
const help = `npm run demo -- [flags]

  --listen HOST:PORT    address of console and API (default: a free port on 127.0.0.1)
  --ops HOST:PORT       address of metrics and health (likewise)
  --netflow HOST:PORT   address of the NetFlow and IPFIX listener (likewise)
  --sflow HOST:PORT     address of the sFlow listener (likewise)
  --agents HOST:PORT    address of the listener for NetObserv's agents (likewise)
  --data DIR            keep the data there (default: a temporary folder, removed at the end)
  --seed N              another shop (default 1)
`

const { values: flags } = parseArgs({
  options: {
    listen: { type: 'string' },
    ops: { type: 'string' },
    netflow: { type: 'string' },
    sflow: { type: 'string' },
    agents: { type: 'string' },
    data: { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (flags.help === true) {
  process.stdout.write(help)
} else {
  await demo()
}

async function demo() {
  const [first, second, third, fourth, fifth, sixth, seventh] = await freePorts(7)
  const listen = flags.listen ?? `127.0.0.1:${first}`
  const netflow = flags.netflow ?? `127.0.0.1:${third}`
  const sflow = flags.sflow ?? `127.0.0.1:${fourth}`
  const agents = flags.agents ?? `127.0.0.1:${sixth}`
  const auditLog = `127.0.0.1:${fifth}`
  const syslog = `127.0.0.1:${seventh}`
  const folder = await mkdtemp(join(tmpdir(), 'weir-demo-'))
  const cluster = new DemoCluster(Number(flags.seed))
  const warehouse = await Warehouse.open()
  const accountMetrics = await openAccountMetrics()
  const ops = flags.ops ?? `127.0.0.1:${second}`
  const ownMetrics = await relayMetrics(`http://${ops}/metrics`)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
  // npm or a shell that was killed sends no signal.
  const parent = process.ppid
  setInterval(() => process.ppid === parent || stopping.abort(), 500).unref()
  try {
    const config = join(folder, 'weir.yaml')
    await writeFile(join(folder, 'networks.yaml'), `${shopNetworks}${branchNetworks}`)
    await writeFile(join(folder, 'prices.yaml'), transferPrices)
    await mkdir(join(folder, 'dashboards'))
    await writeFile(join(folder, 'dashboards', 'shop.json'), JSON.stringify(shopBoard))
    await writeFile(join(folder, 'geo.mmdb'), buildMmdb(shopCountries))
    await writeFile(join(folder, 'kubeconfig'), stringify(kubeconfig(await cluster.server.open())))
    if (flags.data !== undefined) await mkdir(flags.data, { recursive: true, mode: 0o700 })
    await writeFile(
      config,
      stringify(
        configuration(
          folder,
          { listen, ops, netflow, sflow, agents, auditLog, syslog },
          warehouse,
          [ownMetrics.url, accountMetrics.url],
          await imageSources(folder),
        ),
      ),
    )
    const weir = startWeir(config)
    const ended = new Promise<number>((resolve) => weir.once('close', (code) => resolve(code ?? 1)))
    const url = await Promise.race([ready(weir), ended, aborted(stopping.signal)])
    if (typeof url === 'string') {
      welcome(url, folder)
      const feeding = Promise.all([
        feed(url, { netflow, sflow, agents, auditLog, syslog }, cluster, folder, stopping.signal),
        warehouse.run(stopping.signal),
      ])
      await Promise.race([aborted(stopping.signal), ended])
      stopping.abort()
      await feeding
    }
    weir.kill('SIGTERM')
    process.exitCode = await ended
  } finally {
    await cluster.server.close()
    await warehouse.close()
    await accountMetrics.close()
    await ownMetrics.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function configuration(
  folder: string,
  {
    listen,
    ops,
    netflow,
    sflow,
    agents,
    auditLog,
    syslog,
  }: Readonly<Record<'listen' | 'ops' | 'netflow' | 'sflow' | 'agents' | 'auditLog' | 'syslog', string>>,
  warehouse: Warehouse,
  metrics: readonly string[],
  images: object,
): object {
  return {
    data: flags.data ?? join(folder, 'data'),
    geo: { asn: join(folder, 'geo.mmdb'), country: join(folder, 'geo.mmdb') },
    listen,
    ops,
    sources: {
      netflow: { listen: netflow, tcp: 'off', receive_buffer: '1MiB' },
      sflow: { listen: sflow, receive_buffer: '1MiB' },
      netobserv: { listen: agents },
      syslog: { udp: syslog, tcp: 'off' },
      cluster: {
        type: 'kubernetes',
        cluster: demoCluster,
        kubeconfig: join(folder, 'kubeconfig'),
        noise: { show: ['heartbeats'] },
      },
      'cluster-audit': { type: 'kube-audit', cluster: demoCluster, listen: auditLog },
      shipments: warehouse.settings('shipments'),
      metrics: { type: 'prometheus-scrape', targets: metrics, every: '5s' },
      ...images,
    },
    // Messages from the other queue do not circulate.
    sinks: { orders: { ...warehouse.settings('orders'), from: ['http'] } },
    alerts: {
      'port-scan': {
        filter: 'src.name = scanner',
        measure: 'flows',
        by: ['src_name'],
        window: '2m',
        condition: '> 5',
        every: '10s',
        severity: 'critical',
        annotations: { summary: '{{value}} connections of {{labels.src_name}}' },
      },
      // Each rollout that cuts off the API is the cause of such an alert.
      'database-silent': {
        filter: 'src_owner_name = database and dst_owner_name = api',
        window: '15s',
        condition: '< 2 kB/s',
        every: '5s',
        for: '10s',
        annotations: { summary: 'The API gets {{value}} from its database' },
      },
    },
    dashboards: join(folder, 'dashboards'),
    identity: { networks: join(folder, 'networks.yaml') },
    spend: { transfers: { lists: [{ file: join(folder, 'prices.yaml') }], team: 'app' } },
    journal: { segment: '8MiB', max: '128MiB', keep: '16MiB' },
    store: { size: '256MiB', memory: '256MiB' },
    log: { level: 'warn' },
  }
}

function startWeir(config: string): ChildProcess {
  // Ctrl-C is for this program, which stops Weir in order.
  // The channel ends Weir with this program. The flag avoids an exec at the start, which would close the channel.
  const weir = spawn(
    process.execPath,
    ['--max-semi-space-size=4', join(ROOT, 'bin/weir.mjs'), 'run', '--config', config],
    {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      detached: process.platform !== 'win32',
      env: { ...process.env, ...warehouseEnvironment },
    },
  )
  weir.stderr?.setEncoding('utf8').on('data', (text: string) => process.stderr.write(withoutGreeting(text)))
  process.once('exit', () => void weir.kill('SIGKILL'))
  return weir
}

/** The demo prints the address itself, and its exporters begin after the start. */
function withoutGreeting(text: string): string {
  return text.replaceAll(/^(?:weir is ready|No exporter has sent flows yet): .*\n/gm, '')
}

function ready(weir: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let output = ''
    weir.stderr?.on('data', (text: string) => {
      output += text
      const url = /weir is ready: (\S+)/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
}

function welcome(url: string, folder: string) {
  process.stdout.write(`
This is a simulation of a small shop. It sends over loopback:
  NetFlow v5 of its core, IPFIX of its edge (one packet in ten), sFlow of its storage (one in a hundred), flows of
  NetObserv's agents on its nodes with DNS, drops, round-trip times and TLS, CloudEvents, and the changes of its
  cluster, from a simulated API server. A branch office sends NetFlow v9 of its Cisco ASA with denied flows, syslog of
  the ASA and of a switch, and sFlow of a VXLAN fabric: see the panels Firewall and Denied flows in Flows.
  Workloads of the shop write logs with levels and labels: see Logs in Events.
Sink orders sends orders to an SQS queue; source shipments reads the warehouse's messages from another one.
After 45 s, and then every 3 minutes, a rollout cuts the API off from its database for 40 s: select the drop in a chart
of Flows, then press "What changed before this?", or run "weir why --url URL".
Its image also has an old log4j, which attackers exploit: see Insights, in the order of priority.
Two cloud accounts have resources and four months of costs: see Inventory and Spend. Spend also has the money of
transfers between zones and to the internet, by the demo's own price list; "weir transfers" shows it, too.

  console   ${url}
  query     npm run -s weir -- query --url ${url} \\
              "SELECT src_name, dst_name, dst_port, sum(bytes_est) AS bytes FROM flows
               GROUP BY ALL ORDER BY bytes DESC LIMIT 10"
  ledger    npm run -s weir -- ledger --url ${url}

Ctrl-C stops it${flags.data === undefined ? ` and removes ${folder}` : `; the data stay in ${flags.data}`}.
`)
}

async function feed(
  url: string,
  listeners: Readonly<Record<'netflow' | 'sflow' | 'agents' | 'auditLog' | 'syslog', string>>,
  cluster: DemoCluster,
  folder: string,
  stop: AbortSignal,
) {
  const started = Date.now()
  const shop = new Shop(Number(flags.seed), `demo-${started}`)
  const devices = {
    core: await Device.open(new Netflow5Exporter(started - 3_600_000), listeners.netflow, '127.0.0.1'),
    edge: await Device.open(new IpfixExporter(), listeners.netflow, '127.0.0.2'),
    storage: await Device.open(new SflowAgent(started - 3_600_000), listeners.sflow, '127.0.0.3'),
    firewall: await Device.open(new FirewallExporter(started - 3_600_000), listeners.netflow, '127.0.0.4'),
    fabric: await Device.open(new SflowAgent(started - 3_600_000, '10.40.0.1', fabric), listeners.sflow, '127.0.0.5'),
  }
  const branch = new Branch(Number(flags.seed))
  const logs = new BranchLogs(listeners.syslog, started)
  const shopLogs = new ShopLogs(Number(flags.seed), `demo-${started}`)
  const agents = new Agents(Number(flags.seed), listeners.agents)
  let complained = false
  const complain = (what: string, answer: string | undefined) => {
    if (answer === undefined || complained || stop.aborted) return
    process.stderr.write(`demo: Weir did not take ${what}: ${answer}\n`)
    complained = true
  }
  const accounts = [...accountEvents(started), ...costEvents(started)].map(asCloudEvent)
  while (accounts.length > 0 && !stop.aborted)
    complain(
      'events of the cloud accounts',
      await post(`${url}/events`, 'application/cloudevents-batch+json', accounts.splice(0, accountBatch), stop),
    )
  for (let at = 0; !stop.aborted; at = Date.now() - started) {
    const now = Date.now()
    const flows = shop.flows(at, stepMs)
    for (const name of ['core', 'edge', 'storage'] as const)
      devices[name].report(
        flows.filter((flow) => deviceOf(flow) === name),
        now,
      )
    const atFirewall = branch.atFirewall(stepMs)
    devices.firewall.report(atFirewall, now)
    devices.fabric.report(branch.inTunnels(stepMs), now)
    logs.report(atFirewall, now)
    complain(
      'flows of an agent',
      await agents.report(
        flows.filter((flow) => deviceOf(flow) === 'agents'),
        now,
      ),
    )
    const events = [...shop.events(at, now), ...shopLogs.lines(at, now), ...cluster.traces()]
    if (events.length > 0)
      complain('an event', await post(`${url}/events`, 'application/cloudevents-batch+json', events, stop))
    cluster.live(at)
    for (const image of cluster.pushed()) await reportPushed(folder, image)
    const audits = cluster.audits()
    if (audits.length > 0)
      complain(
        'an audit log',
        await post(`http://${listeners.auditLog}/audit`, 'application/json', auditList(audits), stop),
      )
    await pause(stepMs, stop)
  }
  for (const device of Object.values(devices)) device.close()
  agents.close()
  logs.close()
}

function auditList(items: readonly AuditEvent[]): object {
  return { apiVersion: 'audit.k8s.io/v1', kind: 'EventList', metadata: {}, items }
}

async function post(url: string, type: string, body: object, signal: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      signal,
      headers: { 'content-type': type },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    return answer.ok ? undefined : text
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
}
