import type { ViewColumn } from './views.ts'

const text = (name: string, meaning: string): ViewColumn => ({ name, type: 'VARCHAR', meaning })
const number = (name: string, meaning: string, unit?: string): ViewColumn => ({
  name,
  type: 'DOUBLE',
  meaning,
  ...(unit === undefined ? {} : { unit }),
})
const moment = (name: string, meaning: string): ViewColumn => ({ name, type: 'TIMESTAMP WITH TIME ZONE', meaning })

export const inventoryColumns: readonly ViewColumn[] = [
  text('provider', 'exoscale, digitalocean, aws or otc'),
  text('account', 'Organization, team, account or project'),
  text('region', 'Region or zone; `global` without one'),
  text('type', 'instance, instance_pool, kubernetes_cluster, node_pool, volume, load_balancer, ip_address …'),
  text('id', 'Id of the provider'),
  text('name', 'Name, else the id'),
  text('parent', 'Id of the resource that contains it: cluster of a node pool, domain of a record'),
  text('state', 'pending, running, stopped, degraded, error, deleting or unknown'),
  text('raw_state', 'State as the provider writes it'),
  text('size', 'Size or instance type'),
  number('cpu_cores', 'CPU cores'),
  number('gpus', 'GPUs'),
  number('memory_bytes', 'Memory', 'By'),
  number('disk_bytes', 'Size of the disk, volume or snapshot', 'By'),
  number('nodes', 'Nodes or members'),
  moment('created', 'Time of creation'),
  number('cost_per_hour', 'Price of an hour; exact in `data`'),
  text('currency', 'Currency of the price'),
  { name: 'attached_to', type: 'VARCHAR[]', meaning: 'Ids of resources; empty: none, or not stated' },
  { name: 'addresses', type: 'VARCHAR[]', meaning: 'Public addresses; may be empty' },
  { name: 'tags', type: 'JSON', meaning: 'Tags as an object' },
  { name: 'attributes', type: 'JSON', meaning: 'Other properties as an object' },
  text('finding', 'detached, unused, stopped or old_snapshot (90 days); NULL: none'),
  moment('first_seen', 'First event'),
  moment('last_change', 'Last creation or change; NULL: none known'),
  moment('valid_from', 'Start of the validity interval; an interval has at most a day'),
  moment('valid_to', 'End of the validity interval, exclusive; NULL: still valid'),
  text('ref', 'Reference: `<provider>:<account>/<region>/<type>/<id>`'),
  { name: 'data', type: 'JSON', meaning: 'The whole resource' },
]
