import { expect, test } from 'vitest'
import { incident } from '../api/testing/incidents.ts'
import { startStored } from '../api/testing/stored.ts'
import { toEventBatch } from '../model/events.ts'
import { weir } from './testing/command.ts'

test('`weir investigate` lists the events of a workload in order of time, and prints the report', async () => {
  const api = await startStored()
  const now = Date.now()
  const { events, flows, from, to, actor, culprit } = incident(2, now)
  await api.addBatch(toEventBatch(events), now)
  await api.addBatch(flows, now)
  const range = ['--from', new Date(from).toISOString(), '--to', new Date(to).toISOString()]
  const [kind, ...name] = culprit.split('/')
  const subject = name.join('/')
  const { out, code, err } = await weir(['investigate', subject, '--url', api.url, ...range])
  expect([code, err]).toEqual([0, ''])
  const lines = out.split('\n')
  expect(lines[0]).toMatch(new RegExp(`^${kind} ${subject}, .* UTC, [\\d,]+ flows$`))
  const own = lines.filter((line) => / changes /.test(line) && line.includes(`${kind} ${subject} `))
  expect(own.some((line) => /(?:updated|rolled out): /.test(line) && line.includes(String(actor)))).toBe(true)
  const times = lines.flatMap((line) => /^\d{4}-\S+ \S+/.exec(line) ?? [])
  expect(times).toEqual(times.toSorted())
  expect(out).toContain('\ncost: not collected. No cost is stored.\n')
  const report = await weir(['investigate', subject, '--url', api.url, ...range, '-o', 'md'])
  expect(report.out).toMatch(new RegExp(`^# ${kind} ${subject}\n`))
  expect(report.out).toContain(`(${api.url}/resource/k8s:c1/apps/${kind}/${subject}?`)
  const missing = await weir(['investigate', 'shop/nothing', '--url', api.url])
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('shop/nothing is unknown.')])
})
