import { afterEach, expect, test, vi } from 'vitest'
import { self } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'
import { parseYaml } from '../schema/index.ts'
import { loadDocument, type Surroundings } from './load-config.ts'

afterEach(() => vi.unstubAllEnvs())

/** Lines `line:column path: message` of all errors. */
async function errors(text: string, surroundings: Surroundings = 'none'): Promise<readonly string[]> {
  try {
    await loadDocument(parseYaml(text, 'weir.yaml'), [], surroundings)
    return []
  } catch (error) {
    if (!(error instanceof WeirError)) throw error
    return [...error.message.matchAll(/^weir\.yaml:(\d+:\d+): error: (.*)$/gm)].map(([, at, what]) => `${at} ${what}`)
  }
}

const pathsOf = (found: readonly string[]) => found.map((line) => /^\S+ ([^ ]+):/.exec(line)?.[1])

test('faults of single settings and faults across settings are reported at once, in order of the file', async () => {
  const found = await errors(`roles: collectors
sources:
  otlp: {listen: "0.0.0.0:4318", token: env:T}
  loki-push: {listen: "127.0.0.1:4318", max_body: lots}
  bad: {type: nosuch}
sinks:
  out: {type: stdout, from: [bad, otlpp], colour: red}
transforms:
  m: {type: map, from: [netflow], set: {flow.bytes: flow.nosuch}}
auth:
  oidc: {issuer: "https://id.example", client_id: a, client_secret: env:S, url: "https://w.example", role: "a &&"}
`)
  expect(pathsOf(found)).toEqual([
    'roles[0]',
    'sources.loki-push.listen',
    'sources.loki-push.max_body',
    'sources.bad.type',
    'sinks.out.from[1]',
    'sinks.out.colour',
    'transforms.m.set."flow.bytes"',
    'auth.oidc.role',
  ])
  expect(found[0]).toMatch(/^1:1 .*expected one of `all`, `collector`/)
  expect(found.at(-1)).toMatch(/^11:\d+ .*is not a JMESPath expression/)
})

test('a fault leaves no false fault behind', async () => {
  expect(await errors('transforms: {m: {type: filter, from: 5, where: "bytes > 1"}}')).toHaveLength(1)
  expect(
    await errors('sinks: {a: {type: nosuch}}\nsources: {rabbitmq: {url: "amqp://a", queue: q, ack: "sink:a"}}'),
  ).toHaveLength(1)
  expect(await errors('sinks: {out: {type: stdout, from: [r.x]}}\ntransforms: {r: {type: route, bogus: 1}}')).toEqual(
    await errors('transforms: {r: {type: route, bogus: 1}}').then((own) => own.map((line) => line.replace(/^1/, '2'))),
  )
})

const unset = `data: \${DATA}
listen: \${HOST}:\${PORT}
journal: {max: "\${SIZE}"}
sources:
  kubernetes: {cluster: "prod-\${ZONE}", include: ["\${KIND}"]}
  syslog: {udp: "0.0.0.0:\${SYSLOG}", tcp: no}
  otlp: {listen: 0.0.0.0:4318, token: "\${TOKEN}", tls: {cert_file: /none/tls.crt, key_file: "\${KEY}"}}
sinks:
  bus: {type: nats, url: "nats://\${BUS}:4222", subject: a, auth: {type: user, user: a, password: env:PW}}
  web: {type: http, url: "\${URL}", tls: {ca_file: /none/ca.pem}, only: {filter: "src.ns = '\${NS}'"}}
`

test('without an environment, variables, secrets and files have unknown values', async () => {
  expect(await errors(unset)).toEqual([])
  expect((await errors(unset, 'machine')).every((line) => line.includes('environment variable'))).toBe(true)
  expect(await errors(unset, 'machine')).toHaveLength(11)
})

test('without an environment, the variables of the machine have no effect', async () => {
  vi.stubEnv('WEIR_LISTEN', 'nowhere')
  vi.stubEnv('PORT', 'x')
  expect(self.env['PORT']).toBe('x')
  expect(await errors('listen: 127.0.0.1:${PORT}')).toEqual([])
  await expect(loadDocument(parseYaml('listen: 127.0.0.1:${PORT}', 'a.yaml'), [])).rejects.toThrow(/WEIR_LISTEN: error/)
})

test('a text in place of a group has a hint, unless it may be a secret', async () => {
  const cts = (projects: string) =>
    loadDocument(parseYaml(`sources: {cts: {type: otc-cts, auth: {type: clouds}, projects: ${projects}}}`, 'a'), [])
  await expect(cts('[eu-de_prod]')).rejects.toThrow(/= write `\{name: eu-de_prod\}`/)
  await expect(cts('eu-de_prod')).rejects.toThrow(/= write it as a list: \[\{name: eu-de_prod\}\]/)
  for (const tokens of ['hunter2', '[hunter2]'])
    await expect(loadDocument(parseYaml(`auth: {tokens: ${tokens}}`, 'a'), [])).rejects.not.toThrow(/hunter2/)
})

test('faults beside an unknown value are reported', async () => {
  const found = await errors(
    `${unset.replace('subject: a', 'subjekt: a')}  more: {type: stdout, from: ["\${A}", nope]}`,
  )
  expect(pathsOf(found)).toEqual(['sinks.bus.subjekt', 'sinks.more.from[1]'])
  expect(await errors('sources: {kubernetes: {cluster: "a${B"}}')).toEqual([
    expect.stringContaining('`${B` is no variable'),
  ])
})
