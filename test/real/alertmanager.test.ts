// Sink `http` with alerts against a real Alertmanager.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { httpSchema } from '../../src/connectors/http/config.ts'
import { sink as http } from '../../src/connectors/http/sink.ts'
import { configFrom } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { freePorts } from '../kit/free-port.ts'
import { alertmanager } from './install/alertmanager.ts'
import { startHttpProcess } from './kit/http-process.ts'
import { startWeir } from '../kit/weir-process.ts'
import { need } from './kit/need.ts'

interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
}

async function startAlertmanager(path: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-alertmanager-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [port = 0] = await freePorts(1)
  const file = join(folder, 'alertmanager.yml')
  await writeFile(file, 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
  const url = `http://127.0.0.1:${port}`
  const listen = ['--web.listen-address', `127.0.0.1:${port}`, '--cluster.listen-address', '']
  const args = [`--config.file=${file}`, `--storage.path=${folder}`, ...listen]
  const server = await startHttpProcess(path, args, `${url}/-/ready`)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return url
}

test('alertmanager: events become alerts; a refused one is a dead letter with the reason', async (context) => {
  const path = await need(context, alertmanager)
  const url = await startAlertmanager(path)
  const settings = { template: 'alertmanager', mode: 'batched', title: '{{kind}} {{word}}' } as const
  const labels = { severity: 'warning', number: '{{number}}', none: '{{absent}}' }
  const config = configFrom(httpSchema, { url: `${url}/api/v2/alerts`, ...settings, labels })
  const sink = await http.build(config, testContext())
  onTestFinished(() => sink.close())
  const word = '"<&>" \\ é 🦊'
  const time = Math.floor(Date.now() / 1000) * 1000
  const events = numberedEvents(3, 'a').map((event, number) => ({
    ...event,
    time,
    subject: `pod/${number}`,
    data: Buffer.from(JSON.stringify({ kind: 'Pod', word, number })),
  }))
  // It would begin after its end, which Alertmanager sets to five minutes from now.
  const poison = { ...numberedEvents(1, 'p')[0]!, time: time + 3_600_000 }
  const failures = await sink.send(eventBatch([...events, poison], 't'), new AbortController().signal)
  expect(failures.map(({ index, is }) => [index, is])).toEqual([[3, 'reject']])
  expect(failures[0]?.reason).toMatch(/HTTP 400: .*start time must be before end time/)

  const found = (await (await fetch(`${url}/api/v2/alerts`)).json()) as readonly Alert[]
  const own = found.filter(({ labels: { number } }) => number !== undefined)
  expect(own.map(({ labels: { number } }) => Number(number)).toSorted((a, b) => a - b)).toEqual([0, 1, 2])
  expect(own[0]?.labels).toEqual({
    alertname: `Pod ${word}`,
    severity: 'warning',
    number: expect.any(String) as string,
  })
  expect(own[0]?.annotations['description']).toMatch(/^pod\/\d$/)
  expect(own[0]?.startsAt).toBe(new Date(time).toISOString())
})

test('alertmanager: a rule of Weir fires until Weir resolves it', async (context) => {
  const path = await need(context, alertmanager)
  const url = await startAlertmanager(path)
  const folder = await mkdtemp(join(tmpdir(), 'weir-alertmanager-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const firing = `SELECT subject AS host,
    count(*) FILTER (WHERE type = 'trip') - count(*) FILTER (WHERE type = 'clear') AS value
    FROM events WHERE source = '/test' GROUP BY 1`
  await using weir = await startWeir({
    folder,
    config: {
      console: { url: 'https://weir.example.com/' },
      alerts: {
        tripped: {
          sql: firing,
          condition: '> 0',
          every: '1s',
          severity: 'critical',
          labels: { team: 'network' },
          annotations: { summary: '{{labels.host}} has {{value}} trips' },
        },
      },
      sinks: {
        alertmanager: {
          type: 'http',
          url: `${url}/api/v2/alerts`,
          template: 'alertmanager',
          mode: 'batched',
          from: ['alerts'],
          labels: { cluster: 'east', severity: 'none' },
        },
      },
    },
  })
  const post = (type: string) =>
    weir.events([{ specversion: '1.0', id: type, source: '/test', type, subject: 'db-1', data: {} }])
  const query = async (parameters: string) =>
    (await (await fetch(`${url}/api/v2/alerts?${parameters}`)).json()) as readonly Alert[]
  await post('trip')
  const polling = { timeout: 90_000, interval: 200 }
  await expect.poll(async () => (await query('active=true')).length, polling).toBe(1)
  const [alert] = await query('active=true')
  expect(alert?.labels).toEqual({
    alertname: 'tripped',
    severity: 'critical',
    host: 'db-1',
    team: 'network',
    cluster: 'east',
  })
  expect(alert?.annotations).toMatchObject({ summary: 'db-1 has 1 trips', value: '1' })
  expect(alert?.generatorURL).toMatch(/^https:\/\/weir\.example\.com\/sql\?q=SELECT/)
  const { rules } = await weir.get<{ rules: { alerts: { starts_at: string }[] }[] }>('/api/v1/alerts')
  expect(alert?.startsAt).toBe(rules[0]?.alerts[0]?.starts_at)
  // Without a repetition it ends, as when Weir is removed.
  expect(Date.parse(alert!.endsAt) - Date.parse(alert!.startsAt)).toBe(4 * 60_000)

  await post('clear')
  await expect.poll(async () => (await query('active=true')).length, polling).toBe(0)
})
