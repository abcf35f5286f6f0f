// nfacctd with NetObserv's elements as custom primitives; it prints each flow as JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../kit/free-port.ts'
import { install } from '../install/apt.ts'
import { pmacct } from '../install/pmacct.ts'

export type NfacctdRow = readonly (string | number)[]

export interface Nfacctd {
  readonly port: number
  /**
   * Resolves when it printed `count` flows, with these: source address, bytes, packets, namespaces, names and nodes of
   * both ends, round-trip time, interfaces, directions.
   */
  rows(count: number): Promise<NfacctdRow[]>
  [Symbol.asyncDispose](): Promise<void>
}

const texts = {
  src_namespace: 7733,
  src_pod: 7734,
  dst_namespace: 7735,
  dst_pod: 7736,
  src_node: 7737,
  dst_node: 7738,
} as const
const lists = { ifaces: 7741, ifdirs: 7742 } as const
const patienceMs = 60_000

/** Resolves when it listens. */
export async function startNfacctd(folder: string): Promise<Nfacctd> {
  const program = await install(pmacct)
  if (program.path === undefined) throw new Error(program.reason)
  const [port = 0] = await freePorts(1)
  const [config, primitives] = [join(folder, 'nfacctd.conf'), join(folder, 'primitives')]
  const strings = Object.entries({ ...texts, ...lists }).map(
    ([name, id]) => `name=${name} field_type=2:${id} len=vlen semantics=str`,
  )
  await writeFile(primitives, `${[...strings, 'name=rtt_ns field_type=2:7740 len=8 semantics=u_int'].join('\n')}\n`)
  const fields = ['src_host', 'src_port', 'dst_port', ...Object.keys(texts), ...Object.keys(lists), 'rtt_ns']
  const lines = [
    'daemonize: false',
    'nfacctd_ip: 127.0.0.1',
    `nfacctd_port: ${port}`,
    'nfacctd_pipe_size: 8388608',
    // With larger buffers between its processes, records of variable length are damaged.
    'plugins: print[p]',
    'print_output: json',
    'print_refresh_time: 1',
    `aggregate_primitives: ${primitives}`,
    `aggregate: ${fields.join(', ')}`,
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const child = spawn(join(dirname(program.path), 'nfacctd'), ['-f', config], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const exited = once(child, 'exit').finally(() => process.off('exit', killWithUs))
  let printed = ''
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const until = async (isDone: () => boolean, what: string): Promise<void> => {
    for (let waited = 0; !isDone(); waited += 50) {
      if (waited > patienceMs || child.exitCode !== null)
        throw new Error(`nfacctd: ${what}:\n${log}\n${printed.slice(-2000)}`)
      await sleep(50)
    }
  }
  await until(() => `${log}${printed}`.includes('waiting for NetFlow/IPFIX data'), 'it was not ready')
  const rows = (): NfacctdRow[] =>
    printed
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => rowOf(JSON.parse(line) as Readonly<Record<string, string | number>>))
  return {
    port,
    async rows(count) {
      await until(() => rows().length >= count, `it printed fewer than ${count} flows`)
      return rows()
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGINT')
      await exited
    },
  }
}

function rowOf(flow: Readonly<Record<string, string | number>>): NfacctdRow {
  const names = [...Object.keys(texts), 'rtt_ns', ...Object.keys(lists)].map((name) =>
    name === 'rtt_ns' ? Number(flow[name] ?? 0) : String(flow[name] ?? ''),
  )
  return [flow['ip_src'] ?? '', Number(flow['bytes'] ?? 0), Number(flow['packets'] ?? 0), ...names]
}
