import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import { CostExplorer } from './client-cost-explorer.ts'
import type { ExplorerConfig } from './config.ts'
import { dayOf, limitOf, readExplorerState } from './source-budget.ts'

/** Tests the credentials with a free request; a request to Cost Explorer costs. */
export async function probeExplorer(
  config: ExplorerConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const probes = await Promise.all([
    lookAt(config, context, signal),
    budgetOf(config, context),
    checkLease(config.lease, context, signal),
  ])
  return combined(probes.flat())
}

async function lookAt(config: ExplorerConfig, { host }: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const client = new CostExplorer({ host, config, requested: () => undefined })
  try {
    return { is: 'ok', message: `AWS grants access as account ${await client.account(signal)}` }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: error.message }
    throw error
  } finally {
    client.close()
  }
}

async function budgetOf(config: ExplorerConfig, { host, state }: ProbeContext): Promise<Probe> {
  const limit = limitOf(config)
  const stored = await readExplorerState(host.disk, state).catch(() => undefined)
  const used = stored?.day === dayOf(host.clock.now()) ? stored.requests : 0
  const fact = `${used} of ${limit} requests of today are used`
  return used < limit
    ? { is: 'ok', message: fact }
    : { is: 'warn', message: `${fact}: Cost Explorer is not read until the next day of UTC` }
}
