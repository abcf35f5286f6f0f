/** Metrics of the cloud accounts, as sources of inventories have them, for a source that scrapes. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findingsOf } from '../src/polling/inventory/findings.ts'
import type { CloudResource } from '../src/model/cloud.ts'
import { cloudMetrics } from '../src/telemetry/cloud-metrics.ts'
import { accounts, costEvents, resources } from './accounts.ts'

const machineQuota = 10

type CloudMetric = keyof typeof cloudMetrics
type Labels = Readonly<Record<string, string>>

export type AccountMetrics = Readonly<{ url: string; close(): Promise<void> }>

/** Serves `GET /metrics` on loopback. */
export async function openAccountMetrics(): Promise<AccountMetrics> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(accountMetrics(Date.now()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** The text of a scrape. */
export function accountMetrics(now: number): string {
  const all = resources(now)
  const samples = new Map<string, number>()
  const add = (name: CloudMetric, labels: Labels, value: number): void => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`)
    const series = `${name}{${pairs.join(',')}}`
    samples.set(series, (samples.get(series) ?? 0) + value)
  }
  const spent = spentThisMonth(now)
  for (const { provider, account, name, currency } of Object.values(accounts)) {
    const labels = { provider, account }
    add('cloud_account_info', { ...labels, name, address: '' }, 1)
    add('cloud_account_balance', { ...labels, currency }, account === 'shop' ? 412.5 : 80)
    add('cloud_account_spend_month_to_date', { ...labels, currency, source: 'usage' }, spent.get(account) ?? 0)
    const machines = all.filter((resource) => resource.account === account && resource.type === 'instance')
    const quota = { ...labels, region: machines[0]?.region ?? 'global', resource: 'instance' }
    add('cloud_quota_used', quota, machines.length)
    add('cloud_quota_limit', quota, machineQuota)
  }
  for (const resource of all) {
    add('cloud_resources', { ...placeOf(resource), state: resource.state }, 1)
    const { costPerHour: price } = resource
    if (price !== undefined)
      add(
        'cloud_resource_cost_per_hour',
        { ...placeOf(resource), id: resource.id, currency: price.currency },
        Number(price.amount),
      )
  }
  for (const { resource, reason } of findingsOf(all, now))
    add('cloud_orphaned_resources', { ...placeOf(resource), reason }, 1)
  const families = Map.groupBy(samples, ([series]) => series.slice(0, series.indexOf('{')) as CloudMetric)
  return [...families]
    .map(([name, lines]) => {
      const { help, kind } = cloudMetrics[name]
      const described = `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`
      return described + lines.map(([series, value]) => `${series} ${value}\n`).join('')
    })
    .join('')
}

function placeOf({ provider, account, region, type }: CloudResource): Labels {
  return { provider, account, region, type }
}

function spentThisMonth(now: number): ReadonlyMap<string, number> {
  const month = new Date(now).toISOString().slice(0, 7)
  const sums = new Map<string, number>()
  for (const { data } of costEvents(now)) {
    const cost = JSON.parse(new TextDecoder().decode(data)) as Readonly<Record<string, string>>
    const { BillingAccountId: account = '', ChargePeriodStart: start = '', BilledCost: amount = '0' } = cost
    if (start.startsWith(month)) sums.set(account, (sums.get(account) ?? 0) + Number(amount))
  }
  return sums
}
