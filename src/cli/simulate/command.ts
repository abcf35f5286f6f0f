import type { Loaded } from '../../app/load-config.ts'
import type { WantedFault } from '../../app/simulation/index.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { CommandError } from '../client.ts'
import { installedConfig } from '../discover.ts'
import { printData, type OutputFlags } from '../output.ts'
import { Progress } from '../progress.ts'
import { findingRows, reportText } from './text.ts'

export interface SimulateFlags extends OutputFlags {
  readonly seed: number
  readonly faults: readonly WantedFault[]
  readonly hours: number
  readonly rate?: ReadonlyMap<string, number>
  readonly size?: ReadonlyMap<string, number>
  readonly takes?: ReadonlyMap<string, number>
  readonly largest?: ReadonlyMap<string, number>
  readonly disk: number
  readonly rows: number
  readonly environment: boolean
}

export async function simulateCommand(files: readonly string[], flags: SimulateFlags): Promise<void> {
  const [{ loadConfig }, { simulate }] = await Promise.all([
    import('../../app/load-config.ts'),
    import('../../app/simulation/index.ts'),
  ])
  const { seed, faults, hours, disk, rows, output } = flags
  const { rate: rates = none, size: sizes = none, takes = none, largest = none } = flags
  const written = files.length > 0 ? files : await installedConfig(self.env['WEIR_DATA'] || undefined)
  if (written.length === 0) throw new CommandError('No configuration was found.', ['Name its file.'], 2)
  const loaded = await loadConfig(realHost(), written, [], flags.environment ? 'machine' : 'none')
  checkNames(loaded, flags)
  const progress = new Progress('simulating', hours * 3600_000)
  let reached = 0
  const report = await simulate({
    loaded,
    seed,
    faults,
    hours,
    rates,
    sizes,
    takes,
    largest,
    disk,
    rows,
    onProgress(simulatedMs) {
      progress.add(simulatedMs - reached)
      reached = simulatedMs
    },
  })
  progress.end()
  await printData(
    { output },
    {
      whole: report,
      rows: findingRows(report),
      columns: ['finding', 'part', 'what', 'advice'],
      table: () => reportText(report, written.join(', ')),
    },
  )
  if (report.findings.length > 0) self.leave(1)
}

const none: ReadonlyMap<string, number> = new Map()

/** A wrong id would simulate another configuration. */
function checkNames({ config }: Loaded, { rate = none, size = none, takes = none, largest = none }: SimulateFlags) {
  const sources = new Set([...Object.keys(config.sources), 'http'])
  const sinks = new Set([...Object.keys(config.sinks), ...(config.store.enabled === 'none' ? [] : ['store'])])
  const check = (option: string, ids: Iterable<string>, configured: ReadonlySet<string>, what: string) => {
    for (const id of ids)
      if (!configured.has(id))
        throw new CommandError(
          `${option}: there is no ${what} ${id}.`,
          [`The configuration has ${[...configured].toSorted().join(', ') || 'none'}.`],
          2,
        )
  }
  check('--rate', rate.keys(), sources, 'source')
  check('--size', size.keys(), sources, 'source')
  check('--takes', takes.keys(), sinks, 'sink')
  check('--largest', largest.keys(), sinks, 'sink')
  const { type } = config.journal.on as { readonly type: string }
  if (type !== 'files')
    throw new CommandError(`The journal is on ${type}.`, ['Only a journal in files is simulated.'], 2)
}
