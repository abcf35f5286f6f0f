import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { launch } from '../cli/testing/launch.ts'
import { temporaryFolder } from '../cli/testing/command.ts'

const settings = `import { counter, defineConnector, defineSchema, text } from 'weir-collector/settings'
const fields = { url: text({ description: 'URL', required: true, example: 'x' }) }
const sink = (type, more = {}) =>
  defineSchema({ type, role: 'sink', summary: 'A sink', fields: { ...fields, ...more } })
`
const valid = `${settings}export default defineConnector({ sinks: [sink('acme')] })`
const ready = { weir: { contract: 1 }, exports: { '.': './index.js', './sink': './sink.js' } }

type Package = Readonly<{ name: string; json?: object; index?: string; message: RegExp }>

const wrong: readonly Package[] = [
  {
    name: 'no-contract',
    json: { weir: undefined },
    message: /`no-contract` 1\.2\.3 is no connector of Weir.*contract/s,
  },
  { name: 'newer', json: { weir: { contract: 2 } }, message: /needs contract 2.*has contract 1.*upgrade Weir/s },
  { name: 'older', json: { weir: { contract: 0 } }, message: /needs contract 0.*has contract 1.*newer version/s },
  { name: 'no-export', json: { exports: {} }, message: /`no-export` 1\.2\.3 exports no manifest/ },
  { name: 'throws', index: `throw new Error('no licence')`, message: /`throws` 1\.2\.3 cannot be loaded: no licence/ },
  {
    name: 'never-ends',
    index: `await new Promise(() => {})`,
    message: /`never-ends` 1\.2\.3 cannot be loaded: its code did not end within 10 s/,
  },
  { name: 'syntax', index: `export default {`, message: /`syntax` 1\.2\.3 cannot be loaded/ },
  { name: 'imports-none', index: `import 'left-out'`, message: /`imports-none` 1\.2\.3 cannot be loaded.*left-out/ },
  { name: 'no-default', index: `export const a = 1`, message: /`no-default` 1\.2\.3 .*no default export/ },
  { name: 'empty', index: `export default {}`, message: /`empty` 1\.2\.3 .*neither a source nor sinks/ },
  {
    name: 'other-copy',
    index: `export default { sinks: [{ type: 'acme', role: 'sink', summary: 'A', fields: { url: {} } }] }`,
    message: /`other-copy` 1\.2\.3 .*`url` of `acme` is not made by.*peerDependencies/s,
  },
  {
    name: 'journal',
    index: `${settings}export default { sinks: [sink('acme')], journal: {} }`,
    message: /`journal` 1\.2\.3 .*cannot provide a journal/,
  },
  {
    name: 'no-sink-module',
    json: { exports: { '.': './index.js' } },
    message: /`no-sink-module` 1\.2\.3 has a sink, and does not export `\.\/sink`/,
  },
  {
    name: 'built-in',
    index: `${settings}export default defineConnector({ sinks: [sink('kafka')] })`,
    message: /`built-in` 1\.2\.3 cannot be used: Weir has a component of type `kafka` itself/,
  },
  {
    name: 'hides',
    index: `${settings}export default defineConnector({ sinks: [sink('acme', { from: fields.url })] })`,
    message: /`hides` 1\.2\.3 cannot be used: its setting `from` would hide one/,
  },
  {
    name: 'metric',
    index: `${settings}const metrics = { weir_journal_frames_total: counter('x') }
export default defineConnector({ sinks: [sink('acme')], metrics })`,
    message: /`metric` 1\.2\.3 cannot be used: the metric `weir_journal_frames_total` exists already/,
  },
]

async function install(folder: string, { name, json = {}, index = valid }: Omit<Package, 'message'>): Promise<void> {
  const path = join(folder, 'node_modules', name)
  await mkdir(path, { recursive: true })
  await writeFile(
    join(path, 'package.json'),
    JSON.stringify({ name, version: '1.2.3', type: 'module', ...ready, ...json }),
  )
  await writeFile(join(path, 'index.js'), index)
  await writeFile(
    join(path, 'sink.js'),
    `import { defineSink } from 'weir-collector/connector'
export const sink = defineSink('acme', { accepts: ['events'], idempotency: 'none', build: async () => ({
  send: async () => [], close: async () => {}, probe: async () => ({ is: 'ok', message: 'the package answers' }) }) })`,
  )
}

test('every unusable package is reported at its line with its name, the reason and the action', async () => {
  const folder = await temporaryFolder()
  await Promise.all(wrong.map((one) => install(folder, one)))
  const names = [...wrong.map(({ name }) => name), '@example/missing']
  await writeFile(join(folder, 'weir.yaml'), `connectors:\n${names.map((name) => `  - '${name}'\n`).join('')}`)
  const { code, output } = await launch(['check', '--config', join(folder, 'weir.yaml')])
  expect(code).toBe(2)
  const reports = output.split(/(?=\S*weir\.yaml:\d+:\d+: error)/).filter((text) => text.includes('error: connectors['))
  expect(reports).toHaveLength(names.length)
  for (const [at, { message }] of wrong.entries()) expect(reports[at]).toMatch(message)
  for (const [at, report] of reports.entries()) {
    expect(report).toContain(`weir.yaml:${at + 2}:`)
    expect(report).toMatch(/\n +\| +\^\n +=/)
  }
  expect(reports.at(-1)).toMatch(/`@example\/missing` is not installed for .*npm install @example\/missing/s)
})

test('packages of two files come from the folder of each, and two with one type are refused', async () => {
  const [one, two] = [await temporaryFolder(), await temporaryFolder()]
  await install(one, { name: 'first' })
  await install(two, { name: 'second', index: valid.replace("'acme'", "'other'") })
  await writeFile(join(one, 'weir.yaml'), 'sinks: { out: { type: other, url: x } }\n')
  await writeFile(join(two, 'more.yaml'), 'connectors: [second]\n')
  const files = ['--config', join(one, 'weir.yaml'), '--config', join(two, 'more.yaml')]
  const live = await launch(['check', ...files, '--live'])
  expect(live.output).toMatch(/sink out.*the package answers/)
  const doctor = await launch(['doctor', ...files, '--data', join(one, 'data')])
  expect(doctor.output).toMatch(/ok +connector package +second 1\.2\.3: sink `other`/)
  const cwd = one
  const variable = await launch(['check', ...files], { cwd, env: { ...process.env, WEIR_CONNECTORS: 'first, second' } })
  expect(variable.output).toMatch(/WEIR_CONNECTORS.*`second` is not installed for/s)
  await install(one, { name: 'twin' })
  await writeFile(join(one, 'weir.yaml'), 'connectors: [first, twin]\n')
  const clash = await launch(['check', '--config', join(one, 'weir.yaml')])
  expect(clash.output).toContain('`twin` 1.2.3 cannot be used: `first` also has a sink of type `acme`')
})

test('a name that is no package, and a list that is none, are errors of the setting', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'weir.yaml'), 'connectors: [../folder]\n')
  const path = await launch(['check', '--config', join(folder, 'weir.yaml')])
  expect(path.output).toMatch(/connectors\[0\]: expected the name of an npm package, got `\.\.\/folder`/)
  await writeFile(join(folder, 'weir.yaml'), 'connectors: acme\n')
  expect((await launch(['check', '--config', join(folder, 'weir.yaml')])).code).toBe(2)
})
