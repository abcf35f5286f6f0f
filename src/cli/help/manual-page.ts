/** `weir.1`, from the commands: man(7) source. */
import type { Command } from 'commander'
import { version } from '../../app/version.ts'
import { commandTree, flatten, type CommandNode, type CommandOption } from '../command-tree.ts'
import { runHelp } from '../flags.ts'
import { nameOf, type Topic } from './topics.ts'

const files: readonly (readonly [path: string, meaning: string])[] = [
  ['./weir-data', 'Data folder of `weir run` without `data` and --data.'],
  ['/etc/weir', 'Configuration of the service: every .yaml file in it.'],
  ['/var/lib/weir', 'Data folder of the service.'],
]

const variables: readonly (readonly [name: string, meaning: string])[] = [
  ['WEIR_TOKEN', 'Bearer token of commands that use a server.'],
  ['WEIR_*', 'Settings of `weir run`; `weir help configuration` has their names.'],
  ['COLUMNS', 'Width of tables. Default: that of the terminal.'],
  ['PAGER', 'Program that shows long documents. Default: less.'],
  ['NO_COLOR', 'Without colours if it is set.'],
]

export function manualPage(program: Command, topics: readonly Topic[]): string {
  const tree = commandTree(program)
  const names = tree.commands.map(({ words }) => words[0]!)
  return [
    `.\\" Written by \`weir man\`.`,
    `.TH WEIR 1 "" "weir ${version}" "User Commands"`,
    '.SH NAME',
    `weir \\- ${roff('collector, journal and console for what happens around clusters')}`,
    '.SH SYNOPSIS',
    '.B weir',
    '.I command',
    '[\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    roff(tree.description),
    '.SH OPTIONS',
    ...tree.options.flatMap(optionTerm),
    '.SH COMMANDS',
    ...flatten(tree)
      .slice(1)
      .flatMap((node) => commandSection(node, commandAt(program, node.words))),
    '.SH EXIT STATUS',
    roff('0 success, 1 failure or server unreachable, 2 usage error or invalid configuration.'),
    '.SH ENVIRONMENT',
    ...variables.flatMap(([name, meaning]) => term(name, meaning)),
    '.SH FILES',
    ...files.flatMap(([path, meaning]) => term(path, meaning)),
    '.SH DOCUMENTS',
    roff('`weir help` NAME shows a document of this version; the console has them at /docs.'),
    ...topics.flatMap((topic) => term(nameOf(topic, names), topic.title)),
    '',
  ].join('\n')
}

function commandAt(program: Command, words: readonly string[]): Command {
  return words.reduce((command, word) => command.commands.find((candidate) => candidate.name() === word)!, program)
}

function commandSection(node: CommandNode, command: Command): readonly string[] {
  const { words, description, usage, options, commands } = node
  const head = [`.SS "weir ${roff(words.join(' '))}"`, roff(description)]
  if (words[0] === 'run') return [...head, '.PP', ...verbatim(runHelp.split('\n').slice(2).join('\n'))]
  // Its commands follow as sections.
  if (commands.length > 0) return head
  return [
    ...head,
    '.PP',
    `.B ${roff(usage)}`,
    ...node.arguments.flatMap(({ name, description: meaning, choices }) => term(name, withChoices(meaning, choices))),
    ...options.flatMap(optionTerm),
    ...verbatim(textAfter(command)),
  ]
}

function optionTerm({ flags, value, description, choices, default: preset }: CommandOption): readonly string[] {
  const name = `${flags.join(', ')}${value === undefined ? '' : ` ${value}`}`
  return term(name, withChoices(description, choices) + (preset === undefined ? '' : ` (default ${preset})`))
}

const withChoices = (meaning: string, choices: readonly string[]) =>
  choices.length === 0 ? meaning : `${meaning}: ${choices.join(', ')}`

/** Examples and exit codes: what `--help` prints after the options. */
function textAfter(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (piece) => (text += piece), getOutHasColors: () => false })
  command.outputHelp()
  return text.slice(command.helpInformation().length)
}

const verbatim = (text: string) => ['.PP', '.nf', ...text.trim().split('\n').map(roff), '.fi']
const term = (name: string, meaning: string) => ['.TP', `.B ${roff(name)}`, roff(meaning)]

/** A line that begins with a period or an apostrophe would be a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&')
}
