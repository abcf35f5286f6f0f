/**
 * Names of numbers by field, case-insensitive. The tables are closed, because they determine the meaning of filters.
 */

const ports: Readonly<Record<string, number>> = {
  'ftp-data': 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  dns: 53,
  domain: 53,
  dhcp: 67,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  http: 80,
  kerberos: 88,
  pop3: 110,
  sunrpc: 111,
  ntp: 123,
  imap: 143,
  snmp: 161,
  snmptrap: 162,
  bgp: 179,
  ldap: 389,
  https: 443,
  smb: 445,
  isakmp: 500,
  syslog: 514,
  submission: 587,
  ldaps: 636,
  dot: 853,
  imaps: 993,
  pop3s: 995,
  openvpn: 1194,
  mssql: 1433,
  oracle: 1521,
  mqtt: 1883,
  radius: 1812,
  nfs: 2049,
  netflow: 2055,
  etcd: 2379,
  'etcd-peer': 2380,
  mysql: 3306,
  rdp: 3389,
  stun: 3478,
  'ipsec-nat-t': 4500,
  ipfix: 4739,
  vxlan: 4789,
  sip: 5060,
  mdns: 5353,
  postgres: 5432,
  postgresql: 5432,
  amqp: 5672,
  geneve: 6081,
  sflow: 6343,
  redis: 6379,
  'kube-apiserver': 6443,
  mqtts: 8883,
  'http-alt': 8080,
  prometheus: 9090,
  kafka: 9092,
  elasticsearch: 9200,
  kubelet: 10250,
  memcached: 11211,
  mongodb: 27017,
  wireguard: 51820,
}

const protocols: Readonly<Record<string, number>> = {
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  egp: 8,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  'ipv6-icmp': 58,
  eigrp: 88,
  ospf: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
}

const directions: Readonly<Record<string, number>> = { ingress: 0, egress: 1 }

const codePoints: Readonly<Record<string, number>> = {
  default: 0,
  cs0: 0,
  cs1: 8,
  cs2: 16,
  cs3: 24,
  cs4: 32,
  cs5: 40,
  cs6: 48,
  cs7: 56,
  af11: 10,
  af12: 12,
  af13: 14,
  af21: 18,
  af22: 20,
  af23: 22,
  af31: 26,
  af32: 28,
  af33: 30,
  af41: 34,
  af42: 36,
  af43: 38,
  ef: 46,
  le: 1,
}

const byField: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  proto: protocols,
  direction: directions,
  if_directions: directions,
  node_direction: { ...directions, inner: 2 },
  dscp: codePoints,
  etype: { ipv4: 2048, arp: 2054, ipv6: 34525, mpls: 34887 },
}

export function wordsOf(field: string): Readonly<Record<string, number>> | undefined {
  return field.endsWith('_port') ? ports : byField[field]
}

export function numberOfWord(field: string, word: string): number | undefined {
  const as = field.endsWith('_as') ? /^AS(\d{1,10})$/i.exec(word)?.[1] : undefined
  if (as !== undefined) return Number(as)
  const words = wordsOf(field)
  const folded = word.toLowerCase()
  return words !== undefined && Object.hasOwn(words, folded) ? words[folded] : undefined
}
