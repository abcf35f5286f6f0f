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
/** Exit code of neo4j_sink for every error at start. */
const exitCode = 78

export function register(program: Command): void {
  program
    .command(name)
    .description(
      'Replace neo4j_sink: receive CloudEvents over HTTP and write them into Neo4j as a graph. The variables ' +
        'are those of neo4j_sink and Knative.',
    )
    .option('--data <DIR>', `data folder (WEIR_DATA; default ${defaultData})`)
    .option('--listen <HOST:PORT>', 'API and console (default 127.0.0.1:8082); events are received on PORT')
    .option('--ops <HOST:PORT>', 'metrics and health (default 0.0.0.0:8081)')
    .option('--print-config', 'print the resulting configuration and exit')
    .addHelpText(
      'after',
      `
Variables: NEO4J_URI (default neo4j://localhost:7687), NEO4J_USER (default neo4j), NEO4J_PASSWORD;
PORT (default 8080), which Knative sets.

The command generates a configuration from these, stores it as ${name}.yaml in the data folder, and runs it with
\`weir run\`. WEIR_* variables override it. Differences from neo4j_sink: docs/guide/neo4j-sink.md.

Examples:
  $ NEO4J_URI=neo4j://graph:7687 NEO4J_PASSWORD=… weir neo4j-sink
  $ NEO4J_URI=bolt+s://graph.example.com weir neo4j-sink --print-config

Exit codes: 0 clean stop, 78 start failure, 2 usage error.`,
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
        'events refused earlier as invalid audit events are no longer listed. Nothing else is lost: events ' +
        'are acknowledged after the graph stores them.',
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
