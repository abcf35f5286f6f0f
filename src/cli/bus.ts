import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { action, CommandError } from './client.ts'
import { collect } from './option-values.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { findingsData } from './doctor/finding.ts'
import { examples } from './examples.ts'

interface BusFlags extends OutputFlags {
  readonly config: readonly string[]
  readonly sink?: string
  readonly write: boolean
  readonly makeQueue?: boolean
  readonly timeout: string
}

export function register(program: Command): void {
  const bus = program.command('bus').description('Test a message bus.')
  withOutput(
    bus
      .command('check')
      .description(
        'Connect to a message bus, send a message, receive it, and report the permissions of the credentials.',
      )
      .argument(
        '[url]',
        'URL of the bus as in kollect, with its variables for servers and credentials: nats://SUBJECT, ' +
          'kafka://TOPIC …; or http(s)://. With --sink: the same as --config',
      )
      .option(
        '--config <FILE>',
        'configuration file or folder with the sink; may be repeated, later files override earlier ones',
        collect,
        [],
      )
      .option('--sink <ID>', 'test this sink of the configuration instead of a URL')
      .option('--no-write', 'connect and inspect, but send nothing')
      .option('--make-queue', 'on SNS: create a queue and a subscription to receive the message, and remove both')
      .option('--timeout <SECONDS>', 'timeout of each step', '15'),
  )
    .addHelpText(
      ...examples(
        [
          'NATS_SERVER_URL=nats://nats:4222 weir bus check nats://cluster.changes',
          'KAFKA_BROKERS=kafka-1:9092 weir bus check kafka://cluster-changes --no-write',
          'weir bus check --config weir.yaml --sink bus',
          'weir bus check awssns:///arn:aws:sns:eu-central-1:123456789012:changes --make-queue',
        ],
        { 0: 'no check failed (warnings included)', 1: 'a check failed' },
        `The message is a CloudEvent of type io.weir.bus.check. Consumers of the bus receive it, too.
--no-write sends none.`,
      ),
    )
    .action(action(run))
}

async function run(url: string | undefined, { config, sink, write, makeQueue = false, timeout, output }: BusFlags) {
  const seconds = Number(timeout)
  if (!(seconds > 0 && seconds <= 600))
    throw new CommandError(`\`${timeout}\` is not a number of seconds.`, ['Use 1 to 600, such as --timeout 15.'], 2)
  if (url === undefined && sink === undefined)
    throw new CommandError(
      'Give either the URL of a bus, or --sink with the id of a sink.',
      ['`weir bus check --help` has examples.'],
      2,
    )
  const { busOfUrl, busOfSink, checkBus } = await import('./bus-check.ts')
  const bus =
    sink === undefined
      ? await busOfUrl(url ?? '')
      : await busOfSink([...config, ...(url === undefined ? [] : [url])], sink)
  const findings = await checkBus(bus, { write, mayCreate: makeQueue, stepMs: seconds * 1000 })
  const data = findingsData(findings)
  await printData({ output }, data)
  if (!data.whole.ok) self.leave(1)
}
