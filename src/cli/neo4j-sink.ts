import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { action } from './client.ts'
import { presetHelp, runPreset, withPresetFlags, type PresetFlags } from './preset.ts'

const name = 'neo4j-sink'
const exitCode = 78

export function register(program: Command): void {
  const command = program
    .command(name)
    .description(
      'Replace neo4j_sink: receive CloudEvents over HTTP and write them into Neo4j as a graph. The variables ' +
        'are those of neo4j_sink and Knative.',
    )
  withPresetFlags(command, { listen: 'API and console (default 127.0.0.1:8082); events are received on PORT' })
    .addHelpText(
      ...presetHelp({
        name,
        original: 'neo4j_sink',
        commands: [
          'NEO4J_URI=neo4j://graph:7687 NEO4J_PASSWORD=… weir neo4j-sink',
          'NEO4J_URI=bolt+s://graph.example.com weir neo4j-sink --print-config',
        ],
        exits: { 78: 'start failure' },
        about: `Variables: NEO4J_URI (default neo4j://localhost:7687), NEO4J_USER (default neo4j), NEO4J_PASSWORD;
PORT (default 8080), which Knative sets.`,
      }),
    )
    .action(action(run))
}

async function run(flags: PresetFlags) {
  await runPreset(flags, {
    name,
    invalid: exitCode,
    exitCode: () => exitCode,
    async plan(folder) {
      const { neo4jSinkPreset } = await import('../presets/neo4j-sink/index.ts')
      return {
        ...neo4jSinkPreset({ env: self.env, data: folder }),
        fresh:
          'events refused earlier as invalid audit events are no longer listed. Nothing else is lost: events ' +
          'are acknowledged after the graph stores them.',
      }
    },
  })
}
