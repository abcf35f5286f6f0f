// A real exporter: pmacctd reads a capture and exports it as NetFlow v9, IPFIX (nfprobe) or sFlow (sfprobe).
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { install } from '../install/apt.ts'
import { pmacct } from '../install/pmacct.ts'

export interface PmacctOptions {
  readonly file: string
  readonly port: number
  readonly plugin: 'nfprobe' | 'sfprobe'
  /** Of nfprobe. */
  readonly version?: 9 | 10
  /** Sampling interval. Default 1. */
  readonly sampling?: number
}

/**
 * Resolves when pmacctd has sent everything and ended; throws if it fails. At its end sfprobe drops a partial datagram
 * (`pcap_savefile_wait` would repeat the last samples): see `tail` of buildCapture.
 */
export async function replayPmacct({ file, port, plugin, version = 9, sampling = 1 }: PmacctOptions): Promise<void> {
  const program = await install(pmacct)
  if (program.path === undefined) throw new Error(program.reason)
  const config = join(dirname(file), `pmacctd-${port}.conf`)
  const own =
    plugin === 'nfprobe'
      ? [
          `nfprobe_receiver: 127.0.0.1:${port}`,
          `nfprobe_version: ${version}`,
          // Longer than the capture: a flow is sent once, at the end. (With expint=0 packets at the end are counted
          // twice.)
          'nfprobe_timeouts: tcp=600:tcp.rst=600:tcp.fin=600:udp=600:icmp=600:general=600:maxlife=3600:expint=60',
          'nfprobe_maxflows: 1000000',
          'aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags',
        ]
      : [`sfprobe_receiver: 127.0.0.1:${port}`, 'sfprobe_agentip: 192.0.2.1']
  const lines = [
    'daemonize: false',
    `pcap_savefile: ${file}`,
    `plugins: ${plugin}[probe]`,
    ...own,
    // The whole capture fits between its processes: what does not is lost there.
    'plugin_pipe_size: 268435456',
    'plugin_buffer_size: 65536',
    ...(sampling === 1 ? [] : [`sampling_rate: ${sampling}`]),
  ]
  await writeFile(config, `${lines.join('\n')}\n`)
  const result = await runCommand(program.path, ['-f', config], { limit: 120_000, cwd: dirname(file) })
  // Sometimes the plugin ends before the core expects it.
  const late = result.code === 1 && result.output.includes('no more plugins active')
  if (result.code !== 0 && !late) throw new Error(`pmacctd failed (exit ${result.code}):\n${result.output}`)
}
