// Seeded requests from the OpenAPI description: valid, almost valid and hostile.
import { gzipSync } from 'node:zlib'
import type { SeededRandom } from '../../kit/random.ts'

export type Schema = Readonly<{
  $ref?: string
  type?: string | readonly string[]
  enum?: readonly unknown[]
  examples?: readonly unknown[]
  default?: unknown
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  additionalProperties?: boolean | Schema
}>

export type Operation = Readonly<{
  method: string
  path: string
  parameters: readonly Readonly<{ name: string; in: string; schema: Schema }>[]
  body: Schema | undefined
  mediaTypes: readonly string[]
  statuses: ReadonlySet<string>
}>

export type FuzzRequest = Readonly<{
  method: string
  target: string
  headers: Readonly<Record<string, string>>
  body: Buffer | undefined
}>

type Document = Readonly<{
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}>
type Described = Readonly<{
  parameters: Operation['parameters']
  requestBody?: Readonly<{ content: Readonly<Record<string, Readonly<{ schema?: Schema }>>> }>
  responses: Readonly<Record<string, unknown>>
}>

export function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema,
      mediaTypes: Object.keys(requestBody?.content ?? {}),
      statuses: new Set(Object.keys(responses)),
    })),
  )
}

const deep = (levels: number, open = '['): string => open.repeat(levels) + (open === '[' ? ']' : '}').repeat(levels)

const texts: readonly string[] = [
  ['', ' ', '\0', '\n', "'", '"', '\\', '%', '%zz', '..', '../..', '*', '-', '$', '{}', '[]', 'null', 'NaN', 'é😀'],
  ['0', '-1', '1e999', '-1e999', '1e300', '0x10', '9'.repeat(20), '-0', '1.5', '9007199254740993', '253402300800'],
  ['now', 'now-15m', 'now-1h', 'now+1h', 'now-999999999w', '2026-11-20T10:00:00Z', '2026-02-30', '0001-01-01'],
  ['9999-12-31', '15s', '300y', '1m', '1e9y', '-5m', 'shop', 'web', 'c1', 'src_addr', 'bytes', '_pos', 'time'],
  ['k8s:c1/apps/Deployment/shop/web', 'k8s:c1//Pod/shop/a', 'src.ns = shop', 'bytes >= 10k and proto = tcp'],
  ['not (', 'src.ip in 10.0.0.0/8', 'any.name ~ "("', 'exists(dst.ns)', 'either(ns = shop)', 'type = "a\0b"'],
  ['{family="log"}', 'rate({family="log"}[5m])', '{family="log"} | json | a > 1', 'up', 'rate(up[5m])', 'sum(up)'],
  ['sum by (a) (up) / 2', '{a="\\UFFFFFFFF"}', 'm offset 300y', '{{ .a }}', 'SELECT 1', 'SELECT * FROM flows LIMIT 2'],
  ["SELECT '\0'", 'SELECT', 'sha256:' + 'a'.repeat(64), 'CVE-2021-44228', 'netflow:1:2:3', '1700000000000/a/b'],
  ['x'.repeat(300), 'x'.repeat(9000), ','.repeat(500), '('.repeat(3000), '1+'.repeat(3000) + '1', '-'.repeat(5000)],
  ['a or '.repeat(3000) + 'a', 'src.ns = a or '.repeat(1000) + 'src.ns = a', deep(300), '\\'.repeat(999)],
].flat()
/** Bytes in a path that no text has. */
const rawParts = ['%zz', '%ED%A0%80', '%FF', '%00', '%', '%2e%2e', '%2F', '%C0%AF', '+', '&', '=', ';', '#x', '[]']
const types = [
  ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json', 'text/plain', '', 'x'],
  ['application/x-protobuf', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'image/png'],
  ['application/cloudevents+protobuf', 'application/json; charset=utf-16', 'application/xml'],
].flat()
const encodings = ['gzip', 'deflate', 'br', 'zstd', 'identity', 'rot13', 'gzip, gzip']

export class Fuzzer {
  readonly #random: SeededRandom
  readonly #operations: readonly Operation[]

  constructor(random: SeededRandom, operations: readonly Operation[]) {
    this.#random = random
    this.#operations = operations
  }

  /** Each operation in turn. */
  request(index: number): FuzzRequest & { readonly operation: Operation } {
    const operation = this.#operations[index % this.#operations.length]!
    const random = this.#random
    const path = operation.path.replace(/\{(\w+)\}/g, () => this.#pathPart())
    const query = operation.parameters
      .filter((each) => each.in === 'query' && random.chance(0.35))
      .flatMap(({ name, schema }) => {
        const one = `${encodeURIComponent(name)}=${this.#encoded(schema)}`
        return random.chance(0.05) ? [one, `${encodeURIComponent(name)}=${this.#encoded(schema)}`] : [one]
      })
    if (random.chance(0.04)) query.push(`${random.pick(rawParts)}=${random.pick(rawParts)}`)
    if (random.chance(0.02)) query.push('__proto__=1', 'constructor=2')
    const hasBody = operation.method !== 'GET' && operation.method !== 'OPTIONS' && random.chance(0.9)
    const body = hasBody ? this.#body(operation) : undefined
    return {
      operation,
      method: operation.method,
      target: `${path}${query.length === 0 ? '' : `?${query.join('&')}`}`,
      ...this.#packed(operation, body),
    }
  }

  /** A body for a listener that no description has. */
  pushed(): Pick<FuzzRequest, 'headers' | 'body'> {
    const operation = { ...this.#operations[0]!, mediaTypes: types, body: undefined }
    const { headers, body } = this.#packed(operation, this.#body(operation))
    // A reset after oversized headers can lose the response.
    const small = Object.entries(headers).filter(([, value]) => value.length < 5000)
    return { headers: Object.fromEntries(small), body }
  }

  #packed({ mediaTypes }: Operation, body: Buffer | undefined): Pick<FuzzRequest, 'headers' | 'body'> {
    const random = this.#random
    const type = random.chance(0.8)
      ? (mediaTypes.find((each) => each !== '*/*') ?? 'application/json')
      : random.pick(types)
    const encoding = body !== undefined && random.chance(0.1) ? random.pick(encodings) : undefined
    const headers: Record<string, string> = {
      ...(body === undefined || type === '' ? {} : { 'content-type': type }),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      ...(random.chance(0.1) ? { 'accept-encoding': random.pick(['gzip', 'br;q=x', '*', 'gzip;q=0']) } : {}),
      ...(random.chance(0.03) ? { 'last-event-id': this.#header() } : {}),
      ...(random.chance(0.02) ? { [`x-${random.integer(0, 99)}`]: 'y'.repeat(random.pick([10, 9000, 300_000])) } : {}),
      ...(random.chance(0.02) ? { origin: random.pick(['null', 'https://evil.example', 'http://localhost']) } : {}),
      ...(random.chance(0.02) ? { cookie: `weir_session=${this.#header()}` } : {}),
      ...(random.chance(0.05)
        ? { 'ce-specversion': '1.0', 'ce-id': this.#header(), 'ce-source': '/fuzz', 'ce-type': this.#header() }
        : {}),
    }
    return { headers, body: encoding === 'gzip' && body !== undefined && random.chance(0.7) ? gzipSync(body) : body }
  }

  #header(): string {
    return (
      this.#random
        .pick(texts)
        .replace(/[^\x21-\x7e]/g, '')
        .slice(0, 200) || 'x'
    )
  }

  #pathPart(): string {
    const random = this.#random
    if (random.chance(0.1)) return random.pick(rawParts)
    return encodeURIComponent(random.pick(texts).slice(0, random.pick([20, 3000])))
  }

  #encoded(schema: Schema): string {
    if (this.#random.chance(0.03)) return this.#random.pick(rawParts)
    return encodeURIComponent(String(this.#plain(schema)))
  }

  /** A value of the schema or near it, for a parameter. */
  #plain(schema: Schema): unknown {
    const random = this.#random
    if (random.chance(0.45)) return random.pick(texts)
    if (schema.enum !== undefined) return random.pick(schema.enum)
    if (schema.examples !== undefined && random.chance(0.7)) return random.pick(schema.examples)
    if (schema.default !== undefined && random.chance(0.5)) return schema.default
    if (schema.type === 'integer') return random.pick([0, 1, 2, 10, 100, 10_000, -1, 2 ** 53, 1e21, 1.5])
    return random.pick(texts)
  }

  #body({ body, mediaTypes }: Operation): Buffer {
    const random = this.#random
    const kind = random.integer(0, 19)
    if (kind === 0) return Buffer.from(deep(random.pick([65, 201, 20_000]), random.pick(['[', '{"a":'])))
    if (kind === 1) return Buffer.from(random.bytes(random.pick([1, 100, 5000])))
    if (kind === 2)
      return Buffer.from(random.pick(['', 'null', '0', '"x"', '[]', '{', '[1', '{"a":1e999}', '\ufeff{}']))
    if (kind === 3) return Buffer.from(`query=${encodeURIComponent(random.pick(texts))}&time=${random.pick(texts)}`)
    const value = body === undefined ? this.#event(mediaTypes) : this.#value(body, 0)
    const text = Buffer.from(JSON.stringify(value) ?? '')
    if (kind !== 4 || text.length === 0) return text
    const at = random.integer(0, text.length - 1)
    text[at] = random.integer(0, 255)
    return text
  }

  #event(mediaTypes: readonly string[]): unknown {
    const random = this.#random
    if (!mediaTypes.some((type) => type.includes('cloudevents'))) return { [random.pick(texts)]: this.#value({}, 0) }
    const event = {
      specversion: random.chance(0.9) ? '1.0' : random.pick(texts),
      id: random.pick(texts),
      source: '/fuzz',
      type: random.chance(0.5) ? 'fuzz' : random.pick(texts),
      time: random.pick(texts),
      data: this.#value({}, 0),
      [random.pick(['subject', 'extension', 'data_base64', 'datacontenttype', 'A!'])]: random.pick(texts),
    }
    return random.chance(0.3) ? [event] : event
  }

  #value(schema: Schema, depth: number): unknown {
    const random = this.#random
    if (random.chance(0.06)) return random.pick([null, true, 0, -1, 1e21, '', [], {}, 'x'])
    const type = [schema.type].flat()[0]
    if (schema.enum !== undefined) return random.pick(schema.enum)
    if (schema.properties !== undefined || type === 'object') {
      const wanted = Object.entries(schema.properties ?? {}).filter(
        ([name]) => random.chance(0.4) || (schema.required?.includes(name) === true && random.chance(0.95)),
      )
      const object = Object.fromEntries(wanted.map(([name, inner]) => [name, this.#value(inner, depth + 1)]))
      return random.chance(0.04) ? { ...object, [random.pick(texts)]: 1 } : object
    }
    if (type === 'array')
      return Array.from({ length: random.pick([0, 1, 2, 3, 30]) }, () => this.#value(schema.items ?? {}, depth + 1))
    if (type === 'integer' || type === 'number' || type === 'boolean')
      return type === 'boolean' ? random.chance(0.5) : random.pick([0, 1, 5, 60, 3600, -1, 1e300, 0.1])
    if (type === 'string' && schema.examples !== undefined && random.chance(0.4)) return random.pick(schema.examples)
    if (type === undefined && depth < 4 && random.chance(0.3))
      return { [random.pick(texts)]: this.#value({}, depth + 1) }
    return random.pick(texts)
  }
}
