import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Ledger } from '../src/engine/control.ts'
import { flowJson } from '../src/codecs/flow-json/index.ts'
import { FlowBuilder } from '../src/model/flow-builder.ts'
import { AgentFlowDecoder } from '../src/codecs/pbflow/decode.ts'
import { records } from '../src/codecs/pbflow/testing/messages.ts'
import { Netflow5Decoder } from '../src/codecs/netflow5/decode.ts'
import { agentNodes, Agents } from './agent.ts'
import { Netflow5Exporter } from './netflow5.ts'
import { deviceOf, Shop } from './shop.ts'
import { ROOT } from '../tools/kit/command.ts'

test('the exporter of the demo sends what our own decoder reads, with a sequence that has no holes', () => {
  const shop = new Shop(7, 'test')
  const exporter = new Netflow5Exporter(0)
  const flows = Array.from({ length: 80 }, (_, step) => shop.flows(step * 250, 250)).flat()
  const builder = new FlowBuilder(64)
  let sequence = 0
  for (const datagram of exporter.datagrams(flows, 3_600_000)) {
    const decoded = new Netflow5Decoder(builder).decode(datagram, {
      exporter: Uint32Array.of(0, 0, 0xffff, 1),
      time: 3_600_000,
      skewLimit: 1000,
    })
    expect(decoded).toMatchObject({
      malformed: undefined,
      skewed: 0,
      sequence: { first: sequence, flows: decoded.rows },
    })
    sequence += decoded.rows
  }
  expect(sequence).toBe(flows.length)
  const json = flowJson(builder.batch())
  flows.forEach((flow, row) => {
    expect(JSON.parse(json(row))).toMatchObject({
      src_addr: flow.src,
      dst_addr: flow.dst,
      src_port: flow.srcPort,
      dst_port: flow.dstPort,
      proto: flow.proto,
      packets: flow.packets,
      bytes: flow.bytes,
      tcp_flags: flow.tcpFlags,
      sampling: 1,
    })
  })
})

test('agents on the nodes report each feature, and one agent each flow', () => {
  const shop = new Shop(3, 'test')
  const agents = new Agents(3, '127.0.0.1:9')
  onTestFinished(() => agents.close())
  const flows = Array.from({ length: 400 }, (_, step) => shop.flows(step * 250, 250))
    .flat()
    .filter((flow) => deviceOf(flow) === 'agents')
  const builder = new FlowBuilder(flows.length)
  const decoder = new AgentFlowDecoder(builder)
  decoder.records(records(...flows.map((flow) => agents.record(flow, 3_600_000))), 0, {
    time: 3_600_000,
    skewLimit: 1000,
    sender: Uint32Array.of(0, 0, 0xffff, 1),
  })
  expect({ rows: decoder.rows, malformed: decoder.malformed }).toEqual({ rows: flows.length, malformed: 0 })
  const json = flowJson(builder.batch())
  const rows = flows.map((_, row) => JSON.parse(json(row)) as Record<string, unknown>)
  const values = (name: string): unknown[] => [...new Set(rows.flatMap((row) => row[name] ?? []))]
  expect(values('dns_rcode')).toEqual(expect.arrayContaining(['NoError', 'NXDomain']))
  expect(new Set(values('tls_version'))).toEqual(new Set(['TLS 1.2', 'TLS 1.3']))
  expect(values('drop_cause')).toEqual(expect.arrayContaining(['NetworkEvent_NetworkPolicy']))
  for (const name of ['rtt', 'dns_latency', 'dns_name', 'drop_bytes', 'tls_cipher_suite', 'network_events'])
    expect({ name, many: values(name).length > 1 }).toEqual({ name, many: true })
  expect(values('ipsec_status')).toContain('success')
  expect(new Set(values('exporter_addr'))).toEqual(new Set(agentNodes))
  rows.forEach((row, at) => expect(row).toMatchObject({ bytes: flows[at]?.bytes, src_port: flows[at]?.srcPort }))
})

test('the shop has customers, names, a job, a port scanner, orders and an audit log', () => {
  const shop = new Shop(1, 'test')
  const ports = new Set<number>()
  const families = new Set<string | undefined>()
  for (let at = 0; at < 20_000; at += 250) {
    for (const { dstPort, tcpFlags } of shop.flows(at, 250)) ports.add(tcpFlags === 2 ? -1 : dstPort)
    for (const { weirfamily } of shop.events(at, at)) families.add(weirfamily)
  }
  expect([...ports]).toEqual(expect.arrayContaining([443, 8080, 5432, 53, 22, -1]))
  expect(families).toEqual(new Set(['audit', undefined]))
})

test('the demo states that it simulates, both views fill, and Ctrl-C ends it cleanly', async () => {
  const child = spawn(process.execPath, [join(ROOT, 'sim/demo.ts')], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const running = (): boolean => child.exitCode === null
  while (!output.includes('Ctrl-C') && running()) await sleep(50)
  expect(output, errors).toContain('This is a simulation')
  const url = /console +(\S+)/.exec(output)?.[1] ?? ''
  const folder = /removes (\S+)\.\n/.exec(output)?.[1] ?? ''
  expect(existsSync(folder)).toBe(true)
  expect(errors).not.toMatch(/warning|No exporter|cannot be scraped/)

  const ask = async (sql: string): Promise<Record<string, unknown>[]> => {
    const answer = await fetch(`${url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
    })
    return (await answer.json()) as Record<string, unknown>[]
  }
  let rows: Record<string, unknown> = {}
  while (
    running() &&
    !(
      rows['named'] === true &&
      rows['features'] === true &&
      rows['branch'] === true &&
      rows['logs'] === true &&
      rows['sampling'] === 'ipfix 10, netflow5 1, sflow5 100' &&
      rows['audit'] === true &&
      rows['change'] === true &&
      rows['actor'] === true &&
      rows['round'] === true
    )
  ) {
    await sleep(250)
    const [flows] = await ask(
      "SELECT bool_or(dst_name = 'database-0' AND dst_namespace = 'shop' AND dst_owner_name = 'database' AND " +
        "dst_zone = 'eu-1a') AS named, string_agg(DISTINCT protocol || ' ' || sampling, ', ' ORDER BY protocol " +
        "|| ' ' || sampling) AS sampling, count(dns_latency) * count(drop_bytes) * count(rtt) * count(tls_version) * " +
        'count(network_events) * count(ipsec_status) > 0 AS features, bool_or(firewall_event = 3 AND in_acl IS NOT ' +
        "NULL) AND count(DISTINCT vni) = 2 AND bool_or(inner_dst_addr = '172.16.2.20') AS branch FROM flows",
    )
    const [events] = await ask(
      "SELECT bool_or(family = 'audit') AS audit, bool_or(family = 'change') AS change, bool_or(family = " +
        "'resource') AS resource, bool_or(source = '/shop/warehouse' AND type = " +
        "'com.example.shop.order.shipped') AS round, count(DISTINCT data->>'$.labels.host') FILTER (source = " +
        "'/syslog/syslog') = 2 AS logs FROM events",
    )
    const [changes] = await ask(
      "SELECT bool_or(actor = 'system:serviceaccount:shop:price-bot' AND actor_kind = 'user') AS actor FROM " +
        "changes WHERE kind = 'ConfigMap'",
    )
    rows = { ...flows, ...events, ...changes }
  }
  expect(rows).toEqual({
    named: true,
    features: true,
    branch: true,
    logs: true,
    sampling: 'ipfix 10, netflow5 1, sflow5 100',
    audit: true,
    change: true,
    resource: true,
    round: true,
    actor: true,
  })
  const ledger = (await (await fetch(`${url}/api/v1/ledger`)).json()) as Ledger
  expect(ledger.sinks.find(({ name }) => name === 'orders')?.delivered).toBeGreaterThan(0)
  expect(ledger.sources.find(({ name }) => name === 'shipments')?.accepted).toBeGreaterThan(0)
  const { sources } = (await (await fetch(`${url}/api/v1/exporters`)).json()) as {
    sources: { exporters: { missing?: number; malformed: number }[] }[]
  }
  expect(
    sources.flatMap(({ exporters }) => exporters.map(({ missing = 0, malformed }) => missing + malformed)),
  ).toEqual([0, 0, 0, 0, 0, 0])
  child.kill('SIGINT')
  expect(await ended, errors).toBe(0)
  expect(existsSync(folder)).toBe(false)
})

test.runIf(process.platform === 'linux')('the demo and its Weir end with the program that started them', async () => {
  const demo = `'${process.execPath}' '${join(ROOT, 'sim/demo.ts')}'`
  // The shell stays, as that of npm.
  const parent = spawn('sh', ['-c', `${demo} & echo "pid $!"; wait; echo`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  parent.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  while (!output.includes('Ctrl-C') && parent.exitCode === null) await sleep(50)
  const pid = Number(/^pid (\d+)$/m.exec(output)?.[1])
  const weir = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
  expect([isRunning(pid), isRunning(weir)]).toEqual([true, true])
  parent.kill('SIGKILL')
  await expect.poll(() => [isRunning(pid), isRunning(weir)], { timeout: 20_000 }).toEqual([false, false])

  const alone = spawn(process.execPath, [join(ROOT, 'sim/demo.ts')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  alone.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  while (!printed.includes('Ctrl-C') && alone.exitCode === null) await sleep(50)
  const child = Number(readFileSync(`/proc/${alone.pid}/task/${alone.pid}/children`, 'utf8').trim().split(' ')[0])
  alone.kill('SIGKILL')
  await expect.poll(() => isRunning(child), { timeout: 20_000 }).toBe(false)
  await rm(/removes (\S+)\.\n/.exec(printed)?.[1] ?? '', { recursive: true, force: true })
})

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
