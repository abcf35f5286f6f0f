// Stages of flowlogs-pipeline in `weir netobserv`: both programs run the same file, read the same lines from standard
// input, and write the same records.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { localBin, ROOT } from '../../tools/kit/command.ts'
import { freePorts } from '../kit/free-port.ts'
import { findFlowlogsPipeline } from './install/flowlogs-pipeline.ts'

const limit = { timeout: 60_000, interval: 100 }

beforeEach((context) => {
  const found = findFlowlogsPipeline()
  if (found.path === undefined) context.skip(found.reason)
})

type Row = Readonly<Record<string, unknown>>

const end = { id: 99, SrcK8S_Name: 'end', Proto: 6 }
const records: readonly Row[] = [
  {
    id: 1,
    SrcAddr: '10.2.3.4',
    DstAddr: '10.9.8.7',
    SrcPort: 40_000,
    DstPort: 443,
    Proto: 6,
    Flags: 18,
    Etype: 2048,
    Bytes: 1500,
    Packets: 3,
    SrcK8S_Name: 'shop-1',
    SrcK8S_Namespace: 'shop',
  },
  { id: 2, SrcAddr: '192.0.2.7', DstAddr: '10.0.0.1', DstPort: 53, Proto: 17, Etype: 2048, Bytes: 80, Packets: 1 },
  { id: 3, SrcAddr: '2001:db8::5', DstAddr: '2001:db8::6', Proto: 58, Etype: 34_525, Bytes: 500, DnsId: 5 },
  { id: 4, SrcAddr: '10.2.200.1', DstPort: 22, Proto: 6, Etype: 2048, Bytes: 5000, SrcK8S_Name: 'bank', note: 'x' },
  end,
]
const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')

interface Program {
  readonly command: string
  readonly args: readonly string[]
}

/** The records that a program writes up to the last one, by number, without the time and the source of Weir. */
async function rowsOf({ command, args }: Program): Promise<readonly Row[]> {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, WEIR_DATA: '', LANG: 'C' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.resume()
  const rows = (): Row[] =>
    out
      .split('\n')
      .filter((line) => line.startsWith('{"'))
      .map((line) => JSON.parse(line) as Row)
  child.stdin.write(lines)
  await expect.poll(() => rows().some(({ id }) => id === end.id), limit).toBe(true)
  child.kill('SIGTERM')
  await once(child, 'close')
  return rows()
    .map(({ TimeReceived: _, protocol: __, time_skewed: ___, ...row }) => row)
    .toSorted((a, b) => Number(a['id']) - Number(b['id']))
}

async function bothRun(
  transform: object,
): Promise<{ readonly original: readonly Row[]; readonly weir: readonly Row[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-stages-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const config = join(folder, 'flp.json')
  const [metrics = 0, health = 0, api = 0, ops = 0] = await freePorts(4)
  const file = {
    'log-level': 'error',
    pipeline: [{ name: 'in' }, { name: 'stage', follows: 'in' }, { name: 'out', follows: 'stage' }],
    parameters: [
      { name: 'in', ingest: { type: 'stdin' } },
      { name: 'stage', transform },
      { name: 'out', write: { type: 'stdout', stdout: { format: 'json' } } },
    ],
    metricsSettings: { port: metrics, prefix: 'flp_' },
  }
  await writeFile(config, JSON.stringify(file))
  const original = await rowsOf({
    command: findFlowlogsPipeline().path ?? '',
    args: ['--config', config, '--healthAddr', `127.0.0.1:${health}`],
  })
  const weir = await rowsOf({
    command: localBin('node'),
    args: ['bin/weir.mjs', 'netobserv', '--config', config, '--data', join(folder, 'data')].concat(
      ['--listen', `127.0.0.1:${api}`],
      ['--ops', `127.0.0.1:${ops}`],
    ),
  })
  return { original, weir }
}

const entry = (type: string, input: string, value?: unknown): object => ({ type, removeEntry: { input, value } })
const filter = (...rules: readonly object[]): object => ({ type: 'filter', filter: { rules } })
const generic = (policy: string): object => ({
  type: 'generic',
  generic: {
    policy,
    rules: [
      { input: 'id', output: 'id' },
      { input: 'Bytes', output: 'Bytes', multiplier: 50 },
      { input: 'Packets', output: 'packets_total', multiplier: 2 },
      { input: 'SrcAddr', output: 'client' },
      { input: 'DstPort', output: 'port' },
      { input: 'DstPort', output: 'SrcPort' },
      { input: 'note', output: 'remark' },
      { input: 'absent', output: 'never' },
    ],
  },
})
const assigned = (input: string, output: string, parameters: string, assignee?: string): object => ({
  input,
  output,
  parameters,
  ...(assignee === undefined ? {} : { assignee }),
})

describe('flowlogs-pipeline', () => {
  test.each<[string, object]>([
    [
      'rules that add fields',
      filter(
        { type: 'add_field', addField: { input: 'site', value: 'edge' } },
        { type: 'add_field_if_doesnt_exist', addFieldIfDoesntExist: { input: 'SrcK8S_Name', value: 'none' } },
        { type: 'add_field_if_doesnt_exist', addFieldIfDoesntExist: { input: 'site', value: 'core' } },
        { type: 'add_field_if', addFieldIf: assigned('Bytes', 'size', '> 1000', 'large') },
        { type: 'add_field_if', addFieldIf: assigned('DstPort', 'low', '< 100 || val == 443') },
        { type: 'add_field_if', addFieldIf: assigned('SrcK8S_Name', 'known', '== "bank"', 'yes') },
        { type: 'add_field_if', addFieldIf: assigned('size', 'size', '== "large"', 'LARGE') },
        { type: 'add_regex_if', addRegexIf: assigned('SrcAddr', 'ten', '^10\\.') },
        { type: 'add_regex_if', addRegexIf: assigned('DstPort', 'web', '^(80|443)$') },
        { type: 'remove_field', removeField: { input: 'Flags' } },
        { type: 'remove_field', removeField: { input: 'note' } },
        { type: 'add_label_if', addLabelIf: assigned('Proto', 'l4', '== 6', 'tcp') },
      ),
    ],
    [
      'rules that remove records',
      filter(
        { type: 'keep_entry_query', keepEntryQuery: 'Proto = 6 or with(DnsId)' },
        entry('remove_entry_if_equal', 'SrcK8S_Name', 'bank'),
        entry('remove_entry_if_exists', 'DnsId'),
        {
          type: 'remove_entry_all_satisfied',
          removeEntryAllSatisfied: [
            entry('remove_entry_if_equal', 'Proto', 17),
            entry('remove_entry_if_doesnt_exist', 'SrcK8S_Name'),
          ],
        },
      ),
    ],
    ['generic, with the other fields', generic('preserve_original_keys')],
    ['generic, without the other fields', generic('replace_keys')],
    [
      'network rules',
      {
        type: 'network',
        network: {
          rules: [{ type: 'add_subnet', add_subnet: { input: 'SrcAddr', output: 'SrcSubnet', subnet_mask: '/20' } }],
        },
      },
    ],
  ])('writes the same records: %s', async (_, transform) => {
    const { original, weir } = await bothRun(transform)
    expect(original.length).toBeGreaterThan(0)
    expect(weir).toEqual(original)
  })
})
