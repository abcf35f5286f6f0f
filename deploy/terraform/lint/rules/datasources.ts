import { at, text, walk, within, type Datasource, type Finding, type Rule, type Stack } from '../model.ts'

const influxBucket: Rule = ({ datasources }) =>
  datasources
    .filter(({ fields }) => fields['type'] === 'influxdb' && at(fields, 'jsonData', 'default_bucket') !== undefined)
    .map(({ place }) => ({
      rule: 'L7',
      ...within(place, 'jsonData', 'default_bucket'),
      message: 'the key is defaultBucket; this one is ignored',
    }))

const distinctNames: Rule = ({ datasources }) => {
  const names = new Map<string, Datasource>()
  return datasources.flatMap((datasource) => {
    const name = text(datasource.fields['name'])
    const before = names.get(name)
    names.set(name, before ?? datasource)
    if (before === undefined) return []
    return [
      { rule: 'L8', ...within(datasource.place, 'name'), message: `${before.place.key} has the same name ${name}` },
    ]
  })
}

const lokiPort: Rule = ({ datasources }) =>
  datasources
    .filter(({ fields }) => fields['type'] === 'loki' && /^https?:\/\/loki(?:\.[^/:]*)?\/?$/.test(text(fields['url'])))
    .map(({ place }) => ({
      rule: 'L8',
      ...within(place, 'url'),
      message: 'the service loki listens on 3100; loki-gateway listens on 80',
    }))

/** Tenants that collectors write: promtail's values, Alloy's and Promtail's configuration. */
function writtenTenants({ releases, programs }: Stack): string[] {
  const tenants = releases.flatMap(({ values }) =>
    [...walk(values)].flatMap(([path, value]) => {
      if (path.at(-1) === 'tenant_id') return [text(value)]
      return typeof value === 'string' ? tenantsIn(value) : []
    }),
  )
  return [...tenants, ...programs.flatMap((program) => tenantsIn(program.text))]
}

const tenantsIn = (content: string): string[] =>
  [...content.matchAll(/\btenant_id\s*[:=]\s*"?([\w.$@{}-]+)"?/g)].map(([, tenant = '']) => tenant)

const sameTenant: Rule = (stack) => {
  const written = new Set(writtenTenants(stack))
  if (written.size === 0) return []
  return stack.datasources
    .filter(({ fields }) => fields['type'] === 'loki')
    .flatMap(({ place, fields }) => {
      const header = [1, 2, 3].find((index) => at(fields, 'jsonData', `httpHeaderName${index}`) === 'X-Scope-OrgID')
      // Other programs answer Loki's queries without tenants.
      if (header === undefined && !/^https?:\/\/[\w-]*loki/.test(text(fields['url']))) return []
      const key = `httpHeaderValue${header ?? 1}`
      const value = at(fields, 'secureJsonData', key)
      const read = text(value).split('|')
      return read.some((tenant) => written.has(tenant))
        ? []
        : [
            {
              rule: 'L9',
              ...within(place, 'secureJsonData', key),
              message:
                `it reads the tenant ${read.join('|') || '(none)'}, ` +
                `and logs are written as ${[...written].join(', ')}`,
            },
          ]
    })
}

const prometheusService: Rule = ({ datasources, releases }) => {
  const charts = releases.filter(({ chart }) => chart === 'prometheus')
  if (charts.length === 0) return []
  const services = charts.map(({ name, values }) => {
    const fixed = text(at(values, 'server', 'fullnameOverride'))
    return fixed === '' ? `${name.includes('prometheus') ? name : `${name}-prometheus`}-server` : fixed
  })
  return datasources
    .filter(({ fields }) => fields['type'] === 'prometheus' && !/[/]prometheus$/.test(text(fields['url'])))
    .flatMap(({ place, fields }) => {
      const [, host] = /^https?:\/\/([\w-]+)/.exec(text(fields['url'])) ?? []
      if (host === undefined || services.includes(host)) return []
      return [{ rule: 'L10', ...within(place, 'url'), message: `the service is ${services.join(' or ')}, not ${host}` }]
    })
}

const secretInConfigMap: Rule = ({ datasources }) =>
  datasources
    .filter(({ carrier, fields }) => carrier === 'configmap' && fields['secureJsonData'] !== undefined)
    .map(({ place }): Finding => ({
      rule: 'L15',
      ...within(place, 'secureJsonData'),
      message: 'a ConfigMap is readable text; put the file into a Secret with the same label',
    }))

export const datasourceRules: readonly Rule[] = [
  influxBucket,
  distinctNames,
  lokiPort,
  sameTenant,
  prometheusService,
  secretInConfigMap,
]
