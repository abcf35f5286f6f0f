import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { freePorts } from '../../test/kit/free-port.ts'
import { ROOT } from '../../tools/kit/command.ts'
import { temporaryFolder } from './testing/command.ts'

type Row = Readonly<Record<string, unknown>>

const stages = [
  {
    name: 'services',
    transform: {
      type: 'network',
      network: {
        rules: [
          { type: 'add_service', add_service: { input: 'DstPort', output: 'service', protocol: 'Proto' } },
          { type: 'add_subnet', add_subnet: { input: 'SrcAddr', output: 'SrcSubnet', subnet_mask: '/24' } },
        ],
      },
    },
  },
  {
    name: 'filters',
    transform: {
      type: 'filter',
      filter: {
        rules: [
          { type: 'remove_entry_if_equal', removeEntry: { input: 'Proto', value: 17 } },
          {
            type: 'add_label_if',
            addLabelIf: { input: 'service', output: 'tier', parameters: '== "https"', assignee: 'web' },
          },
        ],
      },
    },
  },
  {
    name: 'generic',
    transform: {
      type: 'generic',
      generic: {
        policy: 'replace_keys',
        rules: [
          { input: 'SrcSubnet', output: 'net' },
          { input: 'service', output: 'svc' },
          { input: 'labels', output: 'labels' },
          { input: 'Bytes', output: 'Bytes', multiplier: 10 },
        ],
      },
    },
  },
  { name: 'out', write: { type: 'stdout', stdout: { format: 'json' } } },
]

const records = [
  { SrcAddr: '10.1.2.3', DstPort: 443, Proto: 6, Bytes: 100 },
  { SrcAddr: '10.1.9.9', DstPort: 53, Proto: 17, Bytes: 7 },
  { SrcAddr: '2001:db8::1', DstPort: 7443, Proto: 6, Bytes: 5 },
]
const expected = [
  { net: '10.1.2.0/24', svc: 'https', labels: 'tier=web', Bytes: 1000 },
  { net: '2001:d00::/24', Bytes: 50 },
]
const input = records.map((record) => `${JSON.stringify(record)}\n`).join('')

/** Runs the pipeline behind an ingest stage; the result is the rows on standard output. */
async function start(
  folder: string,
  ingest: object,
): Promise<{
  readonly rows: () => readonly Row[]
  readonly stdin: NodeJS.WritableStream
  readonly stop: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | null>
}> {
  const [api = 0, ops = 0] = await freePorts(2)
  const file = join(folder, 'flp.yaml')
  const all = [{ name: 'ingest', ingest }, ...stages]
  const pipeline = all.map(({ name }, index) => ({ name, ...(index === 0 ? {} : { follows: all[index - 1]?.name }) }))
  await writeFile(file, stringify({ pipeline, parameters: all, metricsSettings: { disableGlobalServer: true } }))
  const args = ['netobserv', '--config', file, '--data', join(folder, 'data'), '--listen', `127.0.0.1:${api}`]
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), ...args, '--ops', `127.0.0.1:${ops}`], {
    env: { ...process.env, WEIR_DATA: '', HOME: '/nowhere' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.resume()
  return {
    rows: () =>
      out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row),
    stdin: child.stdin,
    async stop(signal) {
      child.kill(signal)
      await once(child, 'close')
      return child.exitCode
    },
  }
}

test('a pipeline from standard input to standard output has the rows of flowlogs-pipeline', async () => {
  const { rows, stdin, stop } = await start(await temporaryFolder(), { type: 'stdin' })
  stdin.write(input.slice(0, 40))
  stdin.write(input.slice(40))
  await expect.poll(rows, { timeout: 60_000 }).toEqual(expected)
  expect(await stop('SIGTERM')).toBe(0)
})

test('a file is read once, also by a process that follows a killed one', async () => {
  const folder = await temporaryFolder()
  const filename = join(folder, 'flows.json')
  await writeFile(filename, input)
  const ingest = { type: 'file', file: { filename, decoder: { type: 'json' } } }
  const killed = await start(folder, ingest)
  await expect.poll(killed.rows, { timeout: 60_000 }).toEqual(expected)
  await killed.stop('SIGKILL')
  await writeFile(filename, `${input}${JSON.stringify({ SrcAddr: '10.5.0.1', Proto: 6, Bytes: 1 })}`)
  const next = await start(folder, ingest)
  await expect.poll(next.rows, { timeout: 60_000 }).toContainEqual({ net: '10.5.0.0/24', Bytes: 10 })
  // A sink without ids may repeat its last batch after a kill, but the source reads no line twice.
  expect(next.rows().filter(({ net }) => net === '10.5.0.0/24')).toHaveLength(1)
  expect(await next.stop('SIGTERM')).toBe(0)
})
