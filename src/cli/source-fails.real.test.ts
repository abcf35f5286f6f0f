// A source that cannot be built in its thread ends the start with one line.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { weirCommand } from '../../test/kit/weir-command.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-fails-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

test('a missing CA file of the kubeconfig is reported in one line, and the start ends with exit code 1', async () => {
  const kubeconfig = join(dir, 'kubeconfig')
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', 'certificate-authority': 'missing-ca.crt' } }],
      users: [{ name: 'u', user: { token: 't' } }],
    }),
  )
  const config = join(dir, 'weir.yaml')
  await writeFile(
    config,
    JSON.stringify({ sources: { netflow: { listen: 'off', tcp: 'off' }, kubernetes: { cluster: 'c1', kubeconfig } } }),
  )
  const { code, output } = await weirCommand(
    'run',
    '--config',
    config,
    '--data',
    join(dir, 'data'),
    '--listen',
    '127.0.0.1:0',
    '--ops',
    '127.0.0.1:0',
  )
  expect(output.split('\n').filter((line) => line.startsWith('weir: '))).toEqual([
    `weir: source kubernetes: the file ${join(dir, 'missing-ca.crt')} cannot be read (ENOENT); it is the ` +
      `\`certificate-authority\` of cluster c of the kubeconfig`,
  ])
  expect(output).not.toContain('    at ')
  expect(code).toBe(1)
}, 60_000)
