import { expect, test } from 'vitest'
import { exportOf, markdownOf } from './markdown.ts'
import { normalOf } from './request.ts'
import type { Incident, IncidentRequest } from './schema.ts'
import { candidate, incident, pin } from './testing/incident.ts'

const base = 'https://weir.example'

function shown(change: Partial<IncidentRequest> = {}): Incident {
  return {
    id: 'a1',
    version: 3,
    ...normalOf({ ...incident, ...change }, 0),
    created: '2026-11-20T14:20:00.000Z',
    created_by: 'ann',
    changed: '2026-11-20T15:00:00.000Z',
    by: 'bob',
    withheld: false,
  }
}

const report = (change: Partial<IncidentRequest> = {}) => markdownOf(exportOf(shown(change), base), base)

test('the report has the title, state, times, cause, candidates, pins as links, and notes', () => {
  const others = [
    candidate({ selected: true }),
    candidate({ pos: 'j:1:2:4', kind: 'Deployment', group: 'apps', name: 'api', operation: 'updated', score: 0.4 }),
  ]
  expect(report({ candidates: others })).toBe(
    [
      '# Orders cannot reach their database',
      '',
      'Open. 2026-11-20 14:00:00 to 2026-11-20 14:10:00 UTC. ' +
        '[Open in Weir](https://weir.example/incidents?v=1&sel=a1).',
      '',
      'Namespaces: shop.',
      '',
      'Signal: `dst.owner = orders-db`, [view](https://weir.example/flows?v=1&view=overview&live=0&' +
        't=2026-11-20T14%3A00%3A00.000Z..2026-11-20T14%3A10%3A00.000Z&why=1&q=dst.owner+%3D+orders-db).',
      '',
      '## Cause',
      '',
      '- Change: [NetworkPolicy shop/deny-all, created](https://weir.example/changes?v=1&live=0&' +
        't=2026-11-20T13%3A02%3A00.000Z..2026-11-20T15%3A02%3A00.000Z&sel=j%3A1%3A2%3A3)',
      '- Object: [k8s:prod/networking.k8s.io/NetworkPolicy/shop/deny-all](https://weir.example/resource/' +
        'k8s:prod/networking.k8s.io/NetworkPolicy/shop/deny-all?v=1&at=2026-11-20T14%3A02%3A00.000Z)',
      '- Time: 2026-11-20 14:02:00 UTC',
      '- Actor: [alice](https://weir.example/actor?v=1&of=user%3Aprod%2Falice)',
      '- Fields: `/spec/podSelector`',
      '- Score: 0.910, 88 % of the changed traffic',
      '',
      '## Candidates',
      '',
      'The change was at 2026-11-20 14:02:12 UTC. The first candidate explains the change. That a change preceded ' +
        'does not prove a cause.',
      '',
      '| Time (UTC) | Change | Actor | Score |',
      '| --- | --- | --- | ---: |',
      '| 2026-11-20 14:02:00 | **[NetworkPolicy shop/deny-all, created](https://weir.example/changes?v=1&live=0&' +
        't=2026-11-20T13%3A02%3A00.000Z..2026-11-20T15%3A02%3A00.000Z&sel=j%3A1%3A2%3A3)** | ' +
        '[alice](https://weir.example/actor?v=1&of=user%3Aprod%2Falice) | 0.910 |',
      '| 2026-11-20 14:02:00 | [Deployment shop/api, updated](https://weir.example/changes?v=1&live=0&' +
        't=2026-11-20T13%3A02%3A00.000Z..2026-11-20T15%3A02%3A00.000Z&sel=j%3A1%3A2%3A4) | ' +
        '[alice](https://weir.example/actor?v=1&of=user%3Aprod%2Falice) | 0.400 |',
      '',
      '## Pinned',
      '',
      '- 2026-11-20 14:01:00: [Orders before the fall](https://weir.example/flows?v=1&live=0&' +
        't=2026-11-20T14:00:00Z..2026-11-20T14:10:00Z&sel=j:1:9:9)',
      '',
      '## Notes',
      '',
      'Rolled back at **14:08**.',
      '',
      'Version 3 of 2026-11-20 15:00:00 UTC, by bob. Created by ann at 2026-11-20 14:20:00 UTC.',
      '',
    ].join('\n'),
  )
})

test('texts form no markup, and notes neither HTML nor links of other schemes', () => {
  const text = report({
    title: '# <b>x</b> [a](javascript:x)\n| `y`',
    candidates: [candidate({ selected: true, name: 'a|b](x) <i>', actor: '**root**' })],
    pins: [pin({ title: '[x](y)', path: '/flows?q=`a)(b|<script>' })],
    notes: [
      '<script>alert(1)</script> `<b>`',
      '[a](javascript:alert(1)) [b](https://weir.example/?a=1&b=2) [c](java&#115;cript:x)',
      '[d]: data:text/html,x',
      '```',
      'kubectl get <pod> && true',
    ].join('\n'),
  })
  expect(text).toContain('# \\# \\<b\\>x\\</b\\> \\[a\\](javascript:x) \\| \\`y\\`\n')
  expect(text).toContain('[NetworkPolicy shop/a\\|b\\](x) \\<i\\>, created](https://weir.example/changes?')
  expect(text).toContain('[\\*\\*root\\*\\*](')
  expect(text).toContain('[\\[x\\](y)](https://weir.example/flows?q=%60a%29%28b%7C%3Cscript%3E)')
  expect(text).toContain('&lt;script>alert(1)&lt;/script> `&lt;b>`')
  expect(text).toContain('[a](unsafe:alert(1)) [b](https://weir.example/?a=1&amp;b=2) [c](java&amp;#115;cript:x)')
  expect(text).toContain('[d]: unsafe:text/html,x\n```\nkubectl get <pod> && true\n```\n')
})

test('the export has the incident and the URLs of its signal, candidates and pins', () => {
  const exported = exportOf(shown({ question: { promql: 'up == 0' } }), base)
  expect(exported.incident).toMatchObject({ id: 'a1', version: 3, notes: incident.notes })
  expect(exported.url).toBe('https://weir.example/incidents?v=1&sel=a1')
  expect(exported.links.question).toMatch(/^https:\/\/weir\.example\/metrics\?.*&expr=up\+%3D%3D\+0$/)
  expect(exported.links.pins).toEqual([`${base}${pin().path}`])
  expect(exported.links.candidates).toHaveLength(1)
  expect(exportOf(shown({ question: { logql: 'rate({a="b"}[1m])' } }), base).links.question).toBeNull()
  const cloud = exportOf(shown({ candidates: [candidate({ is: 'resource', ref: 'aws:1/ec2/vm/i-1' })] }), base)
  expect(cloud.links.candidates).toEqual(['https://weir.example/inventory?v=1&sel=aws%3A1%2Fec2%2Fvm%2Fi-1'])
})
