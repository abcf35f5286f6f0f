/** What `weir ledger --verify` reads: journal, offsets and dead letters through the engine, the store through its manifest. */
import type { Ledger } from '../engine/control.ts'
import { CommandError } from './client.ts'

/** Recomputes the ledger of a data folder from its files; nothing is changed. */
export async function verify(data: string): Promise<Ledger> {
  const [{ verifyLedger }, { realHost }, { filePartition }, { readManifest }, { ledgerOf }] = await Promise.all([
    import('../engine/verify.ts'), import('../host/index.ts'), import('../model/positions.ts'), import('../store/manifest.ts'), import('../store/status.ts'),
  ])
  const host = realHost()
  if ((await host.disk.stat(`${data}/journal`))?.directory !== true) throw new CommandError(`There is no journal in ${data}.`, ['Name the data folder with --data.'])
  const { state, generation } = await readManifest(host.disk, `${data}/store`)
  const { stored, quarantined, positions } = ledgerOf(state)
  const sequence = positions[filePartition]?.sequence ?? 0
  // A folder whose store was turned off has no manifest, and no row of a store in its ledger.
  const store = generation === 0 ? undefined : { sequence, holds: sequence, stored, quarantined }
  return verifyLedger({ host, data, store })
}
