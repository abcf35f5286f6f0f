import { Agent, request as send } from 'node:http'
import { join } from 'node:path'
import type { AcceptanceContext, AcceptanceRun } from '../../bench/harness.ts'
import { some } from '../kit/delivered.ts'
import { FlowSender } from '../kit/flow-sender.ts'
import { freePorts } from '../kit/free-port.ts'
import { SeededRandom } from '../kit/random.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { Fuzzer, operationsOf, type FuzzRequest } from './api-fuzz/requests.ts'

/** Failed logins of others at this address would limit shorter tokens. */
const users = {
  admin: 'secret-of-the-administrator',
  limited: 'secret-of-the-viewer-of-shop',
  anonymous: undefined,
} as const
type User = keyof typeof users
const clients = 8
const answerMs = 180_000
/** Every request is followed by one to another port in this share. */
const besideShare = 0.1
/** Outside of the description, a path or a method does not exist. */
const refusals = new Set(['400', '401', '403', '404', '405', '408', '413', '415', '429', '431'])

export default {
  name: 'api-fuzz',
  issue: '56',
  title:
    '50,000 fuzzed requests over every route, as admin, limited viewer and anonymous, get no 5xx but a described ' +
    '503, and no status outside the description. The process lives.',
  async run(context) {
    const total = context.size(50_000, 2000)
    const [otlp = 0, loki = 0, write = 0, audit = 0, http = 0] = await freePorts(5)
    const at = (port: number): string => `127.0.0.1:${port}`
    await using weir = await startWeir({
      folder: join(context.folder, 'weir'),
      env: { ADMIN: users.admin, SHOP: users.limited },
      config: {
        auth: {
          tokens: [
            { name: 'root', token: 'env:ADMIN' },
            { name: 'shop', token: 'env:SHOP', role: 'viewer', namespaces: ['shop'] },
          ],
        },
        http: { listen: at(http) },
        sources: {
          otlp: { type: 'otlp', listen: at(otlp), grpc: 'off' },
          loki: { type: 'loki-push', listen: at(loki) },
          write: { type: 'remote-write', listen: at(write) },
          audit: { type: 'kube-audit', listen: at(audit), cluster: 'c1' },
        },
      },
    })
    await fill(weir)
    const description = (await (
      await fetch(`${weir.url}/api/v1/openapi.json`, { headers: { authorization: `Bearer ${users.admin}` } })
    ).json()) as Parameters<typeof operationsOf>[0]
    const operations = operationsOf(description)
    context.figure('operations', operations.length)
    const beside = [
      { port: otlp, paths: ['/v1/logs', '/v1/metrics', '/v1/traces'] },
      { port: loki, paths: ['/loki/api/v1/push'] },
      { port: write, paths: ['/api/v1/write', '/write'] },
      { port: audit, paths: ['/', '/audit'] },
      { port: http, paths: ['/', '/events'] },
      { port: weir.ports.ops, paths: ['/metrics', '/healthz/ready', '/healthz/live', '/healthz/accepting', '/x'] },
    ] as const
    await fuzz(context, weir, operations, beside, total)
    const [answer] = await sqlOf(weir)
    context.expect(answer?.flows !== undefined && answer.flows >= 30, 'afterwards a query is answered')
    const unexpected = weir.log.split('\n').filter((line) => /unexpected error|uncaught/i.test(line))
    context.expect(unexpected.length === 0, `no line of the log has an unexpected error (${some(unexpected)})`)
    context.figure('memory afterwards', Math.round(weir.memory().own / 1e6), 'MB')
    context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
  },
} satisfies AcceptanceRun

async function sqlOf(weir: WeirProcess): Promise<{ flows: number }[]> {
  const answer = await fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${users.admin}` },
    body: JSON.stringify({ sql: 'SELECT count(*) AS flows FROM flows' }),
  })
  return (await answer.json()) as { flows: number }[]
}

async function fill(weir: WeirProcess) {
  const events = Array.from({ length: 200 }, (_, n) => ({
    specversion: '1.0',
    id: `${n}`,
    source: '/bench',
    type: n % 2 === 0 ? 'kept' : 'other',
    data: { n, text: 'a', nested: { list: [n, 'b'] } },
  }))
  const posted = await fetch(`${weir.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json', authorization: `Bearer ${users.admin}` },
    body: JSON.stringify(events),
  })
  if (!posted.ok) throw new Error(`the events were not accepted: ${posted.status}`)
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 1 })
  await sender.start()
  for (let i = 0; i < 5; i++) sender.send()
  await sender.close()
  for (;;) {
    const [answer] = await sqlOf(weir)
    if ((answer?.flows ?? 0) >= 30) return
  }
}

type Beside = readonly Readonly<{ port: number; paths: readonly string[] }>[]

async function fuzz(
  context: AcceptanceContext,
  weir: WeirProcess,
  operations: ReturnType<typeof operationsOf>,
  beside: Beside,
  total: number,
) {
  const random = new SeededRandom(context.seed)
  const fuzzer = new Fuzzer(random, operations)
  const agent = new Agent({ keepAlive: true, maxSockets: clients * 2 })
  const counts = new Map<string, number>()
  const wrong = new Map<string, string>()
  const [began, names] = [performance.now(), Object.keys(users) as User[]]
  let [next, longest] = [0, 0]
  const judge = (what: string, status: string, allowed: (status: string) => boolean, one: FuzzRequest): void => {
    counts.set(status, (counts.get(status) ?? 0) + 1)
    const isServerError = status.startsWith('5') && status !== '503'
    if ((isServerError || !allowed(status)) && !wrong.has(`${what}: ${status}`))
      wrong.set(
        `${what}: ${status}`,
        [
          one.target.slice(0, 400),
          JSON.stringify(one.headers).slice(0, 200),
          one.body?.toString('latin1', 0, 300),
        ].join(' '),
      )
  }
  const client = async (): Promise<void> => {
    while (next < total) {
      const index = next++
      const user = names[Math.floor(index / operations.length) % names.length]!
      const { operation, ...one } = fuzzer.request(index)
      const token = users[user]
      const headers = { ...one.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
      const sent = performance.now()
      const status = await statusOf(weir.ports.api, { ...one, headers }, agent)
      longest = Math.max(longest, performance.now() - sent)
      // An empty or foreign path part is another route.
      const exact = !operation.path.includes('{') || status !== '405'
      judge(
        `${user} ${operation.method} ${operation.path}`,
        status,
        (each) => operation.statuses.has(each) || (!exact && refusals.has(each)),
        one,
      )
      if (!random.chance(besideShare)) continue
      const { port, paths } = random.pick(beside)
      const path = random.pick(paths)
      const pushed = { method: random.pick(['POST', 'POST', 'GET', 'PUT']), target: path, ...fuzzer.pushed() }
      judge(`${port} ${path}`, await statusOf(port, pushed, false), (each) => each !== '0', pushed)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  context.figure(
    'requests',
    [...counts.values()].reduce((sum, count) => sum + count, 0),
  )
  context.figure('requests per second', Math.round((total / (performance.now() - began)) * 1000))
  context.figure('longest response', Math.round(longest), 'ms')
  for (const [status, count] of [...counts].sort(([a], [b]) => Number(a) - Number(b)))
    context.figure(`status ${status}`, count)
  for (const [what, one] of wrong) context.figure(what, one)
  context.expect(
    wrong.size === 0,
    `no 5xx but a described 503, and no status outside the description (${some([...wrong.keys()])})`,
  )
  context.expect(weir.pid !== -1, 'the process lives')
}

/** `0`: no response. A stream is cut after its head. */
function statusOf(port: number, { method, target, headers, body }: FuzzRequest, agent: Agent | false): Promise<string> {
  return new Promise((resolve) => {
    const sent = send({
      host: '127.0.0.1',
      port,
      method,
      path: target,
      // For GET, Node sends a body without its length, which is no valid HTTP.
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
      agent,
      timeout: answerMs,
    })
    sent.on('response', (answer) => {
      const status = String(answer.statusCode)
      const type = answer.headers['content-type'] ?? ''
      if (type.includes('event-stream') || (type.includes('ndjson') && target.includes('/tap'))) {
        sent.destroy()
        resolve(status)
        return
      }
      answer
        .on('close', () => resolve(status))
        .on('error', () => resolve(status))
        .resume()
    })
    sent.on('timeout', () => sent.destroy()).on('error', () => resolve('0'))
    sent.end(body)
  })
}
