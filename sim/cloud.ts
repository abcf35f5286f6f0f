import type { AuditRecord } from '../src/model/audit.ts'
import { cloudRef } from '../src/model/refs.ts'
import type { ShopEvent } from './shop.ts'

const tenant = 'shop-project'

type CloudTrace = Readonly<{
  id: string
  at: number
  user: string
  address: string
  service: string
  action: string
  resource?: Readonly<{ type: string; name: string }>
  failed?: boolean
}>

export function cloudTrace({
  id,
  at,
  user,
  address,
  service,
  action,
  resource,
  failed = false,
}: CloudTrace): ShopEvent {
  const audit: AuditRecord = {
    actor: { kind: 'user', name: user, domain: 'demo-cloud', address },
    action,
    service,
    ...(resource === undefined ? {} : { resource: { ...resource, id: resource.name } }),
    tenant,
    region: 'eu-1',
    outcome: failed ? 'failure' : 'success',
    severity: failed ? 'warning' : 'normal',
    requestId: `request-${id}`,
  }
  return {
    specversion: '1.0',
    id,
    source: `https://audit.cloud.example/v3/${tenant}`,
    type: `${service}.apicall.${action}`.toLowerCase(),
    subject: resource?.name ?? user,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    weirfamily: 'audit',
    ...(resource === undefined
      ? {}
      : {
          weirref: cloudRef({
            cloud: 'demo',
            tenant,
            service: service.toLowerCase(),
            type: resource.type,
            id: resource.name,
          }),
        }),
    data: { code: failed ? '401' : '200', audit },
  }
}
