import { InvalidArgumentError, Option, type Command } from 'commander'
import { Complaint, parseBytes, parseDuration } from '../schema/index.ts'
import { action } from './client.ts'
import { examples } from './examples.ts'
import { positive } from './option-values.ts'
import { withOutput } from './output.ts'
import type { SimulateFlags } from './simulate/command.ts'

const kinds = ['kill', 'torn', 'full', 'partition', 'slow'] as const

export function register(program: Command): void {
  withOutput(
    program
      .command('simulate')
      .description(
        'Run a configuration for hours of simulated time, with simulated sources and sinks and with faults, and ' +
          'print ledger, lags, peaks and what to change. Nothing is sent or written, and one seed gives one report.',
      )
      .argument('[file...]', 'the configuration: files and folders (default: that of the installation)')
      .option('--seed <N>', 'number from which all that is random is drawn', positive, 1)
      .addOption(
        new Option('--faults <KINDS>', 'kill, torn, full, partition, slow, or none; partition:2h has this length')
          .argParser(faultsOf)
          .default(faultsOf(kinds.join(',')), 'all kinds'),
      )
      .option('--hours <HOURS>', 'simulated time', hoursOf, 24)
      .option('--rate <ID=ROWS>', 'rows per second of a source (default: 1000 flows or 50 events)', numberOf)
      .option('--size <ID=SIZE>', 'size of an average event of a source (default: 400B)', sizeOf)
      .option('--takes <ID=ROWS>', 'rows per second that the target of a sink takes (default: no limit)', numberOf)
      .option('--largest <ID=SIZE>', 'size of the largest message that the target of a sink takes', sizeOf)
      .addOption(
        new Option('--disk <SIZE>', 'size of the volume with the data folder')
          .argParser(bytesOf)
          .default(64 * 2 ** 30, '64GiB'),
      )
      .option('--rows <ROWS>', 'maximum rows to simulate; beyond it each row stands for several', positive, 400_000)
      .option('--no-environment', 'variables need not exist; settings with a variable are unknown'),
  )
    .addHelpText(
      ...examples(
        [
          'weir simulate --seed 7 --hours 24',
          'weir simulate new.yaml --rate netflow=5000 --takes archive=800 --faults partition:4h',
          "weir simulate weir.yaml -o json | jq '.findings'",
        ],
        {
          0: 'no finding',
          1: 'findings',
          2: 'invalid configuration or usage error',
        },
      ),
    )
    .action(
      action(async (files: readonly string[], flags: SimulateFlags) => {
        const { simulateCommand } = await import('./simulate/command.ts')
        await simulateCommand(files, flags)
      }),
    )
}

function faultsOf(text: string): SimulateFlags['faults'] {
  if (text === 'none') return []
  return text.split(',').map((written) => {
    const [name = '', length] = written.split(':')
    const kind = kinds.find((candidate) => candidate === name)
    if (kind === undefined) throw new InvalidArgumentError(`${name} is no fault. It must be of ${kinds.join(', ')}.`)
    return { kind, ms: length === undefined ? undefined : durationOf(length) }
  })
}

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (ms instanceof Complaint || ms <= 0) throw new InvalidArgumentError('A length must be a time such as 30m or 2h.')
  return ms
}

function hoursOf(text: string): number {
  const hours = Number(text)
  if (!(hours >= 0.1 && hours <= 168)) throw new InvalidArgumentError('It must be a number of hours from 0.1 to 168.')
  return hours
}

function bytesOf(text: string): number {
  const bytes = parseBytes(text)
  if (bytes instanceof Complaint || bytes <= 0)
    throw new InvalidArgumentError('It must be a size such as 64KiB or 10GiB.')
  return bytes
}

type Numbers = ReadonlyMap<string, number>

function withNumber(text: string, before: Numbers | undefined, read: (value: string) => number): Numbers {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be an id, `=` and a value, as netflow=5000.')
  return new Map([...(before ?? []), [text.slice(0, at), read(text.slice(at + 1))]])
}

const numberOf = (text: string, before?: Numbers): Numbers =>
  withNumber(text, before, (value) => {
    const rows = Number(value)
    if (value === '' || !(rows >= 0 && rows <= 10_000_000))
      throw new InvalidArgumentError('It must be a number of rows per second, as netflow=5000.')
    return rows
  })

const sizeOf = (text: string, before?: Numbers): Numbers => withNumber(text, before, bytesOf)
