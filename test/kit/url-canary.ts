// A configuration in which each URL of each connector has a secret in user, path and query, by the schemas.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { components, type Component } from '../../src/app/components.ts'
import { weirSchema } from '../../src/app/config.ts'
import { isRecord } from '../../src/model/json.ts'
import { infoOf, parseYaml, takesReference, validate, type FieldInfo } from '../../src/schema/index.ts'
import { kubeconfigOf } from './kubeconfig.ts'

export const canary = 'CANARY0a9f77c1'

type Settings = Readonly<Record<string, unknown>>

export type Planted = Readonly<{
  /** For example `sinks http.url`. */
  name: string
  under: 'sources' | 'sinks'
  /** Valid settings of one connector. */
  settings: Settings
  /** With those of user, path and query that the setting accepts. */
  url: string
}>

/** Every URL-like setting. */
export function plantedUrls(unreachable: string): readonly Planted[] {
  return components().flatMap((component) =>
    component.under === 'sources' || component.under === 'sinks'
      ? [...urlPaths(component.schema.info)].map((path) =>
          plant(component, component.under as 'sinks', path, unreachable),
        )
      : [],
  )
}

type UrlPath = Readonly<{ keys: readonly string[]; info: FieldInfo }>

/** Keys: of groups, `[]` of a list, `<type>` of variants. */
function* urlPaths(info: FieldInfo, keys: readonly string[] = []): Generator<UrlPath> {
  if (info.kind !== 'host:port' && takesReference(info)) yield { keys, info }
  if (info.of !== undefined) yield* urlPaths(info.of, [...keys, '[]'])
  for (const [key, field] of Object.entries(info.fields ?? {})) yield* urlPaths(infoOf(field), [...keys, key])
  for (const [type, fields] of info.variants ?? [])
    for (const [key, field] of Object.entries(fields)) yield* urlPaths(infoOf(field), [...keys, `<${type}>`, key])
}

/** Settings that a URL needs beside the required ones. */
const beside: Readonly<Record<string, Settings>> = {
  'sinks.claims': { oversize: 'claim-check' },
  'sbom.registry': { registry: { images: ['shop/api:1'] } },
  'azure-servicebus.auth': { namespace: 'weir.servicebus.invalid' },
}

const parts = ['user', 'path', 'query']
/** The most dangerous first. */
const subsets = [[], ['user'], ['query'], ['user', 'query'], ['path'], ['user', 'path'], ['path', 'query'], parts]

function plant(component: Component, under: Planted['under'], path: UrlPath, place: string): Planted {
  const name = `${under} ${component.type}.${path.keys.join('.').replaceAll('.[]', '[]').replaceAll('.<', '<')}`
  let last = ''
  const info = component.schema.info
  // Usual settings and other addresses may exclude this one.
  const forms = subsets.flatMap((refused) =>
    urlsFor(path.info, place, refused).flatMap((url) =>
      [0, 1, 2, 3].map((bits) => ({ url, isLeast: bits % 2 === 1, others: bits < 2 ? addresses(info, place) : {} })),
    ),
  )
  for (const { url, isLeast, others } of forms) {
    const settings = {
      type: component.type,
      ...others,
      ...merged(
        beside[`${component.type}.${path.keys[0]}`] ?? beside[`${under}.${path.keys[0]}`],
        filled({ info, isLeast, place }, path.keys, url),
      ),
    }
    const { problems = [] } = validate(weirSchema, parseYaml(stringify({ [under]: { one: settings } }), 'weir.yaml'))
    if (problems.length === 0) return { name, under, settings, url }
    last = problems.map(({ message }) => message).join('; ')
  }
  throw new Error(`no value of ${name} is valid: ${last}`)
}

/** Else some connectors connect to the address of their cloud. */
function addresses(info: FieldInfo, place: string): Settings {
  const fields = Object.entries(info.fields ?? {}).map(([key, field]) => ({ key, its: infoOf(field) }))
  return Object.fromEntries(
    fields.flatMap(({ key, its }) =>
      its.kind !== 'host:port' && takesReference(its)
        ? [[key, urlsFor(its, place, parts).find((one) => one === place) ?? urlsFor(its, place, parts)[0]]]
        : [],
    ),
  )
}

/** Without TLS if that is valid, because the servers of the tests have none. */
function urlsFor({ example, default: usual, isUrl }: FieldInfo, place: string, refused: readonly string[]): string[] {
  const written = String(example ?? usual ?? '')
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/.exec(written)?.[0] ?? 'http'
  const has = (part: string): boolean => !refused.includes(part)
  // A queue has an account and a name.
  const folder = has('path') ? `/123/${canary}` : ''
  const rest = `://${has('user') ? `${canary}-user@` : ''}${place}${folder}${has('query') ? `?key=${canary}` : ''}`
  if (isUrl === true && written.startsWith('/') && refused.length === parts.length) return [written]
  const schemes = [scheme.replace(/^(https|wss)$/, (tls) => tls.slice(0, -1)), scheme]
  const isAddress = isUrl === true && refused.length === parts.length
  return [...schemes.map((each) => `${each}${rest}`), ...(isAddress ? [place] : [])]
}

function merged(more: Settings | undefined, settings: unknown): Settings {
  const own = settings as Settings
  const groups = Object.entries(more ?? {}).map(([key, value]) =>
    isRecord(value) && isRecord(own[key]) ? [key, { ...value, ...own[key] }] : [key, value],
  )
  return { ...own, ...(Object.fromEntries(groups) as Settings) }
}

type Form = Readonly<{ info: FieldInfo; isLeast: boolean; place: string }>

/** No test connects to the hosts of examples, and none has their files. */
function local(example: unknown, place: string): unknown {
  if (Array.isArray(example)) return example.map((one: unknown) => local(one, place))
  if (isRecord(example))
    return Object.fromEntries(Object.entries(example).map(([key, value]) => [key, local(value, place)]))
  if (typeof example !== 'string') return example
  return example
    .replace(/^([a-z+]+:\/\/)[^/]+/, `$1${place}`)
    .replace(/^[a-z][a-z0-9.-]*:\d+$/, place)
    .replace(/^file:.*\/([a-z-]+)$/, (_, name: string) => `env:${name.toUpperCase().replaceAll('-', '_')}`)
}

/** Required fields, and usual ones unless `isLeast`, have their examples, and the path has the URL. */
function filled({ info, isLeast, place }: Form, keys: readonly string[], url: string): unknown {
  const [key = '', ...rest] = keys
  if (keys.length === 0) return url
  if (key === '[]') return [filled({ info: info.of ?? info, isLeast, place }, rest, url)]
  const type = /^<(.*)>$/.exec(key)?.[1]
  const fields = type === undefined ? info.fields : info.variants?.get(type)
  const [own = '', ...below] = type === undefined ? keys : rest
  const least = Object.entries(fields ?? {}).flatMap(([name, field]): [string, unknown][] => {
    const { required, usual, example } = infoOf(field)
    return required || (usual === true && !isLeast) ? [[name, local(example, place)]] : []
  })
  const field = fields?.[own]
  if (field === undefined) throw new Error(`no field ${own}`)
  const written = { ...Object.fromEntries(least), [own]: filled({ info: infoOf(field), isLeast, place }, below, url) }
  return type === undefined ? written : { type, ...written }
}

/** Connectors with every URL, to a place where nothing listens; and some that a server of the test answers. */
export async function canaryConfig(
  folder: string,
): Promise<Readonly<{ config: Settings; env: Record<string, string>; close(): void }>> {
  const [answering, refusing] = await Promise.all([echoServer(200), echoServer(400)])
  const rest = `/in/${canary}?key=${canary}`
  const sections: Record<Planted['under'], Record<string, Settings>> = {
    sources: {
      polled: { type: 'http-poll', url: `http://${answering.place}${rest}`, event_type: 'x', every: '1s' },
      scraped: { type: 'prometheus-scrape', targets: [`http://${answering.place}${rest}`], every: '1s' },
    },
    sinks: { refused: { type: 'http', url: `http://${refusing.place}${rest}` } },
  }
  for (const [index, { under, settings }] of plantedUrls('127.0.0.1:1').entries())
    sections[under][`one-${index}`] = {
      ...settings,
      ...(under === 'sinks' ? { delivery: { retry_initial: '50ms', retry_max: '1s' } } : {}),
    }
  const names = [...JSON.stringify(sections).matchAll(/"env:(\w+)"/g)].map(([, name = '']) => name)
  const env = Object.fromEntries(names.map((name) => [name, 'value-of-the-test'])) as Record<string, string>
  const close = (): void => {
    answering.close()
    refusing.close()
  }
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigOf('http://127.0.0.1:1'))
  const servicebus = 'Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=a;SharedAccessKey=eA=='
  const aws = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'eu-central-1' }
  return { config: sections, env: { ...env, ...aws, SERVICEBUS: servicebus, KUBECONFIG: kubeconfig }, close }
}

/** An error names the URL of the request. */
async function echoServer(status: number): Promise<Readonly<{ place: string; close(): void }>> {
  const server = createServer((request, response) => {
    const { url = '', headers } = request
    request.resume().once('end', () => {
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(status === 200 ? '[{"id":"1"}]' : `Cannot take ${url} of http://user@${headers.host ?? ''}${url}`)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}
