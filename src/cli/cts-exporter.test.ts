import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withGoFlags } from './cts-exporter.ts'
import { temporaryFolder, weir } from './testing/command.ts'

test("settings that can't be used end with cts_exporter's exit code, and a sentence", async () => {
  const { code, out, err } = await weir(['cts-exporter'], { env: { K_SINK: 'http://sink', CTS_FROM: 'abc' } })
  expect([code, out]).toEqual([78, ''])
  expect(err).toMatch(/^weir: CTS_FROM is `abc`; .*\n {6}`weir cts-exporter --help` lists the settings\.\n$/)
})

const cloud =
  'clouds:\n  otc:\n    auth: {auth_url: https://iam.eu-de.otc.t-systems.com/v3, project_name: eu-de_prod}\n'

test.each<readonly [string, string | undefined, RegExp]>([
  [
    'no clouds.yaml at all',
    undefined,
    /clouds\.yaml not found in \S+\/none, clouds\.yaml, clouds\.yml, clouds\.json, \S+\/\.config\/openstack\/clouds\.yaml, .*\/etc\/openstack\/clouds\.json/,
  ],
  ['a cloud that it does not have', cloud.replace('otc:', 'others:'), /clouds\.yaml has no cloud otc; it has others/],
  ["YAML that can't be read", `${cloud}    region_name: 'eu-de\n`, /clouds\.yaml:\d+:\d+: /],
  ['a cloud without a login', cloud, /neither `ak` and `sk` nor a user with `password`/],
])('%s ends it with 78 before anything is opened, and is reported', async (_, content, words) => {
  const folder = await temporaryFolder()
  if (content !== undefined) await writeFile(join(folder, 'clouds.yaml'), content)
  const env = {
    OS_CLOUD: 'otc',
    OS_CLIENT_CONFIG_FILE: join(folder, content === undefined ? 'none' : 'clouds.yaml'),
    HOME: folder,
    XDG_CONFIG_HOME: '',
    K_SINK: 'http://sink',
  }
  const { code, out, err } = await weir(['cts-exporter', '--data', join(folder, 'data')], { env })
  expect([code, out]).toEqual([78, ''])
  expect(err).toMatch(/^weir: source cts: /m)
  expect(err).toMatch(words)
})

test('a flag with one dash is that of cts_exporter alone', () => {
  expect(withGoFlags(['cts-exporter', '-from=5', '-from', '-fro', '--from'])).toEqual([
    'cts-exporter',
    '--from=5',
    '--from',
    '-fro',
    '--from',
  ])
  expect(withGoFlags(['query', '-from'])).toEqual(['query', '-from'])
})
