import type { Context } from '../../engine/contracts.ts'
import type { Account, Collector } from '../../polling/inventory/collector.ts'
import { OtcClient } from './client.ts'
import { fastLists, slowLists } from './client-lists.ts'
import { PriceList } from './client-prices.ts'
import type { OtcInventoryConfig } from './config.ts'

type AccountContext = Pick<Context, 'host' | 'metrics' | 'log' | 'id'>

/** Each project is an account of the inventory, so that one without access affects no other. */
export function otcAccounts(config: OtcInventoryConfig, context: AccountContext): readonly Account[] {
  const prices = new PriceList(config, context)
  return config.projects.map((project) => accountOf(config, project, prices, context))
}

function accountOf(
  config: OtcInventoryConfig,
  project: OtcInventoryConfig['projects'][number],
  prices: PriceList,
  { host, metrics }: AccountContext,
): Account {
  let account = ''
  const client = new OtcClient({
    host,
    config,
    project,
    requested(endpoint, status) {
      metrics.count('cloud_api_requests_total', 1, { provider: 'otc', account, endpoint, status })
    },
  })
  return {
    provider: 'otc',
    requiredTags: config.required_tags,
    origin: (id) => `https://otc.t-systems.com/${id}`,
    concurrency: 4,
    async open(signal) {
      const { project: id, projectName, region } = await client.open(signal)
      account = id
      const of = (lists: typeof fastLists, every: number): readonly Collector[] =>
        Object.entries(lists).map(([name, read]) => ({
          name,
          region,
          every,
          collect: (until) => read({ client, project: { id, name: projectName ?? id, region }, prices, signal: until }),
        }))
      return { id, collectors: [...of(fastLists, config.every), ...of(slowLists, config.every_slow)] }
    },
    close() {
      client.close()
      prices.close()
    },
  }
}
