import { Option, type Command } from 'commander'
import { self } from '../host/process.ts'
import { settings, tokenFlags, type Setting } from '../presets/insights-remote/flags.ts'
import type { Flags } from '../presets/insights-remote/index.ts'
import { action, CommandError } from './client.ts'
import { presetHelp, runPreset, withPresetFlags, type PresetFlags } from './preset.ts'

const name = 'insights-remote'
const list = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export function register(program: Command): void {
  const command = program
    .command(name)
    .description(
      'Replace insights-remote of Lagoon: publish image reports, facts and problems to its broker, and give tokens ' +
        'to environments. Flags and variables are those of insights-remote.',
    )
  for (const setting of Object.values(settings)) command.addOption(optionOf(setting))
  command.option('--generate-token-only', 'print a token for the environment of the next flags and exit')
  for (const flag of Object.values(tokenFlags)) command.option(`--${flag} <TEXT>`, 'of the token')
  withPresetFlags(command, { ops: 'metrics and health, instead of --health-probe-bind-address' })
    .addHelpText(
      ...presetHelp({
        name,
        original: 'insights-remote',
        commands: [
          'INSIGHTS_TOKEN_SECRET=... RABBITMQ_ADDRESS=lagoon-core-broker weir insights-remote --leader-elect',
          'weir insights-remote --enable-webservice=false --enable-namespace-reconciler=false --print-config',
        ],
        exits: { 1: 'start failure' },
        about: `Variables override flags. INSIGHTS_TOKEN_SECRET_PREVIOUS is the secret before a rotation.
Flags with one dash work, too.`,
      }),
    )
    .action(action(run))
}

export function withSingleDashes(args: readonly string[]): string[] {
  if (args[0] !== name) return [...args]
  return args.map((arg) => (/^-[a-z][\w-]+(?:=|$)/.test(arg) ? `-${arg}` : arg))
}

function optionOf({ flag, env, kind, otherwise, help }: Setting): Option {
  const value = { truth: '[BOOL]', text: '<TEXT>', count: '<N>', list: '<NAME=VALUE>' }[kind]
  const notes = [env, otherwise === '' ? undefined : `default ${otherwise}`].filter((note) => note !== undefined)
  const option = new Option(`--${flag} ${value}`, notes.length === 0 ? help : `${help} (${notes.join('; ')})`)
  return kind === 'list' ? option.argParser(list) : option
}

async function run(given: PresetFlags & Flags) {
  const flags = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    ]),
  ) as Flags
  if (flags['generate-token-only'] === true) return await printToken(flags)
  await runPreset(given, {
    name,
    invalid: 1,
    exitCode: () => 1,
    async plan(folder) {
      const { insightsRemotePreset } = await import('../presets/insights-remote/index.ts')
      return {
        ...insightsRemotePreset({ flags, env: self.env, data: folder }),
        fresh: 'ConfigMaps that are marked as processed are not published again.',
      }
    },
  })
}

async function printToken(flags: Flags) {
  const [{ isWeakSecret, leastSecret, mintToken }, { Reader }] = await Promise.all([
    import('../net/lagoon-token.ts'),
    import('../presets/insights-remote/settings.ts'),
  ])
  const claim = (key: keyof typeof tokenFlags) => {
    const value = flags[tokenFlags[key]]
    if (typeof value === 'string' && value !== '') return value
    throw new CommandError(`--${tokenFlags[key]} is missing: a token needs all four claims`, [], 1)
  }
  const read = new Reader(flags, self.env)
  const secret = read.text('tokenSecret')
  if (secret === '' || (isWeakSecret(secret) && !read.truth('weak')))
    throw new CommandError(
      `INSIGHTS_TOKEN_SECRET is not set, or can be guessed: set at least ${leastSecret} random bytes`,
      [],
      1,
    )
  const claims = {
    environmentId: claim('environmentId'),
    environmentName: claim('environmentName'),
    namespace: claim('namespace'),
    projectName: claim('projectName'),
  }
  self.stdout(`${await mintToken(secret, claims)}\n`)
}
