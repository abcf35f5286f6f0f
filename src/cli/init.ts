import { InvalidArgumentError, Option, type Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { writePublicFile } from '../host/public-file.ts'
import { WeirError } from '../model/errors.ts'
import { action, CommandError } from './client.ts'
import { examples } from './examples.ts'
import {
  accesses,
  collected,
  defaultAccess,
  defaults,
  isContainer,
  stores,
  targetNames,
  type Choices,
} from './init/choices.ts'
import { readCollected, readImage, readName, readPort, readTarget } from './init/questions.ts'
import { webhookOf } from './init/sink-urls.ts'
import { collect } from './option-values.ts'

type InitFlags = Readonly<
  Omit<Partial<Choices>, 'target'> & {
    target?: string
    sink: readonly string[]
    yes?: boolean
    force?: boolean
    dir: string
  }
>

/** For values of flags, with the message of the question. */
const reading =
  <T>(read: (text: string) => T) =>
  (text: string): T => {
    try {
      return read(text)
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
    }
  }

export function register(program: Command): void {
  program
    .command('init')
    .description(
      'Write weir.yaml and the manifest of its target after five questions. A flag answers its question; with ' +
        '--yes the others take their defaults. Existing files are kept.',
    )
    .option(
      '--collect <KINDS>',
      `what to collect, separated by commas: ${Object.keys(collected).join(', ')} (default ` +
        `${defaults.collect.join(',')})`,
      reading(readCollected),
    )
    .addOption(
      new Option(
        '--target <TARGET>',
        `where Weir runs (default ${defaults.target}; helm is another word for kubernetes)`,
      ).choices(targetNames),
    )
    .addOption(new Option('--store <STORE>', `the store (default ${defaults.store})`).choices(Object.keys(stores)))
    .option(
      '--sink <URL>',
      'deliver to it, such as nats://nats:4222 or file:PATH; may be repeated. Slack, Teams and Alertmanager receive ' +
        'alerts',
      collect,
      [],
    )
    .addOption(
      new Option(
        '--access <ACCESS>',
        'which clients have access (default local; generated for docker and kubernetes)',
      ).choices(Object.keys(accesses)),
    )
    .option('--name <NAME>', `name of the instance and the cluster (default ${defaults.name})`, reading(readName))
    .option('--port <PORT>', `port of API and console (default ${defaults.port})`, reading(readPort))
    .option(
      '--image <IMAGE>',
      'image for docker and kubernetes, such as registry.example.com/weir:0.1.0 (default: one built on this machine)',
      reading(readImage),
    )
    .option('--dir <DIR>', 'folder of the files', '.')
    .option('-y, --yes', 'take the defaults without prompts')
    .option('--force', 'overwrite existing files')
    .addHelpText(
      ...examples(
        [
          'weir init',
          'weir init --yes --target docker --sink nats://nats:4222',
          'weir init --yes --collect kubernetes,events --target helm --image registry.example.com/weir:0.1.0',
          'weir init --yes --sink https://hooks.slack.com/services/T000/B000/XXX',
        ],
        { 1: 'a file exists or cannot be written', 2: 'usage error or invalid configuration' },
      ),
    )
    .action(action(run))
}

async function run({ sink, yes, force, dir, target, ...flags }: InitFlags) {
  const [{ configurationText }, { filesOf }, { nextSteps }] = await Promise.all([
    import('./init/configuration.ts'),
    import('./init/manifests.ts'),
    import('./init/next-steps.ts'),
  ])
  const given: Partial<Choices> = {
    ...flags,
    ...(target === undefined ? {} : { target: readTarget(target) }),
    ...(sink.length === 0 ? {} : { sinks: sink }),
  }
  const choices = yes === true ? withDefaults(given) : await promptFor(given)
  if (choices.access === 'local' && isContainer(choices.target))
    throw new CommandError(
      'With local access nothing outside of the container could connect.',
      ['Use --access generated or --access token.'],
      2,
    )
  if (choices.store === 'none' && choices.sinks.some((url) => webhookOf(url) !== undefined))
    throw new CommandError(
      'Slack, Teams and Alertmanager receive alerts, and alert rules need a store.',
      ['Use --store parquet.'],
      2,
    )
  const configuration = configurationText(choices)
  await check(configuration)
  const files = filesOf(choices, configuration)
  if (force !== true) await refuseExisting(dir, files)
  await write(dir, files)
  self.stdout(
    `${files.map(({ name }) => `${dir}/${name}\n`).join('')}\nNext:\n` +
      (await nextSteps(choices, configuration, dir)).map((step) => `  ${step}\n`).join(''),
  )
}

function withDefaults(given: Partial<Choices>): Choices {
  return { ...defaults, access: defaultAccess(given.target ?? defaults.target), ...given }
}

async function promptFor(given: Partial<Choices>): Promise<Choices> {
  const [{ canPrompt, openPrompt }, { promptChoices }] = await Promise.all([
    import('../host/prompt.ts'),
    import('./init/questions.ts'),
  ])
  if (!canPrompt())
    throw new CommandError(
      'There is no terminal for the questions.',
      ['Add --yes, and flags for what differs from the defaults.'],
      2,
    )
  const prompt = openPrompt()
  try {
    return await promptChoices(
      (question) => prompt.read(question),
      (text) => self.stderr(text),
      given,
    )
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandError(error.message, ['Nothing was written.'])
  } finally {
    prompt.close()
  }
}

/** As a start would, except for files and variables of the machine that it will run on. */
async function check(text: string) {
  const [{ loadDocument }, { parseYaml }] = await Promise.all([
    import('../app/load-config.ts'),
    import('../schema/index.ts'),
  ])
  try {
    await loadDocument(parseYaml(text, 'weir.yaml'), [], 'none')
  } catch (error) {
    if (!(error instanceof WeirError)) throw error
    throw new CommandError('These choices make no valid configuration, so nothing was written.', [error.message], 2)
  }
}

type Files = readonly Readonly<{ name: string; text: string }>[]

async function refuseExisting(folder: string, files: Files) {
  const { disk } = realHost()
  for (const { name } of files)
    if ((await disk.stat(`${folder}/${name}`)) !== undefined)
      throw new CommandError(`${folder}/${name} already exists, so nothing was written.`, [
        'Choose another folder with --dir, or overwrite with --force.',
      ])
}

async function write(folder: string, files: Files) {
  // A container reads them as another user.
  for (const { name, text } of files) await writePublicFile(`${folder}/${name}`, text)
}
