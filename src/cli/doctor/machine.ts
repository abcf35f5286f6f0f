import { wantedBuffers } from '../../app/config-facts.ts'
import { sizeText } from '../../model/size-text.ts'
import { ok, warn, fail, type Finding, type CheckContext } from './finding.ts'

const oldestNode = 24
const fewFiles = 256
const enoughFiles = 4096
const baseMemory = 512 * 2 ** 20

export async function checkMachine({ machine, config }: CheckContext): Promise<Finding[]> {
  return [
    node(machine),
    memory(machine, config.store.enabled === 'parquet' ? config.store.memory + config.sql.memory : 0),
    load(machine),
    ...(await openFiles(machine)),
    ...(await buffers({ machine, config })),
  ]
}

function node({ node: { version, path } }: CheckContext['machine']): Finding {
  const from = /[\\/]node_modules[\\/]/.test(path) ? 'installed by npm' : 'of the system'
  const fact = `Node ${version}, ${from} (${path})`
  if (Number(version.split('.')[0]) >= oldestNode) return ok('node', fact)
  return fail('node', fact, `Weir needs Node ${oldestNode}: run \`npm ci\`, which installs it, and start through npm.`)
}

function memory(machine: CheckContext['machine'], query: number): Finding {
  const { limit, available, contained } = machine.memory()
  const needed = query + baseMemory
  const fact = `${sizeText(available)} available of ${sizeText(limit)}${contained ? ' (container limit)' : ''}`
  const advice = 'Lower `store.memory` or `sql.memory`, or provide more memory.'
  if (limit < needed)
    return warn('memory', `${fact}; with ${sizeText(query)} for queries Weir may need ${sizeText(needed)}`, advice)
  return available < needed
    ? warn('memory', `${fact}; other processes leave less than the ${sizeText(needed)} that Weir may need`, advice)
    : ok('memory', fact)
}

function load(machine: CheckContext['machine']): Finding {
  const now = machine.load()
  const fact = `${machine.cpus} processor${machine.cpus === 1 ? '' : 's'}, load ${now.toFixed(1)}`
  return now > 2 * machine.cpus
    ? warn('load', fact, 'The machine is busy; datagrams may be dropped before they are read.')
    : ok('load', fact)
}

async function openFiles(machine: CheckContext['machine']): Promise<Finding[]> {
  const files = await machine.openFiles()
  if (files === undefined) return []
  const fact = files.limit === Infinity ? 'no limit' : `at most ${files.limit} open files`
  if (files.limit >= enoughFiles) return [ok('open files', fact)]
  const advice = `Raise it: \`ulimit -n ${enoughFiles}\`, or LimitNOFILE= of the service.`
  return [files.limit < fewFiles ? fail('open files', fact, advice) : warn('open files', fact, advice)]
}

async function buffers({ machine, config }: Pick<CheckContext, 'machine' | 'config'>): Promise<Finding[]> {
  const most = Number(await machine.sysctl('net.core.rmem_max'))
  const wanted = wantedBuffers(config)
  if (!(most > 0) || wanted.length === 0) return []
  const largest = Math.max(...wanted.map(({ bytes }) => bytes))
  const fact =
    `the kernel limits a UDP socket to ${sizeText(most)} (net.core.rmem_max); ${sizeText(largest)} are ` + 'requested'
  if (most >= largest) return [ok('kernel buffers', fact)]
  return [
    warn(
      'kernel buffers',
      fact,
      `Bursts of datagrams may be dropped. As root: sysctl -w net.core.rmem_max=${largest} (persist it in ` +
        '/etc/sysctl.d).',
    ),
  ]
}
