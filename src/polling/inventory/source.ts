/** Of the instances with one journal or one Lease, only the leader reads. */
import type { LeaderRecord, Source, SourceContext } from '../../engine/contracts.ts'
import { runAsLeader } from '../leader.ts'
import { AccountInventory } from './account.ts'
import type { Account } from './collector.ts'

type InventoryOptions = Readonly<{
  context: SourceContext
  accounts: readonly Account[]
  /** For messages: `resources of Exoscale`. */
  what: string
  /** Lease of instances with separate journals; default: the record of the shared journal. */
  lease?: Readonly<{ record: LeaderRecord; durationMs: number; close(): void }> | undefined
}>

export function inventorySource({ context, accounts, what, lease }: InventoryOptions): Source {
  const read = async (signal: AbortSignal) => {
    const inventories = accounts.map((account) => new AccountInventory(context, account))
    await Promise.all(inventories.map((inventory) => inventory.run(signal)))
  }
  const shared = lease?.record ?? context.replay?.shared?.leaderRecord
  return {
    addresses: [],
    async run(signal) {
      try {
        if (shared === undefined) await read(signal)
        else
          await runAsLeader(
            {
              context,
              record: shared,
              what,
              state: () => null,
              ...(lease === undefined ? {} : { durationMs: lease.durationMs }),
            },
            signal,
            (leading) => read(leading),
          )
      } finally {
        for (const account of accounts) account.close()
        lease?.close()
      }
    },
  }
}
