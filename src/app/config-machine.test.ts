import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { selfSigned } from '../../test/kit/certificate.ts'
import { temporaryFolder } from '../cli/testing/command.ts'
import { launch } from '../cli/testing/launch.ts'
import { realHost } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'
import { verifyMachine } from './config-machine.ts'
import { loadConfig } from './load-config.ts'

let folder = ''
beforeEach(async () => {
  folder = await temporaryFolder()
})

async function configuration(text: string): Promise<string> {
  const file = join(folder, 'weir.yaml')
  await writeFile(file, text.replaceAll('%', folder))
  return file
}

const quiet = `data: %/data
listen: 127.0.0.1:0
ops: off
sources: {netflow: {listen: off, tcp: off}, sflow: {listen: off}}
`
/** `quiet` with one more source. */
const withSource = (source: string): string => quiet.replace('sflow: {listen: off}', `sflow: {listen: off}, ${source}`)
const audit = (more: string): string => withSource(`kube-audit: {cluster: c, ${more}}`)

const wrong: readonly (readonly [name: string, yaml: string, path: string, message: string])[] = [
  [
    'a missing CA file',
    `${quiet}sinks: {hook: {type: http, url: "https://h.example/", tls: {ca_file: %/none.pem}}}`,
    'sinks.hook.tls.ca_file',
    'there is no file',
  ],
  [
    'a folder as a CA file',
    `${quiet}sinks: {hook: {type: http, url: "https://h.example/", tls: {ca_file: "%"}}}`,
    'sinks.hook.tls.ca_file',
    'is a folder',
  ],
  [
    'a CA file without a certificate',
    `${quiet}sinks: {hook: {type: http, url: "https://h.example/", tls: {ca_file: %/weir.yaml}}}`,
    'sinks.hook.tls.ca_file',
    'holds no certificate',
  ],
  [
    "a key that is not the certificate's",
    audit('tls: {cert_file: %/one.pem, key_file: %/two.key}'),
    'sources.kube-audit.tls.key_file',
    'is not the key of the certificate',
  ],
  [
    'a file that holds no key',
    audit('tls: {cert_file: %/one.pem, key_file: %/two.pem}'),
    'sources.kube-audit.tls.key_file',
    'holds no private key',
  ],
  [
    'a missing kubeconfig',
    withSource('kubernetes: {cluster: c, kubeconfig: %/none}'),
    'sources.kubernetes.kubeconfig',
    'there is no file',
  ],
  [
    'a missing kubeconfig of a lease',
    withSource(
      'otc-cts: {projects: [{name: eu-de_p}], auth: {type: keys, access_key: "env:LONG", secret_key: ' +
        '"env:LONG"}, lease: {name: l, kubeconfig: %/none}}',
    ),
    'sources.otc-cts.lease.kubeconfig',
    'there is no file',
  ],
  [
    'a variable that is not set',
    `${quiet}auth: {tokens: [{name: a, token: "env:NO_SUCH_VARIABLE_OF_OURS"}]}`,
    'auth.tokens[0].token',
    'NO_SUCH_VARIABLE_OF_OURS, which is not set',
  ],
  [
    'a secret file that is not there',
    `${quiet}sinks: {hook: {type: http, url: "https://h.example/", auth: {type: bearer, token: "file:%/none"}}}`,
    'sinks.hook.auth.token',
    'none, which cannot be read',
  ],
  [
    'a token of three characters',
    `${quiet}auth: {tokens: [{name: a, token: "env:THREE"}]}`,
    'auth.tokens[0].token',
    'has 3 characters; at least 8 are needed',
  ],
  [
    'a short token of the audit webhook',
    audit('token: "env:THREE"'),
    'sources.kube-audit.token',
    'has 3 characters; at least 8 are needed',
  ],
  [
    'one token under two names',
    `${quiet}auth: {tokens: [{name: a, token: "env:LONG"}, {name: b, token: "env:LONG"}]}`,
    'auth.tokens[1].token',
    'same token as `auth.tokens[0].token`',
  ],
  [
    'API and ops on one port',
    quiet.replace(':0', ':18080').replace('ops: off', 'ops: 0.0.0.0:18080'),
    'ops',
    '`listen` already listens on TCP 127.0.0.1:18080',
  ],
  [
    'events and API on one port',
    `${quiet.replace(':0', ':18080')}http: {listen: "127.0.0.1:18080"}`,
    'http.listen',
    '`listen` already listens on',
  ],
  [
    'two sources on one port',
    quiet
      .replace('netflow: {listen: off', 'netflow: {listen: "0.0.0.0:12055"')
      .replace('sflow: {listen: off', 'sflow: {listen: ["127.0.0.1:16343", "127.0.0.1:12055"]'),
    'sources.sflow.listen[1]',
    '`sources.netflow.listen` already listens on UDP 0.0.0.0:12055',
  ],
  [
    'a source on the port of the one that is there by default',
    quiet.replace('netflow: {listen: off, tcp: off}, sflow: {listen: off}', 'more: {type: sflow}'),
    'sources.more.listen',
    '`sources.sflow.listen` already listens on UDP 0.0.0.0:6343',
  ],
  [
    'two sinks on one file',
    `${quiet}sinks: {a: {type: file, path: %/out/x.ndjson}, b: {type: file, path: %/out/../out/x.ndjson}}`,
    'sinks.b.path',
    'sink `a` writes to the same file',
  ],
  [
    'a sink in the data folder',
    `${quiet}sinks: {a: {type: file, path: %/data/journal/x.ndjson}}`,
    'sinks.a.path',
    'is inside the data folder',
  ],
  [
    'two sources with one lease',
    withSource(
      'a: {type: exoscale-events, key: "env:LONG", secret: "env:LONG", zones: [{name: ch-gva-2}], lease: ' +
        '{name: l, kubeconfig: %/weir.yaml}}, b: {type: exoscale-events, key: "env:LONG", secret: "env:LONG", ' +
        'zones: [{name: ch-gva-2}], lease: {name: l, kubeconfig: %/weir.yaml}}',
    ),
    'sources.b.lease.name',
    'source `a` has the same lease',
  ],
  [
    'a segment larger than the journal',
    `${quiet}journal: {max: 1MiB, segment: 2MiB}`,
    'journal.segment',
    'is larger than `journal.max`',
  ],
]

const launched = new Set([
  'a missing CA file',
  'a token of three characters',
  'API and ops on one port',
  'a segment larger than the journal',
])

async function certificates(): Promise<void> {
  for (const name of ['one', 'two']) {
    const { cert, key } = selfSigned(name)
    await writeFile(join(folder, `${name}.pem`), cert)
    await writeFile(join(folder, `${name}.key`), key)
  }
}

const env = { THREE: 'abc', LONG: 'a-token-that-is-long-enough' }

function expectProblem(text: string, path: string, message: string): void {
  expect(text).toContain(`: error: ${path}: `)
  expect(text).toContain(message)
  expect(text).toMatch(/weir\.yaml:[1-9]\d*:[1-9]\d*: error/)
  expect(text).not.toContain('default: error')
  expect(text).not.toMatch(/a-token-that|\babc\b/)
}

test.each(wrong)('%s is an error with its location', async (_, yaml, path, message) => {
  await certificates()
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const file = await configuration(yaml)
  const host = realHost()
  const rejected = await loadConfig(host, [file], [])
    .then((loaded) => verifyMachine(host, loaded))
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  expect(rejected).toMatchObject({ code: 'WEIR_CONFIG_INVALID' })
  expectProblem(messageOf(rejected), path, message)
})

// One error of the schema, of two entries, of a file and of a secret: the commands read each in one way.
test.each(wrong.filter(([name]) => launched.has(name)))(
  'check and run reject %s with exit code 2',
  async (_, yaml, path, message) => {
    await certificates()
    const file = await configuration(yaml)
    const [checked, ran] = await Promise.all([
      launch(['check', '--config', file], { cwd: folder, env }),
      launch(['run', '--config', file], { cwd: folder, env }),
    ])
    expect(checked).toMatchObject({ code: 2, stdout: '' })
    expectProblem(checked.stderr, path, message)
    expect(ran).toMatchObject({ code: 2, stderr: checked.stderr })
  },
  60_000,
)
