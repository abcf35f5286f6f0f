import { expect, test } from 'vitest'
import { redactField, redactFields } from './index.ts'

const secrets = ['correct-horse-battery-staple', 'letmein2026', '4f1c9a7be0d2436d8b5f']

test.each(['jwt', 'userJwt', 'connectionString', 'DB_CONNECTION_STRING', 'db.conn-str', 'hmac', 'webhook_hmac'])(
  'the value of %s is redacted',
  (name) => {
    for (const value of secrets) expect(redactField(name, value)).toBe('redacted:')
  },
)

test.each(['salt', 'passwordSalt', 'accessKeyId', 'AWS_ACCESS_KEY_ID', 'access-key-id', 'accesskeyid'])(
  'and that of %s',
  (name) => {
    for (const value of secrets) expect(redactField(name, value)).toBe('redacted:')
  },
)

test.each([
  ['result', 'letmein2026'],
  ['exhaust', 'letmein2026'],
  ['saltstack', 'enabled'],
  ['basalt', 'letmein2026'],
  ['hmac', 'sha256'],
  ['hmac', 'HMAC-SHA256'],
  ['jwt', 'RS256'],
  ['jwt', 'enabled'],
  ['salt', 'bcrypt'],
  ['saltLength', '16'],
  ['jwtIssuer', 'letmein2026'],
  ['connections', '300'],
  ['connectionString', 'Server=db;Database=shop;Trusted_Connection=True'],
  ['connectionString', 'postgres://db.example:5432/shop'],
  ['jwt', '{{ .Values.jwt }}'],
  ['accessKeyId', '${AWS_ACCESS_KEY_ID}'],
  ['keyId', 'letmein2026'],
])('the value of %s, %s, remains', (name, value) => {
  expect(redactField(name, value)).toBe(value)
})

test.each([
  ["define('DB_PASSWORD', 'hunter2x');", "define('DB_PASSWORD', 'redacted:');"],
  ['define ( "AUTH_SALT" ,\n  "hunter2x" );', 'define ( "AUTH_SALT" ,\n  "redacted:" );'],
  ["define('DB_NAME', 'hunter2x');", "define('DB_NAME', 'hunter2x');"],
  ["label('password', 'hunter2x')", "label('password', 'hunter2x')"],
  ["$c['password'] = 'hunter2x';", "$c['password'] = 'redacted:';"],
  ['ENV.fetch("API_TOKEN", "hunter2x")', 'ENV.fetch("API_TOKEN", "redacted:")'],
  ['{{ .Values.db.password | default "hunter2x" }}', '{{ .Values.db.password | default "redacted:" }}'],
  ['{{ default "hunter2x" .Values.db.password }}', '{{ default "redacted:" .Values.db.password }}'],
  [`{{ default "${'x7Qa9'.repeat(50)}" .Values.db.password }}`, '{{ default "redacted:" .Values.db.password }}'],
  ['Server=db;User Id=shop;Password=hunter2x;', 'Server=db;User Id=shop;Password=redacted:;'],
])('of %j remains %j', (text, safe) => {
  expect(redactField('', text)).toBe(safe)
})

test('secrets are redacted at every depth, within JSON texts and command lines, and the rest stays the same', () => {
  const given = {
    request: JSON.stringify({ server: { adminPass: 'hunter2x', name: 'web' } }),
    list: [{ name: 'DB_PASSWORD', value: 'hunter2x' }, { key: 'jwt', value: 'letmein2026' }, 7],
    command: ['mysql', '-uroot', '-phunter2x'],
    tokens: ['letmein2026'],
    level: 'info',
  }
  expect(redactFields(given)).toEqual({
    request: '{"server":{"adminPass":"redacted:","name":"web"}}',
    list: [{ name: 'DB_PASSWORD', value: 'redacted:' }, { key: 'jwt', value: 'redacted:' }, 7],
    command: ['mysql', '-uroot', '-predacted:'],
    tokens: ['redacted:'],
    level: 'info',
  })
  const plain = { a: [1, { b: 'c' }], d: null }
  expect(redactFields(plain)).toBe(plain)
})
