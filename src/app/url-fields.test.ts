import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { formatProblems, infoOf, parseYaml, takesReference, validate, type FieldInfo } from '../schema/index.ts'
import { withoutSecrets } from '../schema/without-secrets.ts'
import { components } from './components.ts'
import { targetsOf } from './config-facts.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { weirSchema, type WeirConfig } from './config.ts'

const canary = 'CANARY0a9f'

type Place = Readonly<{ under: 'sources' | 'sinks'; type: string; key: string; url: string; isList: boolean }>

const places = components().flatMap(({ under, type, schema }): Place[] =>
  under !== 'sources' && under !== 'sinks'
    ? []
    : Object.entries(schema.fields).flatMap(([key, field]): Place[] => {
        const info = infoOf(field)
        const of: FieldInfo = info.kind === 'list' && info.of !== undefined ? info.of : info
        const { example } = of
        if (of.kind !== 'url' || typeof example !== 'string') return []
        const url = `${example.replace(/^([^/]+\/\/[^/]+).*$/, '$1')}/in/${canary}?key=${canary}`
        return [{ under, type, key, url, isList: of !== info }]
      }),
)

const written = ({ under, type, key, isList }: Place, value: string) => ({
  [under]: { one: { type, [key]: isList ? [value] : value } },
})

test('every connector with a URL is covered', () => {
  const types = new Set(places.map(({ type }) => type))
  expect([...types]).toEqual(
    expect.arrayContaining(['http', 'http-poll', 'websocket', 'loki', 'otlp', 'remote-write', 'nats', 'rabbitmq']),
  )
  expect(places.length).toBeGreaterThan(25)
})

test.each(places)('$under $type: the path of $key is in no printed setting and in no problem', (place) => {
  expect(JSON.stringify(withoutSecrets(weirSchema, written(place, place.url)))).not.toContain(canary)
  expect(withoutSecrets(weirSchema, written(place, 'env:URL'))).toEqual(written(place, 'env:URL'))
  const entry = { id: 'one', type: place.type, settings: { [place.key]: place.isList ? [place.url] : place.url } }
  const shown = targetsOf(entry as unknown as WeirConfig['sinks'][string], place.under)
  expect(shown.map(({ value }) => withoutUrlSecrets(value)).join()).not.toContain(canary)
  for (const wrong of [place.url, `ftp://h/${canary}`, `h/${canary}`, `https://u:${canary}@h/${canary}`, canary]) {
    const text = stringify({ ...written(place, wrong), nothing: 1 })
    const { problems = [] } = validate(weirSchema, parseYaml(text, 'weir.yaml'))
    const report = formatProblems(problems, text)
    expect(report).toContain('nothing')
    if (wrong !== canary) expect(report).not.toContain(canary)
  }
})

test('every URL and address accepts a reference', () => {
  const without: string[] = []
  const walk = (info: FieldInfo, path: string): void => {
    if (
      /^(?:\w+_)?(?:urls?|(?<!ack_custom_)endpoint)$/.test(path.split('.').at(-1) ?? '') &&
      info.kind === 'text' &&
      !takesReference(info)
    )
      without.push(path)
    for (const [key, field] of Object.entries(info.fields ?? {})) walk(infoOf(field), `${path}.${key}`)
    for (const fields of info.variants?.values() ?? [])
      for (const [key, field] of Object.entries(fields)) walk(infoOf(field), `${path}.${key}`)
  }
  for (const { name, schema } of components()) walk(schema.info, name)
  expect(without).toEqual([])
})
