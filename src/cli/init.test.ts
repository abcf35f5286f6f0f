import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { version } from '../app/version.ts'
import { loadDocument } from '../app/load-config.ts'
import { parseYaml } from '../schema/index.ts'
import { collected, defaults, targets, type Choices, type Target } from './init/choices.ts'
import { configurationText } from './init/configuration.ts'
import { filesOf } from './init/manifests.ts'
import { promptChoices, readImage } from './init/questions.ts'
import { sinkForms, sinksOf } from './init/sink-urls.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

const every = Object.keys(collected) as Choices['collect']
const urlOf = (form: string): string =>
  form.replaceAll('HOST', 'host.example').replace('TOPIC', 'weir').replace('PATH', 'out')

async function answered(lines: readonly string[], given: Partial<Choices> = {}) {
  const rest = [...lines]
  const questions: string[] = []
  const complaints: string[] = []
  const choices = await promptChoices(
    (question) => {
      questions.push(question)
      return rest.length === 0 ? Promise.reject(new TypeError('no line is left')) : Promise.resolve(rest.shift() ?? '')
    },
    (text) => void complaints.push(text),
    given,
  )
  return { choices, questions, complaints }
}

test.each(Object.keys(targets) as Target[])(
  'every kind and sink makes a valid configuration for %s',
  async (target) => {
    const choices: Choices = { ...defaults, collect: every, target, sinks: sinkForms.map(urlOf), access: 'token' }
    const text = configurationText(choices)
    const { config } = await loadDocument(parseYaml(text, 'weir.yaml'), [], 'none')
    expect(Object.keys(config.sources)).toEqual(
      expect.arrayContaining(every.filter((kind) => !/flows|events/.test(kind))),
    )
    expect(Object.keys(config.sinks)).toHaveLength(sinkForms.length)
    expect(config.auth.tokens).toHaveLength(1)
    const files = filesOf(choices, text)
    // The configuration is in one file only.
    expect(files.map(({ name }) => name)).toEqual(
      {
        laptop: ['weir.yaml'],
        docker: ['weir.yaml', 'compose.yaml'],
        kubernetes: ['values.yaml'],
        systemd: ['weir.yaml'],
      }[target],
    )
    for (const { text: manifest } of files)
      for (const name of ['WEIR_ADMIN_TOKEN', 'AUDIT_TOKEN', 'OS_SECRET_KEY']) expect(manifest).toContain(name)
  },
)

test('five questions with empty answers give the defaults; a flag answers its question', async () => {
  const { choices, questions } = await answered(['', '', '', '', ''])
  expect(choices).toEqual(defaults)
  expect(questions).toHaveLength(5)
  const less = await answered(['docker', 'none nats://bus:4222', '', 'prod-eu 9000'], { collect: ['syslog'] })
  expect(less.questions).toHaveLength(4)
  expect(less.choices).toEqual({
    collect: ['syslog'],
    target: 'docker',
    store: 'none',
    sinks: ['nats://bus:4222'],
    access: 'generated',
    name: 'prod-eu',
    port: 9000,
  })
})

test('a wrong answer is explained and its question repeated', async () => {
  const { choices, complaints } = await answered([
    'flow',
    'flows',
    'moon',
    '',
    'ftp://x',
    '',
    '',
    'Prod',
    'prod 70000',
    '',
  ])
  expect(choices).toEqual({ ...defaults, collect: ['flows'] })
  expect(complaints.join('')).toMatch(/`flow` is none of[^]*`moon`[^]*`ftp:\/\/x` is not the URL[^]*`Prod`[^]*`70000`/)
})

test('sinks of one type get different ids, and a password is refused', () => {
  expect(sinksOf(['kafka://a:1,b:2/t', 'kafka://c:3', 'loki+https://l'])).toEqual({
    kafka: { type: 'kafka', brokers: ['a:1', 'b:2'], topic: 't' },
    'kafka-2': { type: 'kafka', brokers: ['c:3'] },
    loki: { type: 'loki', url: 'https://l' },
  })
  for (const url of ['nats://u:secret@x:1', 'kafka://u:secret@a:1,b:2/t', 'kafka://a:1,u:secret@b:2/t'])
    expect(() => sinksOf([url])).toThrow(/contains a password/)
})

test.runIf(existsSync('/usr/bin/script'))(
  'in a terminal, it prompts and writes the answers',
  async () => {
    const dir = await temporaryFolder()
    const command = `${process.execPath} ${join(ROOT, 'bin/weir.mjs')} init --dir ${dir}`
    const ran = await runCommand(
      'sh',
      ['-c', `printf 'syslog\\n\\nnone file:out.ndjson\\n\\nedge 9001\\n' | script -qec '${command}' /dev/null`],
      {
        limit: 60_000,
      },
    )
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('5/5') as unknown })
    expect(parse(await readFile(join(dir, 'weir.yaml'), 'utf8'))).toMatchObject({
      instance: 'edge',
      listen: '127.0.0.1:9001',
      store: { enabled: 'none' },
      sinks: { file: { path: 'out.ndjson' } },
      sources: { syslog: { udp: '127.0.0.1:5514' } },
    })
  },
  60_000,
)

test('the values of the chart quote words of YAML 1.1 and omit what the chart sets', () => {
  const choices: Choices = { ...defaults, collect: ['otlp'], target: 'kubernetes', access: 'token', name: 'prod-eu' }
  const [values] = filesOf(choices, configurationText(choices))
  expect(parse(values?.text ?? '', { version: '1.1' })).toEqual({
    fullnameOverride: 'prod-eu',
    image: { repository: 'weir', tag: version, pullPolicy: 'Never' },
    config: {
      auth: { tokens: [{ name: 'admin', token: 'env:WEIR_ADMIN_TOKEN' }] },
      sources: {
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
        otlp: { listen: '0.0.0.0:4318', grpc: '0.0.0.0:4317', token: 'env:PUSH_TOKEN' },
      },
    },
    secrets: {
      env: {
        WEIR_ADMIN_TOKEN: { secret: 'weir-secrets', key: 'WEIR_ADMIN_TOKEN' },
        PUSH_TOKEN: { secret: 'weir-secrets', key: 'PUSH_TOKEN' },
      },
    },
  })
})

test('an image of a registry is pulled, and one that was built here is not searched on Docker Hub', () => {
  const parsed = (target: Target, image?: string): unknown => {
    const choices: Choices = { ...defaults, target, access: 'generated', ...(image === undefined ? {} : { image }) }
    return parse(filesOf(choices, configurationText(choices)).at(-1)!.text, { version: '1.1' })
  }
  expect(parsed('docker')).toMatchObject({ services: { weir: { image: `weir:${version}`, pull_policy: 'never' } } })
  const given = parsed('docker', 'registry:5000/a/weir:1.10')
  expect(given).toMatchObject({ services: { weir: { image: 'registry:5000/a/weir:1.10' } } })
  expect(given).not.toHaveProperty('services.weir.pull_policy')
  expect(parsed('kubernetes', 'registry:5000/a/weir:1.10')).toMatchObject({
    image: { repository: 'registry:5000/a/weir', tag: '1.10' },
  })
  expect(() => readImage('https://registry/weir')).toThrow(/is not an image/)
})

test('helm is another word for kubernetes, and the next steps name paths that exist and the token', async () => {
  const dir = await temporaryFolder()
  const { code, stdout, stderr } = await launch(['init', '--yes', '--target', 'helm', '--dir', dir])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(await readdir(dir)).toEqual(['values.yaml'])
  expect(stdout).toContain('cat /data/token')
  expect(stdout).toMatch(/helm install weir \S+ --namespace weir --create-namespace --values values.yaml/)
  const paths = [...stdout.matchAll(/(?:--file|helm install \w+) (\S+)/g)].map(([, path = '']) => path)
  expect(paths).toHaveLength(2)
  for (const path of paths) expect([path, existsSync(path)]).toEqual([path, true])
}, 60_000)

test('the service reads every file of /etc/weir, so that no drop-in replaces its command', async () => {
  const dir = await temporaryFolder()
  const { stdout } = await launch(['init', '--yes', '--target', 'systemd', '--access', 'generated', '--dir', dir])
  expect(await readdir(dir)).toEqual(['weir.yaml'])
  expect(stdout).toContain('/etc/weir/weir.yaml')
  expect(stdout).toContain('sudo cat /var/lib/weir/token')
})

test('the URL of a chat or of Alertmanager becomes a sink of alerts, with its URL as a secret', async () => {
  const urls = [
    'https://hooks.slack.com/services/T000/B000/hush',
    'https://prod-1.westeurope.logic.azure.com:443/workflows/hush',
    'http://alertmanager:9093/api/v2/alerts',
    'https://hooks.slack.com/services/T000/B000/hush2',
  ]
  const choices: Choices = { ...defaults, sinks: urls }
  const text = configurationText(choices)
  expect(text).not.toContain('hush')
  expect(parse(text)).toMatchObject({
    alerts: { 'nothing-received': { on: 'flows', no_data: 'alert' } },
    sinks: {
      slack: { type: 'http', template: 'slack', url: 'env:SLACK_WEBHOOK_URL', from: ['alerts'] },
      teams: { template: 'teams', url: 'env:TEAMS_WEBHOOK_URL', from: ['alerts'] },
      alertmanager: { template: 'alertmanager', url: 'env:ALERTMANAGER_URL', mode: 'batched', from: ['alerts'] },
      'slack-2': { url: 'env:SLACK_WEBHOOK_URL_2' },
    },
  })
  const { config } = await loadDocument(parseYaml(text, 'weir.yaml'), [], 'none')
  expect(Object.keys(config.sinks)).toEqual(['slack', 'teams', 'alertmanager', 'slack-2'])
})

test('without a terminal it writes files that `weir validate` accepts, and keeps existing ones', async () => {
  const dir = join(await temporaryFolder(), 'new')
  const args = ['init', '--yes', '--target', 'docker', '--sink', 'nats://bus:4222', '--dir', dir]
  expect(await launch(args)).toMatchObject({ code: 0, stderr: '' })
  expect(await launch(['validate', '--config', join(dir, 'weir.yaml')])).toMatchObject({ code: 0 })
  expect(parse(await readFile(join(dir, 'compose.yaml'), 'utf8'))).toMatchObject({
    services: { weir: { read_only: true, ports: expect.arrayContaining(['2055:2055/udp', '8080:8080']) as unknown } },
  })
  expect((await stat(join(dir, 'weir.yaml'))).mode & 0o044).toBe(0o044)
  await writeFile(join(dir, 'weir.yaml'), '# own\n')
  expect(await launch(args)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('--force') as unknown,
  })
  expect(await readFile(join(dir, 'weir.yaml'), 'utf8')).toBe('# own\n')
  expect(await launch([...args, '--force'])).toMatchObject({ code: 0 })
  expect(await readFile(join(dir, 'weir.yaml'), 'utf8')).toContain('nats://bus:4222')
}, 60_000)

test('no terminal, local access in a container, and a folder that is a file are refused', async () => {
  const dir = await temporaryFolder()
  expect(await launch(['init', '--dir', dir])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--yes') as unknown,
  })
  const local = ['init', '--yes', '--target', 'docker', '--access', 'local', '--dir', dir]
  expect(await launch(local)).toMatchObject({ code: 2, stderr: expect.stringContaining('container') as unknown })
  await mkdir(join(dir, 'sub'))
  await writeFile(join(dir, 'sub/file'), '')
  expect(await launch(['init', '--yes', '--dir', join(dir, 'sub/file')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not a directory') as unknown,
  })
}, 60_000)
