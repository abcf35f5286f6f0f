import type { Context } from '../../engine/contracts.ts'
import { CollectError, type Account, type Collector } from '../../polling/inventory/collector.ts'
import { AwsClients } from './client.ts'
import { fastLists, globalLists, slowLists } from './client-lists.ts'
import type { AwsInventoryConfig } from './config.ts'

export type Identity = Readonly<{ id: string; regions: readonly string[] }>

/** One for each role, or the account of the credentials. */
export function awsAccounts(
  config: AwsInventoryConfig,
  context: Pick<Context, 'host' | 'metrics'>,
): readonly Account[] {
  return (config.roles.length === 0 ? [undefined] : config.roles).map((role) => accountOf(config, role, context))
}

function accountOf(
  config: AwsInventoryConfig,
  role: string | undefined,
  { host, metrics }: Pick<Context, 'host' | 'metrics'>,
): Account {
  let account = ''
  const clients = new AwsClients({
    host,
    config,
    role,
    requested(endpoint, status, requests) {
      metrics.count('cloud_api_requests_total', requests, { provider: 'aws', account, endpoint, status })
    },
  })
  const of = (lists: typeof fastLists, region: string, every: number): readonly Collector[] =>
    Object.entries(lists).map(([name, read]) => ({
      name,
      region,
      every,
      collect: (signal) => read(clients, region, signal),
    }))
  return {
    provider: 'aws',
    requiredTags: config.required_tags,
    origin: (id) => `https://aws.amazon.com/${id}`,
    concurrency: 4,
    async open(signal) {
      const { id, regions } = await identityOf(clients, config, signal)
      account = id
      return {
        id,
        collectors: [
          ...regions.flatMap((region) => [
            ...of(fastLists, region, config.every),
            ...of(slowLists, region, config.every_slow),
          ]),
          ...of(globalLists, 'global', config.every_slow),
        ],
      }
    },
    close() {
      clients.close()
    },
  }
}

/** The account, and the regions that it has enabled or the settings list. */
export async function identityOf(
  clients: AwsClients,
  { regions: listed }: AwsInventoryConfig,
  signal: AbortSignal,
): Promise<Identity> {
  const { home } = clients
  const sts = await import('@aws-sdk/client-sts')
  const identity = await clients.client('sts', home, (options) => Promise.resolve(new sts.STSClient(options)))
  const { Account: id } = await clients.call(
    'sts:GetCallerIdentity',
    home,
    (options) => identity.send(new sts.GetCallerIdentityCommand({}), options),
    signal,
  )
  if (id === undefined) throw new CollectError('decode', 'sts:GetCallerIdentity returned no account')
  if (listed.length > 0) return { id, regions: listed }
  const ec2 = await import('@aws-sdk/client-ec2')
  const client = await clients.client('ec2', home, (options) => Promise.resolve(new ec2.EC2Client(options)))
  const { Regions: found = [] } = await clients.call(
    'ec2:DescribeRegions',
    home,
    (options) => client.send(new ec2.DescribeRegionsCommand({}), options),
    signal,
  )
  const regions = found.flatMap(({ RegionName: name }) => name ?? [])
  if (regions.length === 0) throw new CollectError('decode', 'ec2:DescribeRegions returned no region')
  return { id, regions }
}
