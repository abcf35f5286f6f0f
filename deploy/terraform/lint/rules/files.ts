import { parse } from 'yaml'
import {
  at,
  isFields,
  text,
  walk,
  within,
  type Finding,
  type NamedFile,
  type Rule,
  type Stack,
  type Value,
} from '../model.ts'

const templates: Rule = ({ templates: calls }) =>
  calls.map((call) => ({
    rule: 'L12',
    ...call,
    message: 'templatefile() reads each ${…} of a dashboard as a variable; use file()',
  }))

const telegraf: Rule = ({ programs, releases }) => {
  const elastic = releases.find(({ chart }) => /^(?:eck-)?elasticsearch$/.test(chart))
  const inValues = releases.flatMap(({ place, values }) =>
    [...walk(values)].flatMap(([path, value]): NamedFile[] =>
      typeof value === 'string' && value.includes('[[') ? [{ place: within(place, ...path), text: value }] : [],
    ),
  )
  return [...programs, ...inValues].flatMap((file): Finding[] => [
    ...(/\[\[inputs\.websocket\]\]/.test(file.text)
      ? [{ rule: 'L18', ...within(file.place, 'inputs.websocket'), message: 'Telegraf has no websocket input' }]
      : []),
    ...(/\[\[outputs\.elasticsearch\]\]/.test(file.text) && elastic !== undefined
      ? [
          {
            rule: 'L18',
            ...within(file.place, 'outputs.elasticsearch'),
            message: `Telegraf documents Elasticsearch 5 to 7, and ${elastic.place.key} installs ${elastic.version}`,
          },
        ]
      : []),
  ])
}

interface Dashboard {
  readonly place: NamedFile['place']
  readonly json: Value
}

const BUILT_IN = new Set(['', '-- Grafana --', '-- Mixed --', '-- Dashboard --', 'grafana', '__expr__'])

const dashboards: Rule = (stack) => {
  const findings: Finding[] = []
  const add = (position: NamedFile['place'], key: string, message: string): void => {
    findings.push({ rule: 'UID', ...within(position, key), message })
  }
  const uids = new Map<string, string>()
  for (const { place, json } of parsed(stack, add)) {
    const uid = text(at(json, 'uid'))
    if (uid === '' || uid.length > 40) add(place, 'uid', 'a dashboard needs a uid of at most 40 characters')
    if (uids.has(uid)) add(place, 'uid', `${uids.get(uid)} has the same uid ${uid}`)
    uids.set(uid, uids.get(uid) ?? place.key)
    const inputs = at(json, '__inputs')
    for (const input of Array.isArray(inputs) ? (inputs as readonly Value[]) : []) {
      const name = text(at(input, 'name'))
      if (JSON.stringify(json).includes(`\${${name}}`))
        add(place, '__inputs', `provisioning does not resolve the input ${name}; replace it by a uid`)
    }
    for (const [key, source] of usedSources(json))
      if (stack.complete && !BUILT_IN.has(source) && !known(stack, source))
        add(place, key, `no datasource has the uid ${source}`)
  }
  return findings
}

function parsed(stack: Stack, add: (place: NamedFile['place'], key: string, message: string) => void): Dashboard[] {
  return stack.dashboards.flatMap(({ place, text: content }) => {
    try {
      return [{ place, json: JSON.parse(content) as Value }]
    } catch {
      add(place, 'json', 'the dashboard is not JSON')
      return []
    }
  })
}

/** Datasources by uid or, as old dashboards have it, by name; variables excluded. */
function usedSources(json: Value): (readonly [key: string, source: string])[] {
  return [...walk(json)].flatMap(([path, value]) => {
    if (path.at(-1) !== 'datasource' || path[0] === '__inputs') return []
    const source = isFields(value) ? text(value['uid']) : text(value)
    return source.startsWith('$') ? [] : [[path.join('.'), source] as const]
  })
}

const known = ({ datasources }: Stack, source: string): boolean =>
  datasources.some(({ fields }) => fields['uid'] === source || fields['name'] === source)

const alertRules: Rule = (stack) => {
  const findings: Finding[] = []
  const uids = new Map<string, string>()
  for (const { place, text: content } of stack.alerts) {
    const file = parse(content) as Value
    for (const [path, value] of walk(file)) {
      const key = path.join('.')
      const last = path.at(-1) ?? ''
      if (last === 'datasourceUid' && stack.complete && text(value) !== '__expr__' && !known(stack, text(value)))
        findings.push({ rule: 'UID', ...within(place, key), message: `no datasource has the uid ${text(value)}` })
      if (/^(?:labels|annotations)$/.test(path.at(-2) ?? '') && /(?<!\$)\$(?!\$)/.test(text(value)))
        findings.push({
          rule: 'ESCAPE',
          ...within(place, key),
          message: 'provisioning expands $NAME; write {{ .Labels.name }}, or $$ for a dollar',
        })
      if (last !== 'uid' || path.at(-3) !== 'rules') continue
      const uid = text(value)
      if (uids.has(uid))
        findings.push({ rule: 'UID', ...within(place, key), message: `${uids.get(uid)} has the uid ${uid}` })
      uids.set(uid, uids.get(uid) ?? `${place.key}: ${key}`)
    }
  }
  return findings
}

export const fileRules: readonly Rule[] = [templates, telegraf, dashboards, alertRules]
