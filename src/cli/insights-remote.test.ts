import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withSingleDashes } from './insights-remote.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'

test('--print-config prints a valid configuration without secrets', async () => {
  const folder = await temporaryFolder()
  const env = {
    INSIGHTS_TOKEN_SECRET: secret,
    RABBITMQ_USERNAME: 'lagoon',
    RABBITMQ_PASSWORD: 'hidden',
    KUBECONFIG: join(folder, 'kubeconfig'),
  }
  await writeFile(env.KUBECONFIG, '')
  const args = ['insights-remote', '--burn-after-reading', '--leader-elect', '--data', folder, '--print-config']
  const printed = await weir(args, { env })
  await writeFile(join(folder, 'weir.yaml'), printed.out)
  const checked = await weir(['check', '--config', join(folder, 'weir.yaml')], { env })
  expect([printed.code, checked.code, checked.err]).toEqual([0, 0, ''])
  expect(checked.out).toMatch(/sink lagoon +amqp:\/\/localhost/)
  expect(printed.out + printed.err + checked.out).not.toMatch(/hidden|a-secret/)
})

test('--generate-token-only prints the token of insights-remote', async () => {
  const claims = [
    '--generate-token-only-namespace=proj-main',
    '--generate-token-only-environment-id=777',
    '--generate-token-only-project-name=proj',
    '--generate-token-only-environment-name=main',
  ]
  const args = ['insights-remote', '--generate-token-only', ...claims]
  const weak = await weir(args, { env: { INSIGHTS_TOKEN_SECRET: 'testsecret' } })
  expect([weak.code, weak.out]).toEqual([1, ''])
  expect(weak.err).toContain('can be guessed')
  const allowed = await weir([...args, '--allow-weak-secret'], { env: { INSIGHTS_TOKEN_SECRET: 'testsecret' } })
  expect([allowed.code, allowed.out]).toEqual([
    0,
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJFbnZpcm9ubWVudElkIjoiNzc3IiwiRW52aXJvbm1lbnROYW1lIjoibWFpbiIsIk5h' +
      'bWVzcGFjZSI6InByb2otbWFpbiIsIlByb2plY3ROYW1lIjoicHJvaiJ9.UmB0luGragRPiO4P0j7t-qM8v_AKAXbaV60c4tNHhg8\n',
  ])
  const missing = await weir(args.slice(0, -1), { env: { INSIGHTS_TOKEN_SECRET: secret } })
  expect(missing.err).toContain('--generate-token-only-environment-name is missing')
})

test('an unset secret ends with a sentence', async () => {
  const { code, err } = await weir(['insights-remote', '--print-config'], { env: { INSIGHTS_TOKEN_SECRET: '' } })
  expect(code).toBe(1)
  expect(err).toMatch(/^weir: INSIGHTS_TOKEN_SECRET is not set: .*\n {6}`weir insights-remote --help` lists/)
})

test('flags with one dash are those of Go, for this command only', () => {
  expect(withSingleDashes(['insights-remote', '-leader-elect', '-rabbitmq-hostname=b', '--x', '-h'])).toEqual([
    'insights-remote',
    '--leader-elect',
    '--rabbitmq-hostname=b',
    '--x',
    '-h',
  ])
  expect(withSingleDashes(['query', '-leader-elect'])).toEqual(['query', '-leader-elect'])
})
