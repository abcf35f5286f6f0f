import type { Disk } from '../host/index.ts'
import type { TransferSettings } from '../topics/transfers/index.ts'
import type { PriceList } from '../topics/transfers/price-list.ts'
import type { WeirConfig } from './config.ts'

type Written = WeirConfig['spend']['transfers']

/** Rejects with the mistakes of a file. */
export async function readTransferSettings(
  { lists, team }: Written,
  disk: Pick<Disk, 'readFile'>,
): Promise<TransferSettings> {
  const { priceLists } = await import('../topics/transfers/lists/index.ts')
  const rules = lists.map(async ({ list, file, clusters, nat, load_balancer: balanced }) => ({
    list: list === null ? await fromFile(file ?? '', disk) : priceLists[list],
    clusters,
    nat,
    inbound: balanced === 'inbound',
  }))
  return { rules: await Promise.all(rules), team }
}

async function fromFile(file: string, disk: Pick<Disk, 'readFile'>): Promise<PriceList> {
  const { readPriceList } = await import('../topics/transfers/price-list.ts')
  return readPriceList(Buffer.from(await disk.readFile(file)).toString('utf8'), file)
}
