import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { derivedMetrics } from '../../src/topics/metrics/derived-sources.ts'
import { parseLogql } from '../../src/query/logql/index.ts'
import { parsePromql } from '../../src/query/promql/index.ts'

const folder = new URL('../../deploy/grafana/', import.meta.url)
const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8')

interface Target {
  readonly refId: string
  readonly expr: string
  readonly datasource: { readonly type: string; readonly uid: string }
}

interface Dashboard {
  readonly uid: string
  readonly id: null
  readonly panels: readonly {
    readonly id: number
    readonly gridPos: { readonly x: number; readonly w: number }
    readonly targets: readonly Target[]
  }[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition: string }[] }
}

interface Rule {
  readonly uid: string
  readonly condition: string
  readonly data: readonly {
    readonly refId: string
    readonly datasourceUid: string
    readonly model: { readonly expr?: string; readonly expression?: string }
  }[]
}

const dashboards = await Promise.all(
  (await readdir(new URL('dashboards/', folder))).map(async (name) => ({
    name,
    dashboard: JSON.parse(await read(`dashboards/${name}`)) as Dashboard,
  })),
)
const { datasources } = parse(await read('datasources.yaml')) as { datasources: { uid: string; type: string }[] }
const types = new Map(datasources.map(({ uid, type }) => [uid, type]))
const metricsPage = await readFile(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8')

/** The datasource replaces these before it sends a query. */
function withoutVariables(expr: string): string {
  return expr.replaceAll(/\$__(?:rate_interval|interval|range)/g, '5m').replaceAll(/\$\w+/g, '.*')
}

/** `uid` decides the language; the metrics are those of Weir's API or of its ops address. */
function expectValid(expr: string, uid: string): void {
  const text = withoutVariables(expr)
  if (types.get(uid) === 'loki') return void parseLogql(text)
  parsePromql(text)
  for (const [name] of text.matchAll(/\b(?:weir|cloud)_\w+/g))
    if (uid === 'weir-metrics') expect(Object.keys(derivedMetrics)).toContain(name)
    else expect(metricsPage, name).toContain(`\`${name}\``)
}

describe('files for Grafana', () => {
  test.each(dashboards)(
    '$name has panels with valid queries',
    ({ name, dashboard: { uid, id, panels, templating } }) => {
      expect([`${uid}.json`, id, uid.length <= 40]).toEqual([name, null, true])
      expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length)
      for (const { gridPos, targets } of panels) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
        expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
        for (const { expr, datasource } of targets) {
          expect(types.get(datasource.uid)).toBe(datasource.type)
          expectValid(expr, datasource.uid)
        }
      }
      const written = JSON.stringify(panels)
      for (const variable of templating.list) expect(written).toContain(`$${variable.name}`)
      for (const [, variable] of written.matchAll(/\$([a-z]\w*)/g))
        expect(templating.list.map((each) => each.name)).toContain(variable)
    },
  )

  test('alert rules have distinct ids, known datasources and valid queries', async () => {
    const { groups } = parse(await read('alerts.yaml')) as { groups: { rules: Rule[] }[] }
    const rules = groups.flatMap((group) => group.rules)
    expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length)
    for (const { condition, data } of rules) {
      expect(data.map(({ refId }) => refId)).toContain(condition)
      for (const { datasourceUid, model } of data)
        if (datasourceUid === '__expr__') expect(data.map(({ refId }) => refId)).toContain(model.expression)
        else {
          expect(types.has(datasourceUid)).toBe(true)
          expectValid(model.expr ?? '', datasourceUid)
        }
    }
  })
})
