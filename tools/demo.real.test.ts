import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Ledger } from '../src/engine/control.ts'
import { flowJson } from '../src/codecs/flow-json/index.ts'
import { FlowBuilder } from '../src/model/flow-builder.ts'
import { Netflow5Decoder } from '../src/codecs/netflow5/decode.ts'
import { Netflow5Exporter } from './demo/netflow5.ts'
import { Shop } from './demo/shop.ts'
import { ROOT } from './kit/command.ts'

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
  const child = spawn(process.execPath, [join(ROOT, 'tools/demo.ts')], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
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
        "|| ' ' || sampling) AS sampling FROM flows",
    )
    const [events] = await ask(
      "SELECT bool_or(family = 'audit') AS audit, bool_or(family = 'change') AS change, bool_or(family = " +
        "'resource') AS resource, bool_or(source = '/shop/warehouse' AND type = " +
        "'com.example.shop.order.shipped') AS round FROM events",
    )
    const [changes] = await ask(
      "SELECT bool_or(actor = 'system:serviceaccount:shop:price-bot' AND actor_kind = 'user') AS actor FROM " +
        "changes WHERE kind = 'ConfigMap'",
    )
    rows = { ...flows, ...events, ...changes }
  }
  expect(rows).toEqual({
    named: true,
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
    sources: { exporters: { missing: number; malformed: number }[] }[]
  }
  expect(sources.flatMap(({ exporters }) => exporters.map(({ missing, malformed }) => missing + malformed))).toEqual([
    0, 0, 0,
  ])
  child.kill('SIGINT')
  expect(await ended, errors).toBe(0)
  expect(existsSync(folder)).toBe(false)
})
