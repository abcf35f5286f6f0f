import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../../bench/harness.ts'
import { some } from '../kit/delivered.ts'
import { FlowSender } from '../kit/flow-sender.ts'
import { freePorts } from '../kit/free-port.ts'
import { answerOf, open, rawRequest } from '../kit/raw-http.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { prepareWeir, startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { bodyCases, bombs, headerCases, type BodyCase } from './api-safety/requests.ts'
import { allowedSql, refusedSql } from './api-safety/sql.ts'

const secret = 'the-secret-outside'

export default {
  name: 'api-safety',
  issue: '2.8',
  title:
    'The API checks Host and Origin, requires auth on public listeners, and limits every input. SQL only ' +
    'reads the store.',
  async run(context) {
    await using weir = await startWeir({ folder: join(context.folder, 'weir') })
    await fill(weir)
    const slow = slowRequests(context, weir)
    await headers(context, weir)
    await statements(context, weir)
    await bodies(context, weir)
    await inflated(context, weir)
    await slowReaders(context, weir)
    await slow
    const [after] = await weir.sql<{ events: number; flows: number }>(
      'SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM flows) AS flows',
    )
    context.expect(
      after?.events === 20 && after.flows >= 30,
      `nothing that was refused left a trace (${after?.events} events)`,
    )
    context.expect((await weir.ledger()).balanced, 'the ledger is balanced')
    context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
    await exposed(context)
  },
} satisfies AcceptanceRun

async function fill(weir: WeirProcess) {
  await weir.events(
    Array.from({ length: 20 }, (_, n) => ({
      specversion: '1.0',
      id: `${n}`,
      source: '/bench',
      type: 'kept',
      data: { n },
    })),
  )
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 1 })
  await sender.start()
  for (let i = 0; i < 3; i++) sender.send()
  await sender.close()
  await sleep(500)
  await weir.caughtUp(20_000)
}

async function headers(context: AcceptanceContext, weir: WeirProcess) {
  const wrong: string[] = []
  const cases = headerCases(weir.ports.api)
  for (const { what, headers: lines, status, target = '/api/v1/ledger' } of cases) {
    const got = await rawRequest(weir.ports.api, { target, headers: lines })
    if (got.status !== status) wrong.push(`${what}: ${got.status}, not ${status}`)
    if (got.status !== 403) continue
    for (const [path, type, body] of [
      ['/events', 'application/cloudevents+json', '{"specversion":"1.0","id":"e","source":"/evil","type":"t"}'],
      ['/api/v1/sql', 'application/json', '{"sql":"SELECT 1"}'],
      ['/api/v1/live', 'application/json', '{}'],
    ] as const) {
      const posted = await rawRequest(weir.ports.api, {
        method: 'POST',
        target: path,
        headers: [...lines, `content-type: ${type}`],
        body,
        limit: 5000,
      })
      if (posted.status !== 403) wrong.push(`${what} posts to ${path}: ${posted.status}`)
    }
  }
  context.figure('combinations of Host, Origin and fetch headers', cases.length)
  context.expect(
    wrong.length === 0,
    `localhost and 127.0.0.1 pass, every other Host and Origin is refused (${some(wrong)})`,
  )
}

async function statements(context: AcceptanceContext, weir: WeirProcess) {
  const outside = join(context.folder, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'secret.csv'), `a,b\n1,${secret}\n`)
  const place = (sql: string) => sql.replaceAll('{outside}', outside).replaceAll('{store}', join(weir.data, 'store'))
  const ask = async (sql: string) => {
    const response = await fetch(`${weir.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql: place(sql) }),
    })
    // The response of a statement that fails midway is cut.
    return { status: response.status, text: await response.text().catch(() => 'cut') }
  }
  const failed: string[] = []
  for (const sql of allowedSql) {
    const { status, text } = await ask(sql)
    if (status !== 200 || !Array.isArray(JSON.parse(text))) failed.push(`${sql}: ${status} ${text.slice(0, 200)}`)
  }
  context.expect(
    failed.length === 0,
    `each of ${allowedSql.length} statements that only read is answered (${some(failed)})`,
  )
  const passed: string[] = []
  const silent: string[] = []
  for (const sql of refusedSql) {
    const { status, text } = await ask(sql)
    if (status !== 400) passed.push(`${JSON.stringify(sql)}: ${status} ${text.slice(0, 120)}`)
    else if ((JSON.parse(text) as { detail?: string }).detail === undefined) silent.push(sql)
    if (text.includes(secret)) passed.push(`${sql} shows the secret`)
  }
  context.expect(passed.length === 0, `each of ${refusedSql.length} others is 400 (${some(passed)})`)
  context.expect(silent.length === 0, `and each states the reason (${some(silent)})`)
  context.expect(
    readdirSync(outside).join() === 'secret.csv',
    `and none wrote a file (${readdirSync(outside).join(', ')})`,
  )
}

async function check(weir: WeirProcess, one: BodyCase): Promise<string | undefined> {
  const headersSent = [`host: 127.0.0.1:${weir.ports.api}`, ...one.headers]
  const { status, text } = await rawRequest(weir.ports.api, {
    method: one.method ?? (one.target === '/events' || one.body !== undefined ? 'POST' : 'GET'),
    target: one.target,
    headers: headersSent,
    ...(one.body === undefined ? {} : { body: one.body }),
    limit: 60_000,
  })
  const expected = [one.status].flat()
  if (!expected.includes(status)) return `${one.what}: ${status}, not ${expected.join(' or ')} (${text.slice(0, 200)})`
  return one.message === undefined || text.includes(one.message)
    ? undefined
    : `${one.what}: the response lacks ${one.message} (${text.slice(-300)})`
}

async function bodies(context: AcceptanceContext, weir: WeirProcess) {
  const wrong: string[] = []
  const cases = bodyCases()
  for (const one of cases) {
    const problem = await check(weir, one)
    if (problem !== undefined) wrong.push(problem)
  }
  context.expect(
    wrong.length === 0,
    `each of ${cases.length} requests too deep, too large, of a wrong type or content is refused with its ` +
      `status (${some(wrong)})`,
  )
}

async function inflated(context: AcceptanceContext, weir: WeirProcess) {
  const cases = bombs()
  const before = weir.memory()
  let highest = before.own
  let watching = true
  const watch = (async () => {
    while (watching) {
      highest = Math.max(highest, weir.memory().own)
      await sleep(10)
    }
  })()
  const wrong: string[] = []
  for (const one of cases) {
    const problems = await Promise.all(Array.from({ length: 4 }, () => check(weir, one)))
    wrong.push(...problems.filter((problem) => problem !== undefined))
  }
  watching = false
  await watch
  context.expect(
    wrong.length === 0,
    `each of ${cases.length} compressed gigabytes is refused, four at a time (${some(wrong)})`,
  )
  context.figure(
    'memory that compressed gigabytes cost at most, four at a time',
    Math.round((highest - before.own) / 1e6),
    'MB',
  )
  context.expect(
    highest - before.own < 400e6,
    'and costs less than 400 MB: four times the limit of 32 MiB, three copies of each',
  )
}

/** Connections that send almost nothing beside normal clients. */
async function slowRequests(context: AcceptanceContext, weir: WeirProcess) {
  const { api } = weir.ports
  // A busy machine notices a slow request later.
  const [limit, headLimit] = context.size([75_000, 29], [200_000, 195])
  const started = performance.now()
  const idle = await Promise.all(Array.from({ length: 200 }, () => open(api)))
  for (const socket of idle) socket.on('error', () => {})
  const drip = async (head: string, piece: string) => {
    const socket = await open(api)
    const answered = answerOf(socket, limit)
    socket.write(head)
    const timer = setInterval(() => socket.writable && socket.write(piece), 1000)
    const { status } = await answered
    clearInterval(timer)
    return { status, seconds: (performance.now() - started) / 1000 }
  }
  const slowHead = drip('GET /api/v1/ledger HTTP/1.1\r\nhost: localhost\r\n', 'x-drip: 1\r\n')
  const slowBody =
    context.scale === 'full'
      ? drip(
          'POST /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: ' +
            'application/cloudevents+json\r\ncontent-length: 100000\r\n\r\n{',
          ' ',
        )
      : undefined
  const begun = performance.now()
  const answer = await rawRequest(api, { target: '/api/v1/ledger', headers: [`host: localhost:${api}`] })
  context.figure('an answer beside 200 idle connections', Math.round(performance.now() - begun), 'ms')
  context.expect(answer.status === 200, 'idle connections delay no response')
  const head = await slowHead
  context.figure('headers that drip: cut off after', head.seconds, 's')
  context.expect(
    (head.status === 408 || head.status === 0) && head.seconds < headLimit,
    `headers that drip are cut off within ${headLimit} s (${head.status})`,
  )
  if (slowBody !== undefined) {
    const body = await slowBody
    context.figure('a body that drips: cut off after', body.seconds, 's')
    context.expect(
      (body.status === 408 || body.status === 0) && body.seconds < 74,
      `a body that drips is cut off within 70 s (${body.status})`,
    )
  }
  for (const socket of idle) socket.destroy()
}

/** Clients that request much and read nothing. */
async function slowReaders(context: AcceptanceContext, weir: WeirProcess) {
  const before = weir.memory().own
  const body = JSON.stringify({ sql: "SELECT range AS n, repeat('x', 200) AS text FROM range(50000000)" })
  const sockets = await Promise.all(
    Array.from({ length: 2 }, async () => {
      const socket = await open(weir.ports.api)
      socket.on('error', () => {})
      socket.pause()
      socket.write(
        `POST /api/v1/sql HTTP/1.1\r\nhost: localhost:${weir.ports.api}\r\ncontent-type: ` +
          `application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
      return socket
    }),
  )
  await sleep(3000)
  const started = performance.now()
  const rows = await weir.sql('SELECT 1 AS one')
  context.figure('a question beside two that are not read', Math.round(performance.now() - started), 'ms')
  context.expect(rows.length === 1, 'unread responses block no other request')
  const cost = weir.memory().own - before
  context.figure('memory that two unread answers of 10 GB cost', Math.round(cost / 1e6), 'MB')
  context.expect(cost < 500e6, 'answers that are not read are not held in memory')
  for (const socket of sockets) socket.destroy()
  await sleep(500)
}

async function exposed(context: AcceptanceContext) {
  for (const listen of ['0.0.0.0', '[::]']) await generated(context, listen)
  const [port = 0] = await freePorts(1)
  const folder = join(context.folder, 'with-token')
  await using weir = await startWeir({
    folder,
    config: { listen: `0.0.0.0:${port}`, auth: { tokens: [{ name: 'bench', token: 'env:BENCH_TOKEN' }] } },
    env: { BENCH_TOKEN: secret },
  })
  const status = async (path: string, headersSent: readonly string[], body?: string) =>
    (
      await rawRequest(port, {
        target: path,
        headers: [`host: weir.example:${port}`, ...headersSent],
        ...(body === undefined ? {} : { method: 'POST', body }),
      })
    ).status
  const event = '{"specversion":"1.0","id":"a","source":"/s","type":"t"}'
  const type = 'content-type: application/cloudevents+json'
  const token = `authorization: Bearer ${secret}`
  const got = [
    await status('/api/v1/ledger', []),
    await status('/api/v1/ledger', ['authorization: Bearer wrong']),
    await status('/api/v1/ledger', [token]),
    await status('/events', [type], event),
    await status('/events', [type, token], event),
  ]
  context.expect(
    got.join() === '401,401,200,401,200',
    `with a token configured it listens, and only requests with it succeed (${got.join(', ')})`,
  )
  context.expect(!weir.log.includes(secret), 'the token is never printed')
}

async function generated(context: AcceptanceContext, listen: string) {
  const [port = 0] = await freePorts(1)
  const folder = join(context.folder, `exposed-${listen.length}`)
  mkdirSync(folder)
  const weir = await prepareWeir({ folder, config: { listen: `${listen}:${port}` } })
  try {
    await weir.start()
    const file = join(weir.data, 'token')
    const token = readFileSync(file, 'utf8').trim()
    context.expect(
      token.length >= 43 && (statSync(file).mode & 0o777) === 0o600,
      `--listen ${listen}:${port} without auth makes a token that only its owner can read (${token.length} ` +
        `characters, mode ${(statSync(file).mode & 0o777).toString(8)})`,
    )
    const shown = weir.log.split('\n').filter((line) => line.includes(token))
    context.expect(
      shown.length === 1 && shown[0]?.includes(`/#token=${token}`) === true,
      `and prints the address with it once (${shown.length})`,
    )
    const status = async (...headersSent: readonly string[]) =>
      (await rawRequest(port, { target: '/api/v1/ledger', headers: [`host: weir.example:${port}`, ...headersSent] }))
        .status
    const got = [
      await status(),
      await status('authorization: Bearer wrong'),
      await status(`authorization: Bearer ${token}`),
    ]
    context.expect(got.join() === '401,401,200', `only requests with it succeed (${got.join(', ')})`)
    const ledger = await weirCommand('ledger', '--data', weir.data)
    context.expect(
      ledger.code === 0 && !ledger.output.includes(token),
      `a command on the data folder finds it (exit code ${ledger.code})`,
    )
    await weir.stop()
    await weir.start()
    context.expect(
      readFileSync(file, 'utf8').trim() === token && !weir.lastLog.includes(token) && weir.lastLog.includes(file),
      'the next start keeps it, and prints its file instead of its value',
    )
  } finally {
    await weir[Symbol.asyncDispose]()
  }
}
