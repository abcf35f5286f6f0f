import { InvalidArgumentError, Option, type Command } from 'commander'
import { action } from './client.ts'

export interface ReplayFlags {
  readonly to: Target
  readonly ports: ReadonlySet<number> | 'any'
  /** How many times faster than it was captured; Infinity: as fast as possible. */
  readonly speed: number
  readonly loop: number
  readonly countOnly?: boolean
  readonly format: 'text' | 'json'
}

/** Where datagrams go; without a port, to the port each had in the capture. */
export interface Target {
  readonly host: string
  readonly port: number | undefined
}

/** Where exporters usually send: NetFlow, IPFIX, sFlow, nfcapd. */
const usualPorts = '2055,4739,6343,9995,9996'

export function register(program: Command): void {
  program
    .command('replay')
    .description(
      'Send again what exporters sent: the NetFlow, IPFIX and sFlow datagrams found in a packet capture (pcap or pcapng).',
    )
    .argument('<file>', 'capture, as tcpdump or Wireshark writes it')
    .addOption(
      new Option('--to <HOST[:PORT]>', 'where to send; without a port, to the port each had')
        .default(target('127.0.0.1'), '127.0.0.1')
        .argParser(target),
    )
    .addOption(
      new Option('--ports <LIST>', 'UDP ports that exporters sent to, with commas between, or `any`')
        .default(ports(usualPorts), usualPorts)
        .argParser(ports),
    )
    .addOption(new Option('--speed <N>', 'times the pace of the capture, or `max`').default(1).argParser(speed))
    .addOption(new Option('--loop <N>', 'how many times over').default(1).argParser(rounds))
    .option('--count-only', 'send nothing; say what the capture holds, and the flows in it')
    .addOption(new Option('--format <FORMAT>', 'form of the counts').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Each exporter of the capture (address and port) sends from a port of its own, so that their templates stay apart; their
addresses become this machine's. Packets of other protocols, fragments and packets that the capture cut are counted and left
out. Times inside the datagrams stay as they were.

Examples:
  $ tcpdump -i any -w flows.pcap 'udp port 2055 or udp port 6343'
  $ weir replay flows.pcap --count-only
  $ weir replay flows.pcap --to collector.example:2055 --speed 10
  $ weir replay flows.pcap --speed max --loop 100

Exit code: 0 everything was sent, 1 something was not, or the file cannot be read, 2 the command line cannot be used.`,
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
    throw new InvalidArgumentError('It must be like collector.example, 10.0.0.5:2055 or [2001:db8::1]:2055.')
  return { host, port }
}

function ports(text: string): ReadonlySet<number> | 'any' {
  if (text === 'any') return text
  const found = text.split(',').map((one) => Number(one.trim()))
  if (found.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535))
    throw new InvalidArgumentError('It must be ports with commas between, such as 2055,4739, or `any`.')
  return new Set(found)
}

function speed(text: string): number {
  const value = text === 'max' ? Infinity : Number(text)
  if (Number.isNaN(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0, or `max`.')
  return value
}

function rounds(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.')
  return value
}
