import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { printPaged, terminalWidth } from '../host/terminal.ts'
import { nearest } from '../schema/suggest.ts'
import { action, CommandError } from './client.ts'
import { colour } from './colour.ts'
import { examples } from './examples.ts'
import { listTopics, nameOf, readTopic, topicOf, type Topic } from './help/topics.ts'
import { textTable } from './text-table.ts'

export function register(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('Show the help of a command, or a document of this version. `weir help topics` lists the documents.')
    .argument('[name...]', 'a command, or a document such as `filters`')
    .addHelpText(
      ...examples(['weir help query', 'weir help filters', 'weir help guide/kollect', 'weir help topics'], {
        1: 'the installation has no documents',
        2: 'neither a command nor a document',
      }),
    )
    .action(action((names: readonly string[]) => help(program, names)))
  program
    .command('man')
    .description('Print the manual page of every command, in the format of man(7).')
    .addHelpText(...examples(['weir man | man -l -', 'weir man > /usr/local/share/man/man1/weir.1']))
    .action(
      action(async () => {
        const { manualPage } = await import('./help/manual-page.ts')
        self.stdout(manualPage(program, await listTopics()))
      }),
    )
}

async function help(program: Command, names: readonly string[]) {
  const command = commandAt(program, names)
  if (command !== undefined) return command.outputHelp()
  const topics = await listTopics()
  const commands = program.commands.map((command) => command.name())
  const word = names.join(' ')
  const topic = topicOf(word, topics)
  if (topic !== undefined) return printTopic(topic)
  if (topics.length === 0 && word === 'topics')
    throw new CommandError('The documents of this installation are missing.', ['Install it again.'])
  if (word === 'topics') return self.stdout(topicList(topics, commands))
  const close = nearest(word, [...commands, 'topics', ...topics.map((topic) => nameOf(topic, commands))])
  throw new CommandError(
    `\`${word}\` is neither a command nor a document.`,
    [
      ...(close === undefined ? [] : [`Did you mean \`weir help ${close}\`?`]),
      '`weir --help` lists the commands, `weir help topics` the documents.',
    ],
    2,
  )
}

function commandAt(program: Command, names: readonly string[]): Command | undefined {
  let command: Command | undefined = program
  for (const name of names)
    command = command?.commands.find((candidate) => [candidate.name(), ...candidate.aliases()].includes(name))
  return command
}

/** A pipe or file gets the Markdown itself. */
async function printTopic({ path }: Topic) {
  const markdown = await readTopic(path)
  if (!self.interactive) return self.stdout(markdown)
  const { pageText } = await import('./help/page-text.ts')
  const width = Math.min(terminalWidth() ?? 100, 100)
  await printPaged(pageText(markdown, { width, heading: (text) => colour('bold', text) }))
}

function topicList(topics: readonly Topic[], commands: readonly string[]) {
  return (
    textTable(
      ['document', 'title'],
      topics.map((topic) => [nameOf(topic, commands), topic.title]),
    ) + '\n`weir help <document>` shows one. The console has them at /docs.\n'
  )
}
