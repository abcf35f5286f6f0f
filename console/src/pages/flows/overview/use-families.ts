import type { Family, Feature } from './families.ts'
import type { FlowQuery } from './flow-query.ts'
import { panelKinds } from './kinds.ts'
import { useHas } from './queries.ts'
import type { PanelName } from './state.ts'

/**
 * Whether flows have the fields of each family; undefined: not known yet.
 * @param ready the panels of all flows have their data, so that others may start.
 */
export function useFamilies(
  flowQuery: FlowQuery,
  panels: readonly PanelName[],
  { ready }: Readonly<{ ready: boolean }>,
): Readonly<Record<Family, boolean | undefined>> {
  const reads = (family: Feature) => ({ enabled: ready && panels.some((name) => panelKinds[name].family === family) })
  return {
    flows: true,
    drops: useHas(flowQuery, 'drops', reads('drops')),
    dns: useHas(flowQuery, 'dns', reads('dns')),
    rtt: useHas(flowQuery, 'rtt', reads('rtt')),
    tls: useHas(flowQuery, 'tls', reads('tls')),
    events: useHas(flowQuery, 'events', reads('events')),
    ipsec: useHas(flowQuery, 'ipsec', reads('ipsec')),
    as: useHas(flowQuery, 'as', reads('as')),
    country: useHas(flowQuery, 'country', reads('country')),
    interface: useHas(flowQuery, 'interface', reads('interface')),
    firewall: useHas(flowQuery, 'firewall', reads('firewall')),
    denied: useHas(flowQuery, 'denied', reads('denied')),
    nat: useHas(flowQuery, 'nat', reads('nat')),
    application: useHas(flowQuery, 'application', reads('application')),
    user: useHas(flowQuery, 'user', reads('user')),
  }
}
