import { expect, test } from 'vitest'
import { weir } from './testing/command.ts'
import { startIncident } from './testing/incident.ts'

test('`weir investigate` lists the events of a workload in order of time, and prints the report', async () => {
  const { url, range, actor, kind, object: subject } = await startIncident(2)
  const { out, code, err } = await weir(['investigate', subject, '--url', url, ...range])
  expect([code, err]).toEqual([0, ''])
  const lines = out.split('\n')
  expect(lines[0]).toMatch(new RegExp(`^${kind} ${subject}, .* UTC, [\\d,]+ flows$`))
  const own = lines.filter((line) => / changes /.test(line) && line.includes(`${kind} ${subject} `))
  expect(own.some((line) => /(?:updated|rolled out): /.test(line) && line.includes(String(actor)))).toBe(true)
  const times = lines.flatMap((line) => /^\d{4}-\S+ \S+/.exec(line) ?? [])
  expect(times).toEqual(times.toSorted())
  expect(out).toContain('\ncost: not collected. No cost is stored.\n')
  const report = await weir(['investigate', subject, '--url', url, ...range, '-o', 'md'])
  expect(report.out).toMatch(new RegExp(`^# ${kind} ${subject}\n`))
  expect(report.out).toContain(`(${url}/resource/k8s:c1/apps/${kind}/${subject}?`)
  const missing = await weir(['investigate', 'shop/nothing', '--url', url])
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('shop/nothing is unknown.')])
})
