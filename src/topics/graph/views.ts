import { moment, text, type ViewColumn } from '../view-columns.ts'

export const relationColumns: readonly ViewColumn[] = [
  text('from_ref', 'Subject: an object, resource, actor or tenant, or an action or change by its event id'),
  text(
    'relation',
    'Clusters: owned-by, runs-on, in-namespace, uses-image, selects (service to pod), provided-by (node to ' +
      'machine). Audit events and changes: performed-by, applied-on. Audit events: with-status, member-of, ' +
      'located-at, assumed-by. Flows: talks-to. Inventories: attached-to (volume or address to instance), part-of ' +
      '(node pool to cluster), resolves-to (record to address), serves (load balancer to service), hosted-on (node ' +
      'to instance)',
  ),
  text(
    'to_ref',
    'Target: an object, resource, image (image:…), machine (provider id), actor, tenant (tenant:…), region ' +
      '(region:…) or status (status:…)',
  ),
  moment('valid_from', 'Start of the validity interval; for an event, its time'),
  moment('valid_to', 'End of the validity interval, exclusive; for an event, its time; NULL: still valid'),
]
