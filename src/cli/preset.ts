/** A replacement for another program: generates a configuration from its settings and runs it. */
import type { Command } from 'commander'
import { realHost, replaceFile, type Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { messageOf, stackOf, WeirError } from '../model/errors.ts'
import type { RunningWeir } from '../app/start/index.ts'
import { makeDataFolder, refuseHeld } from '../app/lock.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import { CommandError, defaultData, type ExitCode } from './client.ts'
import { examples, type Exits } from './examples.ts'

type PresetStart = Readonly<{
  name: string
  folder: string
  text: string
  files: Readonly<Record<string, string>>
  notes: readonly string[]
  fresh: string
  listen: string | undefined
  ops: string | undefined
  /** Maps an error at start to the other program's exit code; undefined for an error that is no WeirError. */
  exitCode: (error: WeirError | undefined) => number
  started?: (weir: RunningWeir) => void
}>

export type PresetFlags = Readonly<{
  data?: string
  listen?: string
  ops?: string
  printConfig?: boolean
}>

interface Preset extends Pick<PresetStart, 'name' | 'exitCode'> {
  readonly invalid: ExitCode
  readonly plan: (
    folder: string,
  ) => Promise<
    Pick<PresetStart, 'notes' | 'fresh'> &
      Readonly<{ config: Readonly<Record<string, unknown>>; files?: PresetStart['files'] }>
  >
}

export async function runPreset(
  { data, listen, ops, printConfig }: PresetFlags,
  { name, exitCode, invalid, plan }: Preset,
): Promise<void> {
  const [{ PresetProblem }, { stringify }] = await Promise.all([import('../presets/given.ts'), import('yaml')])
  const folder = data ?? self.env['WEIR_DATA'] ?? defaultData
  const {
    config,
    files = {},
    notes,
    fresh,
  } = await plan(folder).catch((error: unknown) => {
    if (error instanceof PresetProblem)
      throw new CommandError(error.message, [`\`weir ${name} --help\` lists the settings.`], invalid)
    throw error
  })
  const text = stringify(config)
  if (printConfig !== true) return await startPreset({ name, folder, text, files, notes, fresh, listen, ops, exitCode })
  await printPreset({ name, text, notes, invalid })
}

/** Throws CommandError with code `invalid`, and prints nothing, if `weir run` would reject the configuration. */
export async function printPreset({
  name,
  text,
  notes,
  invalid,
}: Pick<PresetStart, 'name' | 'text' | 'notes'> & Pick<Preset, 'invalid'>): Promise<void> {
  await verifyInputs(name, text).catch((error: unknown) => {
    if (!(error instanceof WeirError)) throw error
    throw new CommandError(`the inputs are invalid\n${error.message}`, [error.advice], invalid)
  })
  for (const note of notes) self.stderr(`weir ${name}: ${note}\n`)
  self.stdout(text)
}

/** Throws WEIR_CONFIG_INVALID, which names the inputs. */
async function verifyInputs(name: string, text: string) {
  const [{ loadDocument }, { parseYaml }] = await Promise.all([
    import('../app/load-config.ts'),
    import('../schema/index.ts'),
  ])
  await namingInputs(name, () => loadDocument(parseYaml(text, `${name}.yaml`), []))
}

/** Faults of the generated file, which no user wrote, become faults of the inputs. */
async function namingInputs<T>(name: string, act: () => Promise<T>): Promise<T> {
  const [{ ConfigError }, { formatProblems }, { inputOf }] = await Promise.all([
    import('../app/load-config.ts'),
    import('../schema/problem.ts'),
    import('../presets/inputs.ts'),
  ])
  return await act().catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
    const results = error.problems.map((problem) => {
      // Variables of Weir are the user's.
      if (problem.line === 0) return problem
      const file = inputOf(name, problem.path) ?? `weir ${name}`
      const message = `${problem.message} (setting ${problem.path})`
      return { ...problem, file, line: 0, column: 0, path: '', message }
    })
    const advice = `\`weir ${name} --help\` lists the inputs.`
    throw new WeirError('WEIR_CONFIG_INVALID', formatProblems(results, ''), { cause: error, advice })
  })
}

export async function startPreset({
  name,
  folder,
  text,
  files,
  notes,
  fresh,
  listen,
  ops,
  exitCode,
  started,
}: PresetStart): Promise<void> {
  for (const note of notes) self.stderr(`weir ${name}: ${note}\n`)
  const host = realHost()
  try {
    if ((await host.disk.stat(`${folder}/journal`)) === undefined)
      self.stderr(`weir ${name}: ${folder} is new: ${fresh}\n`)
    await verifyInputs(name, text)
    await makeDataFolder(host, folder)
    refuseHeld(folder)
    await writeFiles(host, folder, { ...files, [`${name}.yaml`]: text })
    await namingInputs(name, () => verifySources(host, `${folder}/${name}.yaml`))
    const { runCommand } = await import('./run.ts')
    await runCommand(
      [
        '--config',
        `${folder}/${name}.yaml`,
        '--data',
        folder,
        ...(listen === undefined ? [] : ['--listen', listen]),
        ...(ops === undefined ? [] : ['--ops', ops]),
      ],
      started,
    )
  } catch (error) {
    if (!(error instanceof WeirError)) self.stderr(`weir: ${stackOf(error)}\n`)
    else
      self.stderr(
        `${error.message.includes('\n') ? '' : 'weir: '}${withoutUrlSecrets(error.message)}\n      ${error.advice}\n`,
      )
    // Workers of a failed start must not keep the process alive.
    self.exit(exitCode(error instanceof WeirError ? error : undefined))
  }
}

export async function writeFiles(host: Host, folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, content] of Object.entries(files))
    await replaceFile(host.disk, folder, file, [new TextEncoder().encode(content)])
}

/** The other program ends at start on errors that a source would retry. Throws WEIR_CONFIG_INVALID. */
async function verifySources(host: Host, file: string) {
  const [{ loadConfig }, { verifyMachine }, { loadSource }] = await Promise.all([
    import('../app/load-config.ts'),
    import('../app/config-machine.ts'),
    import('../components/registry.ts'),
  ])
  const loaded = await loadConfig(host, [file], [])
  const { config } = loaded
  await verifyMachine(host, loaded)
  for (const { id, type, settings } of Object.values(config.sources)) {
    const source = await loadSource(type)
    await source.verify?.(settings, { id, host }).catch((cause: unknown) => {
      throw new WeirError('WEIR_CONFIG_INVALID', `source ${id}: ${messageOf(cause)}`, {
        cause,
        advice: 'Correct the setting that this message names.',
      })
    })
  }
}

export function withPresetFlags(
  command: Command,
  { listen = 'API and console (default 127.0.0.1:8080)', ops = 'metrics and health (default 0.0.0.0:8081)' } = {},
): Command {
  return command
    .option('--data <DIR>', `data folder (WEIR_DATA; default ${defaultData})`)
    .option('--listen <HOST:PORT>', listen)
    .option('--ops <HOST:PORT>', ops)
    .option('--print-config', 'print the resulting configuration and exit')
}

type PresetHelp = Readonly<{
  name: string
  /** The program that the command replaces. */
  original: string
  commands: readonly string[]
  exits: Exits
  /** Text before the examples. */
  about?: string
  guide?: string
}>

export function presetHelp(help: PresetHelp): ['after', string] {
  const { name, original, commands, exits, about, guide = name } = help
  const generated = `The command generates a configuration, stores it as ${name}.yaml in the data folder, and runs
it with \`weir run\`. WEIR_* variables override it. Differences from ${original}: \`weir help guide/${guide}\`.`
  return examples(commands, { 0: 'clean stop', ...exits }, about === undefined ? generated : `${about}\n\n${generated}`)
}
