import type { Command } from 'commander'
import { program } from '../../src/cli/program.ts'
import { generatedHead } from './markdown.ts'

const width = 110

export async function cliPage(): Promise<string> {
  const weir = program()
  return `${generatedHead('Commands', 'the commands of src/cli')}\
In a checkout, \`npm start -- [flags]\` runs \`weir run [flags]\`, and \`npm run -s weir -- <command>\` runs any other
command.

Commands print results to standard output, and messages and progress to standard error. Exit codes, unless the help of a
command states others:

| Code | Meaning |
|---|---|
| 0 | success; for \`weir run\`: a clean stop |
| 1 | failure, for example the server is unreachable |
| 2 | usage error: invalid configuration, arguments or flags |

${everyCommand(weir, ['weir'])
  .map(([words, command]) => `## ${words.join(' ')}\n\n\`\`\`text\n${page(command).trim()}\n\`\`\`\n`)
  .join('\n')}`
}

function everyCommand(command: Command, words: readonly string[]): [words: readonly string[], command: Command][] {
  return [[words, command], ...command.commands.flatMap((below) => everyCommand(below, [...words, below.name()]))]
}

function page(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (piece) => (text += piece),
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text
}
