import type { Probe, ProbeContext, Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { messageOf } from '../../model/errors.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { spendFiles } from './client-files.ts'
import { probeExplorer } from './client-probe.ts'
import type { FolderConfig, SpendConfig, spendSchema } from './config.ts'
import { CostExplorerSource } from './source-cost-explorer.ts'
import { FolderSource } from './source-folder.ts'

export const source = defineSource<typeof spendSchema>('spend', {
  build: openSpend,
  async verify({ path }, { host }) {
    if (path !== null) await spendFiles(host.disk, path)
  },
  async probe({ path, cost_explorer: explorer }, context, signal): Promise<Probe> {
    return explorer === null ? probeFolder(path ?? '', context) : probeExplorer(explorer, context, signal)
  },
})

export async function openSpend(config: SpendConfig, context: SourceContext): Promise<Source> {
  const { cost_explorer: explorer } = config
  if (explorer === null) return new FolderSource(config as FolderConfig, context)
  return new CostExplorerSource(explorer, context, await openLeaderLease(explorer.lease, context))
}

async function probeFolder(path: string, { host }: ProbeContext): Promise<Probe> {
  try {
    const files = await spendFiles(host.disk, path)
    return files.length === 0
      ? { is: 'warn', message: `${path} has no file .csv, .csv.gz or .parquet` }
      : { is: 'ok', message: `${path} has ${files.length} files` }
  } catch (error) {
    return { is: 'fail', message: messageOf(error) }
  }
}
