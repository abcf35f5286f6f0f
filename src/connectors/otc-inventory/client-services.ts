import type { OtcService } from '../../net/otc/errors.ts'

function service(name: string, types: readonly string[], policy: string): OtcService {
  return {
    name,
    types,
    host: name.toLowerCase(),
    allow: `grant the account the policy "${policy}" in the project`,
    objects: 'project',
  }
}

export const services = {
  ecs: service('ECS', ['ecs'], 'ECS ReadOnlyAccess'),
  evs: service('EVS', ['evs', 'volumev2'], 'EVS ReadOnlyAccess'),
  vpc: service('VPC', ['vpc'], 'VPC ReadOnlyAccess'),
  elb: service('ELB', ['elbv3', 'elb'], 'ELB ReadOnlyAccess'),
  cce: service('CCE', ['cce', 'ccev2.0'], 'CCE ReadOnlyAccess'),
  dns: service('DNS', ['dns'], 'DNS ReadOnlyAccess'),
} as const satisfies Readonly<Record<string, OtcService>>
