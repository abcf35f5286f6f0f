import { Command, type OutputConfiguration } from 'commander'
import { register as registerAlerts } from './alerts.ts'
import { register as registerBus } from './bus.ts'
import { register as registerChanges } from './changes.ts'
import { register as registerCheck } from './validate.ts'
import { register as registerCompletion } from './completion.ts'
import { register as registerConfig } from './config.ts'
import { register as registerCreate } from './create.ts'
import { register as registerCtsExporter } from './cts-exporter.ts'
import { register as registerDeadLetters } from './dead-letters.ts'
import { register as registerDoctor } from './doctor.ts'
import { register as registerExporters } from './exporters.ts'
import { register as registerFields } from './fields.ts'
import { runHelp } from './flags.ts'
import { register as registerExoscaleExporter } from './exoscale-exporter.ts'
import { register as registerFlowsToClickHouse } from './flows-to-clickhouse.ts'
import { register as registerHealth } from './health.ts'
import { register as registerHelp } from './help.ts'
import { register as registerIds } from './ids.ts'
import { register as registerIncidents } from './incidents.ts'
import { register as registerInit } from './init.ts'
import { register as registerInsights } from './insights.ts'
import { register as registerInsightsRemote } from './insights-remote.ts'
import { register as registerJournal } from './journal.ts'
import { register as registerKollect } from './kollect.ts'
import { register as registerLedger } from './ledger.ts'
import { register as registerNeo4jSink } from './neo4j-sink.ts'
import { register as registerNetobserv } from './netobserv.ts'
import { register as registerQuery } from './query.ts'
import { register as registerRehearse } from './rehearse.ts'
import { register as registerReplay } from './replay.ts'
import { register as registerResources } from './resources.ts'
import { register as registerRows } from './rows.ts'
import { register as registerSchema } from './schema.ts'
import { register as registerSimulate } from './simulate.ts'
import { register as registerSink } from './sink.ts'
import { register as registerInvestigate } from './investigate.ts'
import { register as registerInventory } from './inventory.ts'
import { register as registerSpend } from './spend.ts'
import { register as registerTransfers } from './transfers.ts'
import { register as registerStatus } from './status.ts'
import { register as registerStore } from './store.ts'
import { register as registerTap } from './tap.ts'
import { register as registerTest } from './test.ts'
import { register as registerTop } from './top.ts'
import { register as registerUpgrade } from './upgrade.ts'
import { register as registerWhy } from './why.ts'
import { examples } from './examples.ts'
import { synonyms, withSuggestion } from './unknown-command.ts'
import { version } from '../app/version.ts'

const summaries: Readonly<Record<string, string>> = {
  init: 'write weir.yaml and the manifest of a target after five questions',
  run: 'receive, journal, store and deliver until stopped',
  validate: 'validate a configuration and print what would run (also: check)',
  test: 'run the unit tests of a configuration',
  rehearse: 'compare what a changed configuration would send, on rows of the journal',
  simulate: 'run a configuration for simulated hours with kills, full disks and outages',
  create: 'print a commented sample of a component',
  config: 'print the effective settings of files and variables',
  schema: 'describe the configuration or a component',
  query: 'run SQL on the store',
  flows: 'list the newest matching flows',
  events: 'list the newest matching events',
  audit: 'list audit events of clouds and clusters',
  tap: 'stream the rows of a source or sink',
  top: 'show rates, lag and drops of sources, exporters and sinks',
  exporters: 'list exporters, explain missing data, print exporter configurations',
  alerts: 'list alert rules with their states, evaluate one now, or silence one',
  fields: 'list the fields of flows',
  changes: 'list changes of Kubernetes objects with their actors',
  why: 'list changes that preceded a change of traffic, with actors and reasons',
  incidents: 'list incidents with their causes, show one, or export a report',
  investigate: 'show everything about a workload, actor or address in order of time',
  resources: 'list Kubernetes objects as of a time, or show one object',
  images: 'list images with their problems and workloads',
  'image-diff': 'list packages and problems that differ between two images',
  packages: 'list packages of images and the workloads that run them',
  problems: 'list problems of images and the workloads that they affect',
  facts: 'list facts of images and the workloads that run them',
  inventory: 'list resources of clouds as of a time, or show one resource',
  spend: 'sum costs by account, service, region, resource or tag',
  transfers: 'sum the money of transfers between zones and to the internet',
  ledger: 'show the outcome of all accepted rows',
  sink: 'forget a sink that is no longer configured',
  'dead-letters': 'list, show, edit, retry or drop dead letters',
  status: 'show the readiness of the server and each source and sink',
  health: 'check whether the server is ready, for probes',
  reload: 'reload the configuration of the server',
  doctor: 'check machine, data folder and ports, with advice',
  kollect: 'replace kollect: publish every change of a cluster',
  'cts-exporter': 'replace cts_exporter: post cloud audit traces to Knative',
  'exoscale-exporter': 'replace exoscale-exporter: export cloud resources to Prometheus',
  'neo4j-sink': 'replace neo4j_sink: write CloudEvents into Neo4j as a graph',
  'flows-to-clickhouse': 'write flows from Kafka into ClickHouse, as NetObserv’s example does',
  'insights-remote': 'replace insights-remote of Lagoon: publish image reports, facts and problems',
  netobserv: 'replace flowlogs-pipeline: collect, enrich and export flows of a cluster',
  replay: 'resend the exporter datagrams of a packet capture',
  upgrade: 'check whether this version continues a data folder',
  bus: 'test a message bus: connect, send, receive',
  journal: 'check, list or export the journal',
  store: 'verify the files of the store',
  ids: 'list ids of sources, sinks and exporters, for completion',
  completion: 'print the completion script of a shell',
  help: 'show the help of a command, or a document of this version',
  man: 'print the manual page',
}

/** Each command loads its modules when it is called. A wrong command line throws a CommanderError. */
export function program(): Command {
  const weir = new Command('weir')
    .description('Collects flows and events, writes each once to a durable journal, delivers and queries them.')
    .version(version, '-V, --version', 'print the version')
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput(outputWith())
    .configureHelp({ visibleCommands: (command) => [...command.commands], subcommandTerm: (command) => command.name() })
    .showHelpAfterError('      --help lists the commands and flags.')
    .addHelpText(
      ...examples(
        [
          'weir run                        # data in ./weir-data, console on http://127.0.0.1:8080',
          'weir query "SELECT * FROM flows ORDER BY time_received DESC LIMIT 10"',
        ],
        { 1: 'failure or server unreachable', 2: 'usage error or invalid configuration' },
        '`weir help <command>` describes a command, `weir help topics` lists the documents of this version.',
      ),
    )

  weir.commandsGroup('Run:')
  registerRun(weir)
  registerInit(weir)
  registerCheck(weir)
  registerTest(weir)
  registerRehearse(weir)
  registerSimulate(weir)
  registerCreate(weir)
  registerConfig(weir)
  registerSchema(weir)
  weir.commandsGroup('Replacements:')
  registerKollect(weir)
  registerCtsExporter(weir)
  registerExoscaleExporter(weir)
  registerNeo4jSink(weir)
  registerFlowsToClickHouse(weir)
  registerNetobserv(weir)
  registerInsightsRemote(weir)
  weir.commandsGroup('Query:')
  registerQuery(weir)
  registerRows(weir)
  registerFields(weir)
  registerTap(weir)
  registerTop(weir)
  registerExporters(weir)
  registerAlerts(weir)
  registerChanges(weir)
  registerWhy(weir)
  registerInvestigate(weir)
  registerIncidents(weir)
  registerResources(weir)
  registerInsights(weir)
  registerInventory(weir)
  registerSpend(weir)
  registerTransfers(weir)
  registerLedger(weir, async (data) => (await import('./verify.ts')).verify(data))
  registerDeadLetters(weir)
  registerSink(weir)
  weir.commandsGroup('Operate:')
  registerStatus(weir)
  registerHealth(weir)
  registerDoctor(weir)
  registerUpgrade(weir)
  registerBus(weir)
  registerJournal(weir)
  registerStore(weir)
  registerReplay(weir)
  registerIds(weir)
  registerCompletion(weir)
  registerHelp(weir)
  weir.configureOutput(outputWith(synonyms))
  for (const command of weir.commands) command.summary(summaries[command.name()] ?? command.description())
  return weir
}

const outputWith = (words?: Readonly<Record<string, string>>): OutputConfiguration => ({
  outputError: (text, write) => write(withSuggestion(text, words).replace(/^error: /, 'weir: ')),
})

/** For the help only: flags.ts parses the flags of `run`. */
function registerRun(weir: Command) {
  const run = weir
    .command('run')
    .description('Receives, journals, stores and delivers until it is stopped.')
    .usage('[FILE]… [flags]')
    .argument('[flags...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (flags: readonly string[]) => {
      const { runCommand } = await import('./run.ts')
      await runCommand(flags)
    })
  run.helpInformation = () => runHelp
}
