import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { loadConfig } from './load-config.ts'
import { reloadAll } from './reload.ts'
import { temporaryFolder } from '../cli/testing/command.ts'
import { launch } from '../cli/testing/launch.ts'

const settings = 'journal: {max: 1GiB}\n'
const utf16 = (text: string, bom: boolean): Buffer => Buffer.from((bom ? '\ufeff' : '') + text, 'utf16le')

/** Invalid files with their error messages. */
const refused: readonly (readonly [name: string, content: string | Buffer, message: RegExp])[] = [
  ['UTF-16 with a byte order mark', utf16(settings, true), /is UTF-16.*UTF-8/s],
  ['UTF-16 without one', utf16(settings, false), /is UTF-16.*UTF-8/s],
  ['big-endian UTF-16', utf16(settings, true).swap16(), /is UTF-16.*UTF-8/s],
  ['random bytes', Buffer.from('8f1c00e7a2b3d4ff9910', 'hex'), /not UTF-8.*offset 0/s],
  ['a control character', 'log: {level: warn}\n\u0001\u0002\n', /control character U\+0001/],
  ['a list', '- a\n- b\n', /a list.*map of settings/s],
  ['a scalar', 'hello world\n', /a text.*map of settings/s],
  ['a number', '42\n', /a number.*map of settings/s],
  ['ClickHouse as the store without its address', 'store: {enabled: clickhouse}\n', /`clickhouse` is missing.*url/s],
  [
    'the address of a store that is not ClickHouse',
    'store: {clickhouse: {url: "http://clickhouse:8123"}}\n',
    /store\.clickhouse.*`enabled` is parquet/s,
  ],
  [
    'the native port of ClickHouse',
    'store: {enabled: clickhouse, clickhouse: {url: "http://clickhouse:9000"}}\n',
    /port 9000 speaks ClickHouse's native protocol.*http:\/\/clickhouse:8123/s,
  ],
  ['two documents', 'log: {level: warn}\n---\nlog: {level: info}\n', /more than one document/],
]

async function written(content: string | Buffer): Promise<string> {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, content)
  return file
}

test.each(refused)('%s is rejected with the file name, the problem and the action', async (_, content, message) => {
  const file = await written(content)
  const loading = loadConfig(realHost(), [file], [])
  await expect(loading).rejects.toMatchObject({ code: 'WEIR_CONFIG_INVALID' })
  await expect(loading).rejects.toThrow(message)
  await expect(loading).rejects.toThrow(file)
  await expect(loading).rejects.toThrow(/\n {5}= /)
})

test('check and run both exit with 2 on a list, and neither starts anything', async () => {
  const file = await written('- a\n')
  for (const args of [
    ['check', '--config', file],
    ['run', '--config', file],
  ]) {
    const ran = await launch(args, { cwd: join(file, '..') })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain(`${file}:1:1: error: the file holds a list`)
  }
})

test('UTF-8 with a byte order mark is read', async () => {
  expect((await loadConfig(realHost(), [await written(`\ufeff${settings}`)], [])).config.journal.max).toBe(2 ** 30)
})

test.each([
  ['', true],
  ['# nothing yet\n\n', true],
  ['---\n', true],
  ['{}\n', false],
  [settings, false],
])('a file with %j: that it is empty is %s', async (content, empty) => {
  expect((await loadConfig(realHost(), [await written(content)], [])).empty).toHaveLength(empty ? 1 : 0)
})

test('check reports that an empty file means the defaults', async () => {
  const ran = await launch(['check', '--config', await written('# later\n')])
  expect(ran.code).toBe(0)
  expect(ran.stderr).toMatch(/weir\.yaml has no settings: the defaults apply/)
})

test.each([...refused, ['an empty file', '', /is empty/], ['comments only', '# all gone\n', /is empty/]] as const)(
  'a reload refuses %s and changes nothing',
  async (_, content, message) => {
    const file = await written(settings)
    const host = realHost()
    const loaded = await loadConfig(host, [file], [])
    await writeFile(file, content)
    const errors: unknown[] = []
    const touched = (): never => {
      throw new Error('a refused configuration was taken over')
    }
    const report = await reloadAll({
      host,
      flags: { config: [file], overrides: [] },
      current: () => loaded,
      adopt: touched,
      reveal: touched,
      onSources: touched,
      onClusters: touched,
      onAlerts: () => {},
      onStore: touched,
      sources: { apply: touched },
      sinks: { apply: touched },
      log: { debug: touched, info: touched, warn: touched, error: (_text, fields) => void errors.push(fields) },
    })
    expect(report).toMatchObject({ ok: false, changed: [], problems: [expect.stringMatching(message)] })
    expect(report.problems[0]).toContain(file)
    expect(errors).toHaveLength(1)
  },
)

test('later files and folders override earlier ones: maps are merged, other values replaced', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'weir.d'))
  await writeFile(
    join(folder, 'base.yaml'),
    'log: {level: debug, format: json}\nsources: {netflow: {listen: ["127.0.0.1:2055", "127.0.0.1:2056"]}}\n',
  )
  await writeFile(join(folder, 'weir.d', '20-later.yml'), 'log: {level: error}\n')
  await writeFile(
    join(folder, 'weir.d', '10-first.yaml'),
    'log: {level: warn}\nsources: {netflow: {listen: "127.0.0.1:9995"}}\n',
  )
  await writeFile(join(folder, 'weir.d', '.hidden.yaml'), 'log: {level: debug}\n')
  await writeFile(join(folder, 'weir.d', 'notes.txt'), 'no settings')
  const { config } = await loadConfig(realHost(), [join(folder, 'base.yaml'), join(folder, 'weir.d')], [])
  expect(config.log).toEqual({ level: 'error', format: 'json' })
  expect(config.sources['netflow']?.settings).toMatchObject({ listen: [{ host: '127.0.0.1', port: 9995 }] })
})

test('a problem in one of several files names that file, its line and its text', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.yaml'), '# first\nlog: {level: loud}\n')
  await writeFile(join(folder, 'b.yaml'), 'journal: {max: 1GiB}\nlsten: x\n')
  const loading = loadConfig(realHost(), [join(folder, 'a.yaml'), join(folder, 'b.yaml')], [])
  await expect(loading).rejects.toThrow(`${folder}/a.yaml:2:14: error: log.level`)
  await expect(loading).rejects.toThrow('2 | log: {level: loud}')
  await expect(loading).rejects.toThrow(`${folder}/b.yaml:2:1: error: lsten`)
})

test('a folder without a configuration is refused', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'notes.txt'), 'no settings')
  await expect(loadConfig(realHost(), [folder], [])).rejects.toThrow(
    `the folder ${folder} holds no file *.yaml or *.yml`,
  )
})

test('a reload refuses one empty file of several, and names it', async () => {
  const folder = await temporaryFolder()
  const [base, more] = [join(folder, 'base.yaml'), join(folder, 'more.yaml')]
  await writeFile(base, settings)
  await writeFile(more, 'sinks: {out: {type: stdout}}\n')
  const host = realHost()
  const loaded = await loadConfig(host, [base, more], [])
  await writeFile(more, '')
  const touched = (): never => {
    throw new Error('a refused configuration was used')
  }
  const report = await reloadAll({
    host,
    flags: { config: [base, more], overrides: [] },
    current: () => loaded,
    adopt: touched,
    reveal: touched,
    onSources: touched,
    onClusters: touched,
    onStore: touched,
    onAlerts: touched,
    sources: { apply: touched },
    sinks: { apply: touched },
    log: { debug: touched, info: touched, warn: touched, error: () => undefined },
  })
  expect(report).toMatchObject({ ok: false, problems: [expect.stringContaining(`${more} is empty`)] })
})

test('with a sink for Alertmanager a rule repeats each minute by default, and as written otherwise', async () => {
  const rules = 'alerts:\n  a: {on: events, condition: "> 0"}\n  b: {on: events, condition: "> 0", resend: 0s}\n'
  const sinks = (more: string) => `sinks:\n  am: {type: http, url: "http://127.0.0.1:1/api/v2/alerts", ${more}}\n`
  const resends = async (content: string) =>
    (await loadConfig(realHost(), [await written(content)], [])).alerts.map(({ resend, refresh }) => [resend, refresh])
  expect(await resends(rules + sinks('template: alertmanager, mode: batched, from: [alerts]'))).toEqual([
    [60_000, true],
    [0, undefined],
  ])
  for (const other of ['', sinks('template: slack'), sinks('template: alertmanager, mode: batched, from: [http]')])
    expect(await resends(rules + other)).toEqual([
      [0, undefined],
      [0, undefined],
    ])
})

test('a URL by reference has its value, and the written settings keep the reference', async () => {
  const folder = await temporaryFolder()
  const secret = join(folder, 'hook')
  await writeFile(secret, 'https://hooks.example/CANARY1234\n')
  const file = await written(`sinks:\n  a: {type: http, url: "file:${secret}"}\n`)
  const { config, document } = await loadConfig(realHost(), [file], [])
  expect(config.sinks['a']?.settings).toMatchObject({ url: 'https://hooks.example/CANARY1234' })
  expect(JSON.stringify(document.value)).not.toContain('CANARY')
  for (const [url, reason] of [
    ['env:WEIR_TEST_NO_SUCH', /sinks\.a\.url: a secret refers to the environment variable WEIR_TEST_NO_SUCH/],
    ['file:/nowhere/hook', /sinks\.a\.url: a secret refers to the file \/nowhere\/hook, which cannot be read/],
    ['"env:"', /sinks\.a\.url: `env:` is not followed by the name/],
  ] as const)
    await expect(
      loadConfig(realHost(), [await written(`sinks:\n  a: {type: http, url: ${url}}\n`)], []),
    ).rejects.toThrow(reason)
  await writeFile(secret, 'hooks.example/CANARY1234')
  await expect(loadConfig(realHost(), [file], [])).rejects.toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('CANARY') as string }),
  )
})
