import { CommandError } from './client.ts'
import type { Verified } from './ledger.ts'

/** Changes nothing. Rows of damaged store files count as quarantined. */
export async function verify(data: string): Promise<Verified> {
  const [{ verifyLedger }, { realHost }, { filePartition }, { checkStore }, { ledgerOf }] = await Promise.all([
    import('../engine/ledger/verify.ts'),
    import('../host/index.ts'),
    import('../model/positions.ts'),
    import('../store/check.ts'),
    import('../store/status.ts'),
  ])
  const host = realHost()
  if ((await host.disk.stat(`${data}/journal`))?.directory !== true)
    throw new CommandError(`There is no journal in ${data}.`, ['Select the data folder with --data.'])
  const {
    state,
    generation,
    check: { damaged },
  } = await checkStore({ host, directory: `${data}/store` })
  const { stored, quarantined, filtered, expired, positions } = ledgerOf(
    state,
    new Set(damaged.map(({ file }) => file)),
  )
  const sequence = positions[filePartition]?.sequence ?? 0
  const store = generation === 0 ? undefined : { sequence, holds: sequence, stored, quarantined, filtered, expired }
  return { ledger: await verifyLedger({ host, data, store }), damaged }
}
