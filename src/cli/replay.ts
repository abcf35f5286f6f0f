import { InvalidArgumentError, Option, type Command } from 'commander'
import { action } from './client.ts'
import { positive } from './option-values.ts'
import { withOutput, type OutputFlags } from './output.ts'
import { examples } from './examples.ts'

export interface ReplayFlags extends OutputFlags {
  readonly to: Target
  readonly ports: ReadonlySet<number> | 'any'
  readonly speed: number
  readonly loop: number
  readonly countOnly?: boolean
}

export type Target = Readonly<{
  host: string
  port: number | undefined
}>

const defaultPorts = '2055,4739,6343,9995,9996'

export function register(program: Command): void {
  withOutput(
    program
      .command('replay')
      .description('Resend the NetFlow, IPFIX and sFlow datagrams of a packet capture (pcap or pcapng).')
      .argument('<file>', 'capture file of tcpdump or Wireshark; - is standard input')
      .addOption(
        new Option('--to <HOST[:PORT]>', 'destination; without a port, the original port of each datagram')
          .default(target('127.0.0.1'), '127.0.0.1')
          .argParser(target),
      )
      .addOption(
        new Option('--ports <LIST>', 'UDP ports of the exporters, comma-separated, or `any`')
          .default(ports(defaultPorts), defaultPorts)
          .argParser(ports),
      )
      .addOption(new Option('--speed <N>', 'speed relative to the capture, or `max`').default(1).argParser(speed))
      .addOption(new Option('--loop <N>', 'number of repetitions').default(1).argParser(positive))
      .option('--count-only', 'send nothing; count the datagrams and flows of the capture'),
  )
    .addHelpText(
      ...examples(
        [
          "tcpdump -i any -w flows.pcap 'udp port 2055 or udp port 6343'",
          'weir replay flows.pcap --count-only',
          'weir replay flows.pcap --to collector.example:2055 --speed 10',
          'weir replay flows.pcap --speed max --loop 100',
          'ssh router tcpdump -w - udp port 2055 | weir replay -',
        ],
        { 0: 'all datagrams sent', 1: 'send failure or unreadable file' },
        `Each exporter of the capture (address and port) sends from a separate port, which keeps templates apart.
The source address is that of this machine. Packets of other protocols, fragments and truncated packets are counted and
skipped. Times inside the datagrams are not changed.`,
      ),
    )
    .action(
      action(async (file: string, flags: ReplayFlags) =>
        (await import('./replay/command.ts')).replayCommand(file, flags),
      ),
    )
}

function target(text: string): Target {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]+)|([0-9a-fA-F]*:[0-9a-fA-F:]+))(?::(\d+))?$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? match?.[3]
  const port = match?.[4] === undefined ? undefined : Number(match[4])
  if (host === undefined || port === 0 || (port ?? 0) > 65_535)
    throw new InvalidArgumentError('It must have the form collector.example, 10.0.0.5:2055 or [2001:db8::1]:2055.')
  return { host, port }
}

function ports(text: string): ReadonlySet<number> | 'any' {
  if (text === 'any') return text
  const results = text.split(',').map((part) => Number(part.trim()))
  if (results.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535))
    throw new InvalidArgumentError('It must be comma-separated ports, such as 2055,4739, or `any`.')
  return new Set(results)
}

function speed(text: string) {
  const value = text === 'max' ? Infinity : Number(text)
  if (Number.isNaN(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0, or `max`.')
  return value
}
