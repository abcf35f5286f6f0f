import type { Loaded } from '../../app/load-config.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { messageOf, WeirError } from '../../model/errors.ts'
import { CommandError } from '../client.ts'
import { installedConfig } from '../discover.ts'
import { printData, type OutputFlags } from '../output.ts'
import { Progress } from '../progress.ts'
import { reportText, settingRows, sinkRows } from './text.ts'

export interface RehearseFlags extends OutputFlags {
  readonly running: readonly string[]
  readonly data?: string
  readonly since: number
  readonly limit: number
  readonly examples: number
  readonly environment: boolean
}

export async function rehearseCommand(files: readonly string[], flags: RehearseFlags): Promise<void> {
  const { environment, limit, since, examples, output } = flags
  const surroundings = environment ? 'machine' : 'none'
  const [{ loadConfig }, { rehearse }] = await Promise.all([
    import('../../app/load-config.ts'),
    import('../../app/rehearsal/index.ts'),
  ])
  const host = realHost()
  const running = await loadConfig(host, await runningFiles(flags), [], surroundings)
  const candidate = await loadConfig(host, files, [], surroundings)
  const data = await folderOf(flags, running)
  let progress: Progress | undefined
  let reached = 0
  const report = await rehearse({
    host,
    data,
    running,
    candidate,
    limits: { sinceMs: since, rows: limit },
    examples,
    onProgress(rows, of) {
      progress ??= new Progress('rehearsing', of)
      progress.add(rows - reached)
      reached = rows
    },
  }).catch((error: unknown) => {
    if (error instanceof WeirError || error instanceof CommandError) throw error
    throw new CommandError(`The rehearsal failed: ${messageOf(error)}`, ['Nothing was sent or written.'], 2)
  })
  progress?.end()
  await printData(
    { output },
    {
      whole: report,
      rows: [...sinkRows(report), ...settingRows(report)],
      columns: ['part', 'name', 'source', 'difference', 'running', 'candidate', 'rows', 'effect'],
      table: () => reportText(report, files.join(', ')),
    },
  )
  if (!report.equal) self.leave(report.sinks.some(({ problem }) => problem !== undefined) ? 2 : 1)
}

async function runningFiles({ running, data }: RehearseFlags): Promise<readonly string[]> {
  if (running.length > 0) return running
  const installed = await installedConfig(data ?? (self.env['WEIR_DATA'] || undefined))
  if (installed.length > 0) return installed
  throw new CommandError('No running configuration was found.', ['Name its file with --running.'], 2)
}

async function folderOf({ data }: RehearseFlags, { config }: Loaded): Promise<string> {
  const { type } = config.journal.on as { readonly type: string }
  if (type !== 'files')
    throw new CommandError(`The journal is on ${type}.`, ['Only a journal in files is rehearsed.'], 2)
  const folder = data ?? config.data
  if ((await realHost().disk.stat(`${folder}/journal`))?.directory !== true)
    throw new CommandError(`There is no journal in ${folder}.`, ['Select the data folder with --data.'], 2)
  return folder
}
