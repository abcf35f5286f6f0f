import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { startWeir } from '../../test/kit/weir-process.ts'
import type { RehearsalReport } from '../app/rehearsal/report.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

const many = (condition: string) => ({
  many: { on: 'events', filter: 'type = hello', measure: 'count', window: '1h', condition, every: '1s' },
})

test('beside a running server, a rehearsal shows other firings of an alert rule', async () => {
  const folder = await temporaryFolder()
  const weir = await startWeir({ folder, config: { alerts: many('> 10'), sinks: { stdout: { from: ['http'] } } } })
  onTestFinished(() => weir.stop().then(() => undefined))
  const events = Array.from({ length: 20 }, (_, row) => ({
    specversion: '1.0',
    id: `e${row}`,
    source: '/test',
    type: 'hello',
  }))
  const posted = await fetch(`${weir.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  })
  expect(posted.status).toBe(200)
  // A fresh query waits for the store.
  const stored = await launch(['query', 'SELECT count(*) AS n FROM events', '--data', weir.data, '-o', 'json'])
  expect(stored.stdout).toContain('20')
  const rehearsed = async (alerts: object) => {
    const candidate = join(folder, 'candidate.yaml')
    await writeFile(candidate, stringify({ sinks: { stdout: { from: ['http'] } }, alerts }))
    const running = join(folder, 'running.yaml')
    await writeFile(running, stringify({ sinks: { stdout: { from: ['http'] } }, alerts: many('> 10') }))
    const ran = await launch(['rehearse', candidate, '--running', running, '--data', weir.data, '-o', 'json'])
    return { code: ran.code, err: ran.stderr, report: JSON.parse(ran.stdout) as RehearsalReport }
  }
  const other = await rehearsed(many('> 500'))
  expect(other).toMatchObject({ code: 1, err: '', report: { range: { sources: { http: 20 } } } })
  expect(other.report.alerts).toMatchObject([
    { alert: 'many', differs: true, running: { firings: 1, peak: 20 }, candidate: { firings: 0, peak: 20 } },
  ])
  const near = await rehearsed(many('> 11'))
  expect(near).toMatchObject({ code: 0, report: { equal: true, alerts: [{ alert: 'many', differs: false }] } })
  // The server was not disturbed.
  expect((await fetch(`${weir.opsUrl}/healthz/ready`)).status).toBe(200)
})
