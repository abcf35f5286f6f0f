import { at, isFields, text, walk, within, type Finding, type Release, type Rule } from '../model.ts'

/** One release per finding; `key` is within its values. */
function ofChart(chart: string, find: (release: Release) => readonly (readonly [key: string, message: string])[]) {
  return (rule: string): Rule =>
    ({ releases }) =>
      releases
        .filter((release) => release.chart === chart)
        .flatMap((release) =>
          find(release).map(([key, message]): Finding => ({ rule, ...within(release.place, key), message })),
        )
}

const unknownValues = ofChart('elasticsearch', ({ values }) =>
  [
    ['heapSize', 'the chart has no such value; the heap is set by esJavaOpts'],
    ['cluster', 'the chart has no such value; its template derives cluster.initialMasterNodes from the pods'],
    ['minimumMasterNodes', 'Elasticsearch 7 and later ignore it'],
  ]
    .filter(([key = '']) => values[key] !== undefined)
    .map(([key = '', message = '']) => [key === 'cluster' ? 'cluster.initialMasterNodes' : key, message] as const),
)('L4')

const stablePassword = ofChart('elasticsearch', ({ values }) =>
  text(at(values, 'secret', 'password')) !== '' || at(values, 'secret', 'enabled') === false
    ? []
    : [['secret.password', 'each render creates another password; set it, or disable the secret and bring one']],
)('L5')

const loginForm = ofChart('grafana', ({ values }) =>
  at(values, 'grafana.ini', 'auth.generic_oauth', 'disable_login_form') === undefined
    ? []
    : [['grafana.ini.auth.generic_oauth.disable_login_form', 'it belongs to the section auth; the form stays open']],
)('L6')

const PROVISIONED = /\/etc\/grafana\/provisioning\/dashboards/

const dashboardFolder = ofChart('grafana', ({ values }) =>
  at(values, 'sidecar', 'dashboards', 'enabled') === true
    ? [...walk(values)]
        .filter(([, value]) => typeof value === 'string' && PROVISIONED.test(value))
        .map(([path]) => [
          path.join('.'),
          'the sidecar puts dashboards into /tmp/dashboards; only alerts and datasources are below provisioning',
        ])
    : [],
)('L13')

const leakCheck = ofChart('grafana', ({ values }) =>
  values['assertNoLeakedSecrets'] === false
    ? [['assertNoLeakedSecrets', 'the check accepts $__file{}, $__env{} and $__vault{}; keep it']]
    : [],
)('L14')

const pinned: Rule = ({ releases }) =>
  releases.flatMap(({ place, version, chart, values }) => {
    const findings: Finding[] = []
    if (version === undefined || version === '' || version === 'latest')
      findings.push({ rule: 'PIN', ...within(place, 'version'), message: `the chart ${chart} has no version` })
    for (const [path, value] of walk(values))
      if (path.at(-1) === 'tag' && value === 'latest')
        findings.push({
          rule: 'PIN',
          ...within(place, ...path),
          message: 'the image tag latest changes without notice',
        })
    return findings
  })

/** Objects of the Prometheus operator have no effect without it. */
const operatorObjects: Rule = ({ releases }) =>
  releases.some(({ chart }) => chart === 'kube-prometheus-stack')
    ? []
    : releases.flatMap(({ place, values }) =>
        [...walk(values)]
          .filter(
            ([path, value]) =>
              /^(?:service|pod)Monitor$|^prometheusRule$/.test(path.at(-1) ?? '') &&
              isFields(value) &&
              value['enabled'] === true,
          )
          .map(([path]) => ({
            rule: 'L19',
            ...within(place, ...path),
            message: 'the chart prometheus has no operator; use the annotations prometheus.io/scrape, port and path',
          })),
      )

export const chartRules: readonly Rule[] = [
  unknownValues,
  stablePassword,
  loginForm,
  dashboardFolder,
  leakCheck,
  pinned,
  operatorObjects,
]
