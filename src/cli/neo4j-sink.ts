import type { Command } from 'commander'
import { self } from '../host/process.ts'
import type { Neo4jSinkPlan } from '../presets/neo4j-sink/index.ts'
import { action, CommandError, defaultData } from './client.ts'
import { startPreset } from './preset.ts'

interface Flags {
  readonly data?: string
  readonly listen?: string
  readonly ops?: string
  readonly printConfig?: boolean
}

const name = 'neo4j-sink'
/** neo4j_sink's own, for whatever keeps it from starting. */
const exitCode = 78

export function register(program: Command): void {
  program
    .command(name)
    .description(
      "In place of neo4j_sink: takes CloudEvents over HTTP and writes them into Neo4j as a graph of who did what. The variables are neo4j_sink's, and Knative's.",
    )
    .option('--data <DIR>', `data folder (WEIR_DATA; default ${defaultData})`)
    .option('--listen <HOST:PORT>', 'API and console (default 127.0.0.1:8082); events are taken on PORT')
    .option('--ops <HOST:PORT>', 'metrics and health (default 0.0.0.0:8081)')
    .option('--print-config', 'print the configuration that would run, and end')
    .addHelpText(
      'after',
      `
Variables: NEO4J_URI (default neo4j://localhost:7687), NEO4J_USER (default neo4j), NEO4J_PASSWORD; PORT (default 8080), which Knative sets.

It is \`weir run\` with a configuration that is made from these and kept as ${name}.yaml in the data folder; WEIR_* variables
change it further. What is otherwise than with neo4j_sink: docs/guide/neo4j-sink.md.

Examples:
  $ NEO4J_URI=neo4j://graph:7687 NEO4J_PASSWORD=… weir neo4j-sink
  $ NEO4J_URI=bolt+s://graph.example.com weir neo4j-sink --print-config

Exit codes: 0 a clean stop, 78 whatever keeps it from starting, 2 the command line cannot be used.`,
    )
    .action(action(run))
}

async function run({ data, listen, ops, printConfig }: Flags): Promise<void> {
  const folder = data ?? self.env['WEIR_DATA'] ?? defaultData
  const { plan, text } = await planned(folder)
  if (printConfig !== true) {
    return await startPreset({
      name,
      folder,
      text,
      files: {},
      notes: plan.notes,
      listen,
      ops,
      exitCode: () => exitCode,
      fresh:
        'what was refused before as no audit event is not listed any more. Nothing else is lost with it: events are answered when the graph has them.',
    })
  }
  for (const note of plan.notes) self.stderr(`weir ${name}: ${note}\n`)
  self.stdout(text)
}

async function planned(data: string): Promise<{ readonly plan: Neo4jSinkPlan; readonly text: string }> {
  const [{ neo4jSinkPreset, PresetProblem }, { stringify }] = await Promise.all([
    import('../presets/neo4j-sink/index.ts'),
    import('yaml'),
  ])
  try {
    const plan = neo4jSinkPreset({ env: self.env, data })
    return { plan, text: stringify(plan.config) }
  } catch (error) {
    if (error instanceof PresetProblem)
      throw new CommandError(error.message, [`\`weir ${name} --help\` lists the settings.`], exitCode)
    throw error
  }
}
