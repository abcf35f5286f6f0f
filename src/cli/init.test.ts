import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { loadDocument } from '../app/load-config.ts'
import { parseYaml } from '../schema/index.ts'
import { collected, defaults, targets, type Choices, type Target } from './init/choices.ts'
import { configurationText } from './init/configuration.ts'
import { manifestsOf } from './init/manifests.ts'
import { promptChoices } from './init/questions.ts'
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
    const { config } = await loadDocument(parseYaml(text, 'weir.yaml'), [])
    expect(Object.keys(config.sources)).toEqual(
      expect.arrayContaining(every.filter((kind) => !/flows|events/.test(kind))),
    )
    expect(Object.keys(config.sinks)).toHaveLength(sinkForms.length)
    expect(config.auth.tokens).toHaveLength(1)
    for (const { text: manifest } of manifestsOf(choices, text))
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
  const [values] = manifestsOf(choices, configurationText(choices))
  expect(parse(values?.text ?? '', { version: '1.1' })).toEqual({
    fullnameOverride: 'prod-eu',
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
