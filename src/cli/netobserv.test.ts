import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { freePorts } from '../../test/kit/free-port.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { flow, records } from '../codecs/pbflow/testing/messages.ts'
import { agentClient } from '../connectors/netobserv/testing/agent.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const bare = { WEIR_DATA: '', HOME: '/nowhere' }

function pipeline(port: number, more: object = {}): object {
  return {
    pipeline: [{ name: 'ingest' }, { name: 'out', follows: 'ingest' }],
    parameters: [
      { name: 'ingest', ingest: { type: 'grpc', grpc: { port, bufferLength: 10 } } },
      { name: 'out', write: { type: 'stdout', stdout: { format: 'json' } } },
    ],
    ...more,
  }
}

async function fileOf(content: object): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = await temporaryFolder()
  const file = join(folder, 'flp.yaml')
  await writeFile(file, stringify(content))
  return { folder, file }
}

test('--print-config prints a configuration that is valid, and settings without an effect', async () => {
  const { folder, file } = await fileOf(pipeline(2055))
  const printed = await weir(['netobserv', '--config', file, '--print-config', '--data', folder], { env: bare })
  expect([printed.code, printed.err]).toEqual([
    0,
    'weir netobserv: parameters[0].ingest.grpc.bufferLength: without effect; flows wait in the journal, and agents ' +
      'wait while it is full\n',
  ])
  expect(parse(printed.out)).toMatchObject({ sources: { ingest: { listen: '0.0.0.0:2055' } } })
  const made = join(folder, 'netobserv.yaml')
  await writeFile(made, printed.out)
  const { code, out, err } = await weir(['validate', '--config', made], { env: bare })
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/sink out +stdout: from ingest/)
})

test('- is standard input, as in kubectl apply -f -', async () => {
  const given = stringify(pipeline(2055))
  const piped = await weir(['netobserv', '--config', '-', '--print-config'], { env: bare, input: given })
  expect(piped.code).toBe(0)
  expect(parse(piped.out)).toMatchObject({ sources: { ingest: { listen: '0.0.0.0:2055' } } })
  const none = await weir(['netobserv', '--flowcollector', '-', '--print-config'], { env: bare, input: given })
  expect(none.err).toContain('standard input contains no FlowCollector')
})

test('flags replace sections, in the notation of flowlogs-pipeline', async () => {
  const { pipeline: stages, parameters } = pipeline(9999) as Record<string, unknown>
  const { code, out } = await weir(
    [
      'netobserv',
      `--pipeline=${JSON.stringify(stages)}`,
      `--parameters=${JSON.stringify(parameters)}`,
      '--metricsSettings={"port":9102}',
      '--healthAddr=:8080',
      '--log-level=trace',
      '--k8scache.port=0',
      '--print-config',
    ],
    { env: bare },
  )
  expect(code).toBe(0)
  expect(parse(out)).toMatchObject({ ops: ['0.0.0.0:9102', '0.0.0.0:8080'], log: { level: 'debug' } })
})

test('settings that Weir rejects end --print-config and the start with an error, and nothing is printed', async () => {
  const { folder, file } = await fileOf(pipeline(99_999))
  for (const more of [['--print-config'], []]) {
    const { code, out, err } = await weir(['netobserv', '--config', file, '--data', folder, ...more], { env: bare })
    expect([code, out], more.join(' ')).toEqual([2, ''])
    expect(err).toContain(
      '--config or --flowcollector: error: port 99999 is above 65535 (setting sources.ingest.listen)',
    )
    expect(err).not.toContain('netobserv.yaml:')
  }
})

test.each<[string, (file: string) => readonly string[], RegExp, number?]>([
  ['no file', () => [], /^weir: \/nowhere\/\.flowlogs-pipeline cannot be read: .*\n {6}`weir netobserv --help`/],
  [
    'settings that cannot be honoured',
    (file) => ['--config', file, '--dynamicParameters', '{"name":"x"}'],
    /--ignore-unsupported starts without them:\n {6}dynamicParameters: /,
  ],
  ['a FlowCollector of another kind', (file) => ['--flowcollector', file], /flp\.yaml contains no FlowCollector/],
  [
    'no cluster to follow',
    () => ['--flowcollector', 'cluster', '--kubeconfig', '/nowhere/config'],
    /\/nowhere\/config/,
    1,
  ],
])('%s ends the start with a message', async (_, args, message, exit = 2) => {
  const { file } = await fileOf(pipeline(2055))
  const { code, out, err } = await weir(['netobserv', ...args(file), '--print-config'], { env: bare })
  expect([code, out]).toEqual([exit, ''])
  expect(err).toMatch(message)
})

test('flows of an agent are on standard output, and /ready responds as in flowlogs-pipeline', async () => {
  const [agents = 0, api = 0, health = 0] = await freePorts(3)
  const { folder, file } = await fileOf(pipeline(agents, { metricsSettings: { disableGlobalServer: true } }))
  const args = ['netobserv', '--config', file, '--data', join(folder, 'data')]
  const child = spawn(
    process.execPath,
    [join(ROOT, 'src/main.ts'), ...args, '--healthAddr', `127.0.0.1:${health}`, '--listen', `127.0.0.1:${api}`],
    { env: { ...process.env, ...bare }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await expect.poll(() => err, { timeout: 60_000 }).toContain('weir is ready')
  for (const page of ['live', 'ready'])
    expect((await fetch(`http://127.0.0.1:${health}/${page}`)).status, page).toBe(200)
  const client = agentClient(`127.0.0.1:${agents}`)
  const ports = [1, 2, 3]
  const { code } = await client.send(records(...ports.map((port) => flow([], { ports: [port, 443] }))))
  client.close()
  expect(code).toBe(0)
  await expect.poll(() => out.trim().split('\n').length, { timeout: 60_000 }).toBe(ports.length)
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(rows.map((row) => row['SrcPort'])).toEqual(ports)
  expect(rows[0]).toMatchObject({ SrcAddr: '10.0.0.1', DstAddr: '10.0.0.2', Bytes: 1000, AgentIP: '192.0.2.1' })
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${health}/metrics`)).text()
  for (const line of ['ingest_flows_processed{stage="ingest"} 3', 'records_written{stage="out"} 3'])
    await expect.poll(metrics, { timeout: 60_000 }).toContain(`\n${line}\n`)
  child.kill('SIGTERM')
  await once(child, 'close')
  expect(child.exitCode).toBe(0)
})
