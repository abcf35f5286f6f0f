import { readTransferSettings } from '../../app/transfer-settings.ts'
import { ok, reason, warn, type CheckContext, type Finding } from './finding.ts'

const check = 'prices'

/** Without price lists no finding. */
export async function checkTransferPrices({
  config,
  host,
}: Pick<CheckContext, 'config'> & Readonly<{ host: Pick<CheckContext['host'], 'disk'> }>): Promise<readonly Finding[]> {
  const { transfers } = config.spend
  if (transfers.lists.length === 0) return []
  try {
    const { rules } = await readTransferSettings(transfers, host.disk)
    const lists = rules.map(({ list }) => `${list.name} of ${list.date}, ${list.prices.length} prices`)
    return [ok(check, `price lists of transfers: ${lists.join('; ')}`)]
  } catch (error) {
    return [
      warn(
        check,
        `a price list of transfers cannot be read: ${reason(error)}`,
        'Correct the file of `spend.transfers.lists`; until then transfers have no money.',
      ),
    ]
  }
}
