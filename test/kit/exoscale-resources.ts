// Resources of an organization for the stand-in of Exoscale: at least one of each kind, and those that broke
// exoscale-exporter: two clusters, two ICMP rules, two networks of one name.
import type { ExoscaleServer } from './exoscale.ts'

export function uuid(kind: number, number: number): string {
  return `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`
}

const type = (number: number): object => ({ id: uuid(1, number) })
const created = '2026-03-01T10:00:00Z'

export function instance(number: number, more: object = {}): object {
  return {
    id: uuid(2, number),
    name: `vm-${number}`,
    state: 'running',
    'created-at': created,
    'instance-type': type(number % 3),
    'public-ip': `203.0.113.${number % 250}`,
    labels: { team: 'shop' },
    ...more,
  }
}

export function volume(number: number, more: object = {}): object {
  return { id: uuid(3, number), name: `disk-${number}`, state: 'attached', size: 10, 'created-at': created, ...more }
}

export function cluster(number: number, sizes: readonly number[]): object {
  return {
    id: uuid(4, number),
    name: `sks-${number}`,
    state: 'running',
    level: 'pro',
    version: '1.33.1',
    nodepools: sizes.map((size, at) => ({
      id: uuid(5, number * 10 + at),
      name: `pool-${number}-${at}`,
      state: 'running',
      size,
      'disk-size': 50,
      version: '1.33.1',
      'instance-pool': { id: uuid(6, number * 10 + at) },
    })),
  }
}

const empty: Readonly<Record<string, object>> = {
  '/instance': { instances: [] },
  '/instance-pool': { 'instance-pools': [] },
  '/sks-cluster': { 'sks-clusters': [] },
  '/block-storage': { 'block-storage-volumes': [] },
  '/block-storage-snapshot': { 'block-storage-snapshots': [] },
  '/snapshot': { snapshots: [] },
  '/load-balancer': { 'load-balancers': [] },
  '/elastic-ip': { 'elastic-ips': [] },
  '/private-network': { 'private-networks': [] },
  '/dbaas-service': { 'dbaas-services': [] },
  '/quota': { quotas: [] },
  '/api-key': { 'api-keys': [] },
  '/ssh-key': { 'ssh-keys': [] },
  '/security-group': { 'security-groups': [] },
  '/anti-affinity-group': { 'anti-affinity-groups': [] },
  '/sos-buckets-usage': { 'sos-buckets-usage': [] },
  '/dns-domain': { 'dns-domains': [] },
}

export function fillExoscale(server: ExoscaleServer, zone: string): void {
  const put = (path: string, answer: object): void => void server.answers.set(path, answer)
  for (const [path, answer] of Object.entries(empty)) put(path, answer)
  put('/organization', {
    id: server.organization,
    name: 'Example',
    address: 'Main Street 1',
    postcode: '1200',
    city: 'Geneva',
    country: 'CH',
    currency: 'CHF',
    balance: 97.5,
  })
  put('/live-balance', { balance: 97.25, currency: 'CHF' })
  for (const number of [0, 1, 2])
    put(`/instance-type/${uuid(1, number)}`, {
      ...type(number),
      family: 'standard',
      size: ['small', 'medium', 'large'][number],
      cpus: 2 ** number,
      gpus: 0,
      memory: 2 ** (31 + number),
    })
  put(`${zone} /instance`, { instances: [instance(1), instance(2, { state: 'stopped' })] })
  put(`${zone} /instance-pool`, {
    'instance-pools': [
      { id: uuid(6, 1), name: 'workers', state: 'running', size: 5, instances: [{ id: uuid(2, 1) }] },
      { id: uuid(6, 2), name: 'old', state: 'suspended', size: 1 },
    ],
  })
  put(`${zone} /sks-cluster`, { 'sks-clusters': [cluster(1, [3, 2]), cluster(2, [4])] })
  put(`${zone} /block-storage`, {
    'block-storage-volumes': [
      volume(1, { instance: { id: uuid(2, 1) }, blocksize: 4096 }),
      volume(2, { state: 'detached' }),
    ],
  })
  put(`${zone} /snapshot`, {
    snapshots: [{ id: uuid(7, 1), name: 'before', state: 'exported', size: 50, 'created-at': created }],
  })
  put(`${zone} /load-balancer`, {
    'load-balancers': [
      {
        id: uuid(8, 1),
        name: 'front',
        state: 'running',
        ip: '198.51.100.7',
        services: [
          {
            id: uuid(9, 1),
            name: 'https',
            state: 'running',
            port: 443,
            'target-port': 30_443,
            protocol: 'tcp',
            strategy: 'round-robin',
            'instance-pool': { id: uuid(6, 1) },
          },
        ],
      },
    ],
  })
  put(`${zone} /elastic-ip`, { 'elastic-ips': [{ id: uuid(10, 1), ip: '198.51.100.9', addressfamily: 'inet4' }] })
  put(`${zone} /private-network`, {
    'private-networks': [
      { id: uuid(11, 1), name: 'inside', vni: 7 },
      { id: uuid(11, 2), name: 'inside', vni: 7 },
    ],
  })
  put('/api-key', { 'api-keys': [{ name: 'ci', key: 'EXOsecretid', 'role-id': uuid(12, 1) }] })
  put('/ssh-key', { 'ssh-keys': [{ name: 'admin', fingerprint: 'aa:bb' }] })
  put('/security-group', {
    'security-groups': [
      {
        id: uuid(13, 1),
        name: 'web',
        rules: [
          { id: uuid(14, 1), 'flow-direction': 'ingress', protocol: 'icmp', icmp: { type: 8, code: 0 } },
          { id: uuid(14, 2), 'flow-direction': 'ingress', protocol: 'icmp', icmp: { type: 3, code: 4 } },
          {
            id: uuid(14, 3),
            'flow-direction': 'ingress',
            protocol: 'tcp',
            'start-port': 443,
            'end-port': 443,
            network: '0.0.0.0/0',
          },
        ],
      },
    ],
  })
  put('/anti-affinity-group', {
    'anti-affinity-groups': [
      {
        id: uuid(15, 1),
        name: 'spread',
        instances: [
          { id: uuid(2, 1), name: 'vm-1' },
          { id: uuid(2, 2), name: 'vm-2' },
        ],
      },
    ],
  })
  put('/sos-buckets-usage', {
    'sos-buckets-usage': [{ name: 'backups', 'zone-name': zone, size: 12_345, 'created-at': created }],
  })
  put('/dns-domain', { 'dns-domains': [{ id: uuid(16, 1), 'unicode-name': 'example.com' }] })
  put(`/dns-domain/${uuid(16, 1)}/record`, {
    'dns-domain-records': [
      { id: uuid(17, 1), name: 'www', type: 'A', content: '198.51.100.7', ttl: 300 },
      { id: uuid(17, 2), name: 'mail', type: 'MX', content: 'mx.example.com', ttl: 600, priority: 10 },
      { id: uuid(17, 3), name: 'key', type: 'TXT', content: 'v=DKIM1; p=secret', ttl: 600 },
    ],
  })
}
