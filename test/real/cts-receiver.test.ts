// Independent receivers of the preset: the CloudEvents project's Go SDK, and Knative's event_display.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { ExportedCloud, startExporter } from '../kit/cts-exporter.ts'
import type { CtsTrace } from '../kit/cts.ts'
import { freePorts } from '../kit/free-port.ts'
import type { Installed } from './install/apt.ts'
import { installGoCloudEvents } from './install/go-cloudevents.ts'
import { installEventDisplay } from './install/knative.ts'
import { FailingFront, type Failing } from './kit/failing-front.ts'

interface Receiver {
  readonly port: number
  output(): string
}

/** Listens when it resolves; killed at the end of the test. */
async function receiver(
  context: TestContext,
  installed: Installed,
  args: (port: number) => readonly string[],
  env: (port: number) => Readonly<Record<string, string>> = () => ({}),
): Promise<Receiver> {
  if (installed.path === undefined) return context.skip(installed.reason)
  const [port = 0] = await freePorts(1)
  const child = spawn(installed.path, args(port), {
    env: { ...process.env, ...env(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let [output, wrong] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (wrong += text))
  await expect.poll(() => (child.exitCode === null ? accepts(port) : `ended: ${wrong}`), { timeout: 60_000 }).toBe(true)
  return { port, output: () => output }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

const goReceiver = async (context: TestContext): Promise<Receiver> =>
  receiver(context, await installGoCloudEvents(), (port) => ['http', `127.0.0.1:${port}`])

async function cloud(): Promise<ExportedCloud> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cts-receiver-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const made = await ExportedCloud.start(folder)
  onTestFinished(() => made.stop())
  return made
}

interface PrintedEvent {
  readonly attributes: Readonly<Record<string, string>>
  readonly extensions: Readonly<Record<string, unknown>>
  readonly data: string
}

const printedEvents = ({ output }: Receiver): PrintedEvent[] =>
  output()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as PrintedEvent)
const idsOf = (all: readonly PrintedEvent[]): string[] => all.map(({ attributes }) => attributes['id'] ?? '')
const wanted = (traces: readonly CtsTrace[]): string[] => traces.map(({ trace_id: id }) => id ?? '')

function expectInOrder(all: readonly PrintedEvent[], traces: readonly CtsTrace[]): void {
  for (const resource of new Set(traces.map(({ resource_id: id }) => String(id)))) {
    expect(idsOf(all.filter(({ extensions }) => extensions['resourceid'] === resource)), resource).toEqual(
      wanted(traces.filter(({ resource_id: id }) => id === resource)),
    )
  }
}

describe('go-cloudevents', () => {
  test('receives each trace once, in order per resource, valid and with what cts_exporter writes', async (context) => {
    const go = await goReceiver(context)
    const from = await cloud()
    const traces = from.put(200, 60_000)
    await using exporter = await startExporter({
      ...from.env,
      K_SINK: `http://127.0.0.1:${go.port}`,
      K_CE_OVERRIDES: '{"extensions":{"env":"prod"}}',
    })
    await expect.poll(() => printedEvents(go).length, { timeout: 60_000 }).toBe(200)
    const all = printedEvents(go)
    expect(idsOf(all).sort()).toEqual(wanted(traces).sort())
    expectInOrder(all, traces)
    const [trace] = traces
    const first = all.find(({ attributes }) => attributes['id'] === trace?.trace_id)
    expect(first?.attributes).toEqual({
      specversion: '1.0',
      id: trace?.trace_id,
      source: `${from.server.url}/v2.0/${from.project.id}/`,
      type: 'ecs.apicall.ecs.startserver',
      datacontenttype: 'application/json',
      // The SDK does not decode the percent-encoding of the HTTP binding.
      subject: encodeURIComponent(String(trace?.['resource_name'])),
      time: new Date(Number(trace?.time)).toISOString(),
    })
    expect(first?.extensions).toMatchObject({
      status: 'normal',
      code: '200',
      resourceid: trace?.['resource_id'],
      region: 'eu-de',
      domain: from.server.domain.id,
      tenant: from.project.id,
      actor: 'jdoe',
      env: 'prod',
    })
    expect(JSON.parse(Buffer.from(first?.data ?? '', 'base64').toString())).toMatchObject({
      trace_id: trace?.trace_id,
      resource_name: trace?.['resource_name'],
      user: { id: 'u', name: 'jdoe' },
    })
    expect(await exporter.stop()).toBe(0)
  })

  test('a sink that first fails with 5xx, 429, resets and hangs gets each trace once', async (context) => {
    const go = await goReceiver(context)
    const front = await FailingFront.start(go.port)
    onTestFinished(() => front.stop())
    const failing: readonly Failing[] = [
      { status: 503 },
      'reset',
      { status: 500 },
      'silent',
      { status: 404 },
      { status: 409 },
      { status: 502 },
      'reset',
      { status: 504 },
      { status: 408 },
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 503, headers: { 'retry-after': '1' } },
    ]
    front.faults.push(...failing, ...failing)
    const from = await cloud()
    const traces = from.put(150, 60_000)
    const late = from.put(50, 1000, Date.now() + 3000)
    const all = [...traces, ...late]
    await using exporter = await startExporter({
      ...from.env,
      K_SINK: `http://127.0.0.1:${front.port}`,
      WEIR_SINKS_KNATIVE_TIMEOUT: '1s',
      WEIR_SINKS_KNATIVE_RETRY_MAX: '2s',
    })
    await expect.poll(() => printedEvents(go).length, { timeout: 100_000 }).toBe(200)
    const requests = from.server.requests(/trace$/).length
    await expect.poll(() => from.server.requests(/trace$/).length, { timeout: 60_000 }).toBeGreaterThan(requests + 2)
    expect(idsOf(printedEvents(go)).sort()).toEqual(wanted(all).sort())
    expectInOrder(printedEvents(go), all)
    expect(Object.fromEntries(front.given)).toEqual({
      503: 4,
      reset: 4,
      500: 2,
      silent: 2,
      404: 2,
      409: 2,
      502: 2,
      504: 2,
      408: 2,
      429: 2,
    })
    expect(await exporter.stop()).toBe(0)
  }, 180_000)

  test('a sink that takes no event of a resource makes it a dead letter, and the others continue', async (context) => {
    const go = await goReceiver(context)
    const front = await FailingFront.start(go.port)
    onTestFinished(() => front.stop())
    front.faults.push({ status: 400 })
    const from = await cloud()
    const traces = from.put(30, 60_000)
    await using exporter = await startExporter({ ...from.env, K_SINK: `http://127.0.0.1:${front.port}` })
    await expect.poll(() => printedEvents(go).length, { timeout: 60_000 }).toBe(29)
    const letters = async (): Promise<unknown[]> =>
      (await (await fetch(`${exporter.url}/api/v1/dead-letters?sink=knative`)).json()) as unknown[]
    await expect.poll(letters, { timeout: 30_000 }).toEqual([expect.objectContaining({ reason: 'HTTP 400' })])
    const [letter] = (await letters()) as { body: { id: string } }[]
    expect([...idsOf(printedEvents(go)), letter?.body.id ?? ''].sort()).toEqual(wanted(traces).sort())
    expect(await exporter.stop()).toBe(0)
  })
})

describe('event_display', () => {
  test('prints each trace once, and finds it valid', async (context) => {
    const display = await receiver(
      context,
      await installEventDisplay(),
      () => [],
      (port) => ({ PORT: String(port) }),
    )
    const from = await cloud()
    const traces = from.put(40, 60_000)
    await using exporter = await startExporter({ ...from.env, K_SINK: `http://127.0.0.1:${display.port}` })
    const printed = (): string[] => [...display.output().matchAll(/^ {2}id: (\S+)$/gm)].map(([, id]) => id ?? '')
    await expect.poll(() => printed().length, { timeout: 60_000 }).toBe(40)
    expect(printed().sort()).toEqual(wanted(traces).sort())
    expect(
      display
        .output()
        .split('cloudevents.Event\n')
        .slice(1)
        .every((each) =>
          /^Context Attributes,\n {2}specversion: 1\.0\n {2}type: ecs\.apicall\.ecs\.startserver\n/.test(each),
        ),
    ).toBe(true)
    expect(display.output()).not.toContain('Validation')
    expect(await exporter.stop()).toBe(0)
  })
})

test('with CTS_X_PNP=false and no K_SINK traces are read and counted, and nothing is sent', async () => {
  const from = await cloud()
  from.put(30, 60_000)
  await using exporter = await startExporter({ ...from.env, CTS_X_PNP: 'false' })
  const counted = async (): Promise<string> =>
    /^weir_cts_traces_total\{[^}]*outcome="taken"[^}]*\} (\d+)$/m.exec(
      await (await fetch(`${exporter.opsUrl}/metrics`)).text(),
    )?.[1] ?? '0'
  await expect.poll(counted, { timeout: 60_000 }).toBe('30')
  expect(await (await fetch(`${exporter.url}/api/v1/ledger`)).json()).toMatchObject({ balanced: true, sinks: [] })
  expect(exporter.log()).toContain('CTS_X_PNP is off: traces are read and counted, but not sent.')
  expect(await exporter.stop()).toBe(0)
})
