import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RehearsalReport } from '../app/rehearsal/report.ts'
import { emptyScene, scene, type Scene } from '../app/rehearsal/testing/scene.ts'
import { launch } from './testing/launch.ts'

type Ran = Awaited<ReturnType<typeof launch>>

async function run(
  { folder, data }: Scene,
  running: string,
  candidate: string,
  flags: readonly string[] = [],
): Promise<Ran> {
  const files = { running: join(folder, 'weir.yaml'), candidate: join(folder, 'new.yaml') }
  await writeFile(files.running, running)
  await writeFile(files.candidate, candidate)
  return launch(['rehearse', files.candidate, '--running', files.running, '--data', data, ...flags])
}

const lines = (folder: string, more = '') =>
  `sinks:\n  lines: { type: file, path: ${folder}/lines.ndjson, from: [netflow]${more} }\n`

async function filesIn(folder: string): Promise<Record<string, number>> {
  const names = (await readdir(folder, { recursive: true })).toSorted()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).mtimeMs])),
  )
}

describe('weir rehearse', () => {
  test('ends with 0 without a difference, and with 1 and the rows after one', async () => {
    const made = await scene()
    const running = lines(made.folder)
    const equal = await run(made, running, `# the same\n${running}`)
    expect(equal).toMatchObject({ code: 0, stderr: '' })
    expect(equal.stdout).toContain('No difference.')
    const before = await filesIn(made.data)
    const narrow = await run(made, running, lines(made.folder, ', only: { filter: dst.port = 443 }'))
    expect(narrow).toMatchObject({ code: 1, stderr: '' })
    expect(narrow.stdout).toMatch(/lines +netflow +120 → 30 .* 0 → 90 +90 lost/)
    expect(narrow.stdout).toContain('lines: lost netflow:1:1:1 (sink: only.filter)')
    expect(narrow.stdout).toMatch(/sinks\.lines\.only\.filter +unset +dst\.port = 443 +shown by the rows/)
    expect(await filesIn(made.data)).toEqual(before)
  })

  test('prints the report as JSON, and sums as rows', async () => {
    const made = await scene()
    const json = await run(made, lines(made.folder), 'sinks: {}\n', ['-o', 'json', '--examples', '1'])
    const report = JSON.parse(json.stdout) as RehearsalReport
    expect(report).toMatchObject({ equal: false, range: { rows: 300 } })
    expect(report.sinks.find(({ sink }) => sink === 'lines')).toMatchObject({
      is: 'removed',
      differences: { lost: 120 },
      examples: [{ is: 'lost', reason: 'the sink is removed' }],
    })
    const rows = await run(made, lines(made.folder), 'sinks: {}\n', ['-o', 'csv'])
    expect(rows.stdout.split('\r\n')).toContain('sink,lines,,lost,,,120,')
  })

  test.each([
    ['a file with an unknown component', 'sinks: { lines: { type: kafkaa } }\n', 'kafkaa'],
    ['a file that is no YAML', 'sinks: [\n', 'new.yaml:2'],
    ['a filter with an unknown field', 'sinks: { stdout: { only: { filter: dst.prot = 1 } } }\n', 'dst.prot'],
    ['a transform that reads itself', 'transforms: { a: { type: sample, from: [a], one_in: 2 } }\n', 'derived from'],
  ])('ends with 2 and the line for %s', async (_, candidate, message) => {
    const made = await scene()
    const ran = await run(made, lines(made.folder), candidate)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(message)
  })

  test('ends with 2 without a journal, a running configuration or a time', async () => {
    const made = await emptyScene()
    expect(await run(made, '', '')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no journal in') as string,
    })
    await mkdir(join(made.data, 'journal'), { recursive: true })
    expect(await run(made, '', '')).toMatchObject({ code: 0 })
    expect(await run(made, '', '', ['--since', 'soon'])).toMatchObject({ code: 2 })
  })

  test('opens no connection, also to sinks that differ', async () => {
    let connections = 0
    const server = createServer((_, response) => response.end('{}')).on('connection', () => connections++)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const at = `127.0.0.1:${port}`
    const sinks = (topic: string) => `
sinks:
  kafka: { brokers: ["${at}"], topic: ${topic} }
  nats: { url: "nats://${at}", stream: S, subject: ${topic} }
  rabbitmq: { url: "amqp://${at}", exchange: ${topic} }
  http: { url: "http://${at}/${topic}" }
  loki: { url: "http://${at}" }
  elasticsearch: { url: "http://${at}", only: { family: [event] } }
  clickhouse: { url: "http://${at}", database: ${topic} }
  influxdb: { url: "http://${at}", bucket: ${topic}, only: { family: [point] } }
  otlp: { url: "http://${at}" }
  remote-write: { url: "http://${at}/api/v1/write" }
  prometheus: { listen: "${at}" }
  neo4j: { url: "bolt://${at}" }
  ipfix: { target: "${at}", transport: tcp }
  s3: { endpoint: "http://${at}", bucket: ${topic}, region: eu }
  netobserv: { url: "grpc://${at}" }
`
    const made = await scene()
    const ran = await run(made, sinks('aaa'), sinks('bbb'), ['-o', 'json'])
    expect(ran.stderr).toBe('')
    const report = JSON.parse(ran.stdout) as RehearsalReport
    expect(report.sinks.filter(({ problem }) => problem !== undefined)).toEqual([])
    expect(report.sinks.filter(({ sources }) => sources.length > 0).length).toBeGreaterThan(12)
    expect(report.sinks.find(({ sink }) => sink === 'kafka')?.differences.moved).toBe(300)
    expect({ code: ran.code, connections }).toEqual({ code: 1, connections: 0 })
  })

  test('needs no variables with --no-environment', async () => {
    const made = await scene()
    const text =
      'sinks: { nats: { url: "${WEIR_NONE}", stream: S, subject: a, auth: { type: token, token: "env:WEIR_NONE" } } }'
    expect(await run(made, text, text)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('WEIR_NONE') as string,
    })
    expect(await run(made, text, text, ['--no-environment'])).toMatchObject({ code: 0, stderr: '' })
    const other = text.replace('subject: a', 'subject: b')
    expect(await run(made, text, other, ['--no-environment'])).toMatchObject({ code: 1, stderr: '' })
  })

  test('prints no secret of either configuration', async () => {
    const secret = (side: string) => `
http: { listen: off }
sinks:
  kafka: { brokers: ["127.0.0.1:9"], topic: a, auth: { type: plain, user: weir, password: canary-kafka-${side} } }
  nats: { url: "nats://127.0.0.1:9", stream: S, subject: a, auth: { type: token, token: canary-nats-${side} } }
  http:
    url: http://127.0.0.1:9/canary-path-${side}?key=canary-key-${side}
    headers: { authorization: canary-header-${side} }
  loki: { url: "http://127.0.0.1:9", auth: { type: bearer, token: canary-loki-${side} } }
auth: { tokens: [{ name: a, token: canary-token-${side}, role: viewer }] }
`
    const made = await scene()
    for (const format of ['table', 'json', 'csv']) {
      const ran = await run(made, secret('old'), secret('new'), ['-o', format])
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 1, stderr: '' })
      expect(ran.stdout).toContain('a secret')
      expect(ran.stdout).not.toContain('canary')
    }
  })
})
