import { createRequire } from 'node:module'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { program } from './program.ts'
import { runHelp } from './flags.ts'
import { outputFormats } from './output.ts'
import { launch } from './testing/launch.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** Commands that do something themselves, with their words. */
function leaves(command: Command, words: readonly string[] = []): [words: string, command: Command][] {
  const below = command.commands.flatMap((one) => leaves(one, [...words, one.name()]))
  return below.length > 0 ? below : [[words.join(' '), command]]
}

/** The page as it is printed, with what stands before and after it. */
function page(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (piece) => (text += piece) })
  command.outputHelp()
  return text
}

describe('the list of commands', () => {
  test('stands in groups, one short line each', () => {
    const lines = page(program()).split('\n')
    for (const group of ['Run:', 'Query:', 'Operate:']) expect(lines).toContain(group)
    for (const command of program().commands) {
      expect(lines.filter((line) => line.startsWith(`  ${command.name()} `))).toHaveLength(1)
    }
    expect(lines.filter((line) => line.length > 100)).toEqual([])
  })

  test('is printed without an error for an empty command line', async () => {
    expect(await launch([])).toMatchObject({ code: 0, stdout: page(program()), stderr: '' })
  })
})

test.each(leaves(program()))('the help of `weir %s` has an example', (words, command) => {
  expect(page(command)).toMatch(new RegExp(`Examples?:\\s(?:.*\\n)*.*weir ${words}`))
})

test('the help of run is its own page', async () => {
  expect(await launch(['help', 'run'])).toMatchObject({ code: 0, stdout: runHelp })
  expect(await launch(['run', '--help'])).toMatchObject({ code: 0, stdout: runHelp })
})

test('the version is that of the package', async () => {
  expect(await launch(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
})

/** Commands without `-o`. */
const withoutOutput: Readonly<Record<string, string>> = {
  run: 'runs until stopped and prints its log',
  kollect: 'runs until stopped, with the flags of kollect',
  'cts-exporter': 'runs until stopped, with the flags of cts_exporter',
  'exoscale-exporter': 'runs until stopped, with the flags of exoscale-exporter',
  'neo4j-sink': 'runs until stopped, with the flags of neo4j_sink',
  'flows-to-clickhouse': 'runs until stopped, with the flags of the example consumer',
  netobserv: 'runs until stopped, with the flags of flowlogs-pipeline',
  'insights-remote': 'runs until stopped, with the flags of insights-remote',
  init: 'writes files and prints the next steps',
  completion: 'prints a script',
  help: 'prints a page',
  man: 'prints a page',
  'dead-letters edit': 'prints one sentence',
  'dead-letters retry': 'prints one sentence',
  'dead-letters drop': 'prints one sentence',
  'sink forget': 'prints one sentence',
}

describe('the output format', () => {
  const optionOf = (command: Command) => command.options.find(({ long }) => long === '--output')

  test('every command that prints data has -o with the same formats', () => {
    const commands = leaves(program()).filter(([words]) => withoutOutput[words] === undefined)
    expect(commands.length).toBeGreaterThan(20)
    for (const [words, command] of commands)
      expect([words, optionOf(command)?.short, optionOf(command)?.argChoices?.slice(0, 5)]).toEqual([
        words,
        '-o',
        [...outputFormats],
      ])
  })

  test('the exceptions exist and have no -o', () => {
    const commands = new Map(leaves(program()))
    for (const words of Object.keys(withoutOutput)) {
      expect([words, commands.has(words)]).toEqual([words, true])
      expect(optionOf(commands.get(words)!)).toBeUndefined()
    }
  })

  test('no command has another flag for the format', () => {
    const flags = leaves(program()).flatMap(([words, { options }]) => options.map(({ long }) => `${words} ${long}`))
    expect(flags.filter((flag) => /--(?:format|json|yaml|csv)$/.test(flag))).toEqual([])
  })

  test('commands that print a state have --watch', () => {
    const watched = leaves(program()).filter(([, { options }]) => options.some(({ long }) => long === '--watch'))
    expect(watched.map(([words]) => words).toSorted()).toEqual(['alerts list', 'exporters', 'ledger', 'status', 'top'])
  })
})

describe('an invalid command line ends with 2 and a reason', () => {
  test.each([
    [['journl'], "unknown command 'journl'\n(Did you mean journal?)"],
    [['get', 'pods'], "unknown command 'get'\n(Did you mean resources?)"],
    [['journal', 'ls'], "unknown command 'ls'\n      --help"],
    [['journal', 'chek'], "unknown command 'chek'\n(Did you mean check?)"],
    [
      ['journal', 'check', '-o', 'xml'],
      "argument 'xml' is invalid. Allowed choices are table, json, ndjson, csv, yaml, wide, vertical.",
    ],
    [['journal', 'export', '--from', '0'], 'It must be an integer above 0.'],
    [['query'], "missing required argument 'sql'"],
    [['doctor', '--lve'], "unknown option '--lve'\n(Did you mean --live?)"],
    [
      ['run', '--listne', '127.0.0.1:1'],
      'unknown flag --listne; did you mean --listen?\n      `weir run --help` lists',
    ],
    [['run', '--conf', 'x'], 'unknown flag --conf; did you mean --config?'],
    [['validate', 'nosuch.yaml'], 'cannot read nosuch.yaml: ENOENT'],
    [['validate', '--live', '--no-environment'], '--live needs the environment'],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await launch(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(words)
  })
})
