import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonical } from '../../../codecs/canonical-json/index.ts'
import type { KubeObject } from '../client/types.ts'
import { Redactor } from './redact.ts'

const redactor = new Redactor({ key: Buffer.from('key of the test') })
const value = 'correct-horse-battery-staple'

/** Notations in which a text could contain the value. */
const forms = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('base64').replaceAll('=', ''),
  Buffer.from(secret).toString('hex'),
  encodeURIComponent(secret),
]

function safe(object: KubeObject): string {
  const before = canonical(object)
  const text = canonical(redactor.redact(object))
  for (const form of forms(value)) expect(text).not.toContain(form)
  // The input is not modified.
  expect(canonical(object)).toBe(before)
  return text
}

const secret = (data: object, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'db', ...more },
  ...data,
})

test("values of Secrets and of kubectl's annotation are removed; a change of them stays visible", () => {
  const applied = {
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        kind: 'Secret',
        data: { password: btoa(value) },
      }),
      other: 'stays',
    },
  }
  const text = safe(secret({ data: { password: btoa(value), user: btoa('weir') } }, applied))
  expect(text).toMatch(/"data":\{"password":"redacted:[0-9a-f]{16}","user":"redacted:[0-9a-f]{16}"\}/)
  expect(text).toContain('"annotations":{"other":"stays"}')
  expect(safe(secret({ data: { password: btoa(`${value}2`) } }))).not.toBe(
    safe(secret({ data: { password: btoa(value) } })),
  )
  // Equal values have equal digests in any encoding.
  expect(redactor.redact(secret({ stringData: { password: value } }))['stringData']).toEqual(
    redactor.redact(secret({ data: { password: btoa(value) } }))['data'],
  )
  const other = new Redactor({ key: Buffer.from('another key') })
  expect(other.redact(secret({ data: { password: btoa(value) } }))).not.toEqual(
    redactor.redact(secret({ data: { password: btoa(value) } })),
  )
})

test('in ConfigMaps, values under secret names and file lines with such names are removed', () => {
  const text = safe({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: {
      'db.password': value,
      level: 'debug',
      'app.properties': `db.url=postgres\ndb.password = ${value}\nname=weir\n`,
      'app.yaml': `server:\n  apiKey: "${value}"\n  port: 80\n`,
      'run.sh': `export ACCESS_TOKEN=${value}\necho ok`,
    },
    binaryData: { 'private-key': btoa(value) },
  })
  expect(text).toContain('"level":"debug"')
  expect(text).toMatch(/db\.url=postgres\\ndb\.password = redacted:[0-9a-f]{16}\\nname=weir/)
  expect(text).toMatch(/server:\\n {2}apiKey: \\"redacted:[0-9a-f]{16}\\"\\n {2}port: 80/)
  expect(text).toMatch(/export ACCESS_TOKEN=redacted:[0-9a-f]{16}\\necho ok/)
})

test('variables, arguments and annotations with such names are removed in all kinds with pod templates', () => {
  const pod = {
    containers: [
      {
        name: 'web',
        image: 'web:1',
        env: [
          { name: 'DB_PASSWORD', value },
          { name: 'LEVEL', value: 'debug' },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'db', key: 'token' } } },
        ],
        args: [`--db-password=${value}`, '--verbose'],
        command: ['sh', '-c', `export API_KEY=${value}`],
      },
    ],
    initContainers: [{ name: 'init', env: [{ name: 'SECRET', value }] }],
  }
  const applied = JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec: pod } } })
  const text = safe({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      annotations: {
        'example.com/api-token': value,
        'kubectl.kubernetes.io/last-applied-configuration': applied,
        team: 'shop',
      },
    },
    spec: { template: { spec: pod } },
  })
  expect(text).toContain('{"name":"LEVEL","value":"debug"}')
  expect(text).toContain('"valueFrom":{"secretKeyRef":{"key":"token","name":"db"}}')
  expect(text).toMatch(/"args":\["--db-password=redacted:[0-9a-f]{16}","--verbose"\]/)
  expect(text).toContain('"team":"shop"')
})

test('a flag with its value as the next argument, and values within a line', () => {
  const pod = {
    containers: [
      {
        name: 'c',
        args: ['--db-password', value, '--token', '--verbose', '-p', 'seen'],
        command: [
          'sh',
          '-c',
          `run --api-key ${value} --level info; PGPASSWORD='${value}' psql; curl -d '{"token": "${value}", "n": 1}'`,
        ],
      },
    ],
  }
  const text = safe({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: pod })
  expect(text).toMatch(/"--db-password","redacted:[0-9a-f]{16}","--token","--verbose","-p","seen"/)
  expect(text).toMatch(
    /run --api-key redacted:[0-9a-f]{16} --level info; PGPASSWORD='redacted:[0-9a-f]{16}' psql; curl -d '\{\\"token\\": \\"redacted:[0-9a-f]{16}\\", \\"n\\": 1\}'/,
  )
})

test('a megabyte without a line break is scanned in linear time', () => {
  const long = `${'password-'.repeat(120_000)}=`
  expect(
    safe({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c' },
      data: { a: long, b: `--${long}`, c: `"${'token'.repeat(200_000)}` },
    }),
  ).toContain('password-password')
})

test('configured paths, of one kind or of all', () => {
  const own = new Redactor({
    key: Buffer.from('k'),
    paths: [{ kind: 'Database', path: '/spec/users/*/login' }, { path: '/spec/a~1b' }],
  })
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Database',
    metadata: { name: 'd' },
    spec: { users: [{ login: value }, { login: 'x' }], 'a/b': { c: value }, open: 1 },
  }
  expect(canonical(own.redact(object))).not.toContain(value)
  expect(own.redact({ ...object, kind: 'Other', spec: { users: [{ login: 'seen' }] } })['spec']).toEqual({
    users: [{ login: 'seen' }],
  })
})

test('objects without secrets are passed on unchanged; text that is no object is not stored', () => {
  const deployment: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 2, template: { spec: { containers: [{ name: 'web', env: [{ name: 'A', value: 'b' }] }] } } },
  }
  expect(redactor.redact(deployment)).toBe(deployment)
  expect(
    safe({
      ...deployment,
      metadata: {
        name: 'web',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `password ${value}` },
      },
    }),
  ).toMatch(/"redacted:[0-9a-f]{16}"/)
  // A SealedSecret is encrypted.
  const sealed: KubeObject = {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata: { name: 's' },
    spec: { encryptedData: { a: 'AgBy' } },
  }
  expect(redactor.redact(sealed)).toBe(sealed)
})

test('no value of a thousand secrets remains', () => {
  for (let index = 0; index < 1000; index++) {
    const bytes = randomBytes(16 + (index % 48))
    const text = canonical(
      redactor.redact(secret({ data: { a: bytes.toString('base64') }, stringData: { b: bytes.toString('hex') } })),
    )
    for (const form of [bytes.toString('base64').replaceAll('=', ''), bytes.toString('hex')])
      expect(text).not.toContain(form)
  }
})
