import type { SourceExporters } from '../../engine/control.ts'

export type CollectorAddress = Readonly<{
  host: string
  netflow: number
  ipfix: number
  sflow: number
  agents: number
}>

type Recipe = Readonly<{
  name: string
  title: string
  lines: (address: CollectorAddress) => readonly string[]
}>

/** Templates and long flows at least once a minute. */
export const recipes: readonly Recipe[] = [
  {
    name: 'softflowd',
    title: 'softflowd, a probe for any Linux or BSD machine (IPFIX)',
    lines: ({ host, netflow }) => [
      `softflowd -i eth0 -v 10 -A milli -t maxlife=60 -n ${bracketed(host)}:${netflow}`,
      '# -v 5 or -v 9 select NetFlow, -b joins both directions of a flow into one record; -s 100 samples one ' +
        'packet in 100',
    ],
  },
  {
    name: 'pmacct',
    title: 'pmacct, a probe for any Linux machine (IPFIX): /etc/pmacct/pmacctd.conf',
    lines: ({ host, netflow }) => [
      'pcap_interface: eth0',
      'aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags',
      'plugins: nfprobe',
      `nfprobe_receiver: ${bracketed(host)}:${netflow}`,
      'nfprobe_version: 10',
      'nfprobe_timeouts: maxlife=60',
    ],
  },
  {
    name: 'cisco-netflow',
    title: 'Cisco IOS and IOS XE, Flexible NetFlow (v9)',
    lines: (address) => cisco('netflow-v9', address.host, address.netflow),
  },
  {
    name: 'cisco-ipfix',
    title: 'Cisco IOS and IOS XE, Flexible NetFlow (IPFIX)',
    lines: (address) => cisco('ipfix', address.host, address.ipfix),
  },
  {
    name: 'juniper',
    title: 'Juniper MX and others with inline flow monitoring (IPFIX)',
    lines: ({ host, ipfix }) => [
      'set services flow-monitoring version-ipfix template weir ipv4-template',
      'set services flow-monitoring version-ipfix template weir flow-active-timeout 60',
      'set services flow-monitoring version-ipfix template weir template-refresh-rate seconds 60',
      'set services flow-monitoring version-ipfix template weir option-refresh-rate seconds 60',
      'set forwarding-options sampling instance weir input rate 1000',
      `set forwarding-options sampling instance weir family inet output flow-server ${host} port ${ipfix}`,
      `set forwarding-options sampling instance weir family inet output flow-server ${host} version-ipfix ` +
        'template weir',
      'set forwarding-options sampling instance weir family inet output inline-jflow source-address ROUTER-ADDRESS',
      'set chassis fpc 0 sampling-instance weir',
      'set interfaces ge-0/0/0 unit 0 family inet sampling input',
    ],
  },
  {
    name: 'mikrotik',
    title: 'MikroTik RouterOS (NetFlow v9)',
    lines: ({ host, netflow }) => [
      '/ip traffic-flow set enabled=yes interfaces=all active-flow-timeout=1m',
      `/ip traffic-flow target add dst-address=${host} port=${netflow} version=9 v9-template-timeout=1m`,
    ],
  },
  {
    name: 'openvswitch',
    title: 'Open vSwitch, of bridge br0 (IPFIX)',
    lines: ({ host, ipfix, sflow }) => [
      'ovs-vsctl -- set Bridge br0 ipfix=@weir -- --id=@weir create IPFIX ' +
        `targets=\\"${bracketed(host)}:${ipfix}\\" sampling=64 obs_domain_id=1 cache_active_timeout=60`,
      `# or sFlow: ovs-vsctl -- --id=@weir create sFlow agent=eth0 target=\\"${bracketed(host)}:${sflow}\\" ` +
        'sampling=64 -- set Bridge br0 sflow=@weir',
    ],
  },
  {
    name: 'host-sflow',
    title: 'Host sFlow, an agent for any Linux machine (sFlow): /etc/hsflowd.conf',
    lines: ({ host, sflow }) => [
      'sflow {',
      `  collector { ip=${host} udpport=${sflow} }`,
      '  sampling = 400',
      '  polling = 30',
      '  pcap { dev=eth0 }',
      '}',
    ],
  },
  {
    name: 'netobserv-agent',
    title: "NetObserv's eBPF agent, on every node of a cluster (gRPC): environment of its DaemonSet",
    lines: ({ host, agents }) => [
      'EXPORT=grpc',
      `TARGET_HOST=${host}`,
      `TARGET_PORT=${agents}`,
      'CACHE_ACTIVE_TIMEOUT=5s',
      '# Weir needs the source `netobserv`. With `tls` in it: TARGET_TLS_CA_CERT_PATH; with ' +
        '`tls.client_ca_file` also ' +
        'TARGET_TLS_USER_CERT_PATH and TARGET_TLS_USER_KEY_PATH',
      '# Optional: ENABLE_RTT=true ENABLE_PKT_DROPS=true ENABLE_DNS_TRACKING=true',
    ],
  },
  {
    name: 'netobserv-agent-kafka',
    title: "NetObserv's eBPF agent through Kafka: environment of its DaemonSet, and the source of Weir",
    lines: () => [
      'EXPORT=kafka',
      'KAFKA_BROKERS=kafka-1:9092,kafka-2:9092',
      'KAFKA_TOPIC=network-flows',
      'KAFKA_COMPRESSION=lz4',
      '# TLS: KAFKA_ENABLE_TLS=true KAFKA_TLS_CA_CERT_PATH=…; login: KAFKA_ENABLE_SASL=true ' +
        'KAFKA_SASL_TYPE=scramSHA512 ' +
        'KAFKA_SASL_CLIENT_ID_PATH=… KAFKA_SASL_CLIENT_SECRET_PATH=…',
      '# In weir.yaml:',
      'sources:',
      '  agents:',
      '    type: kafka',
      '    brokers: [kafka-1:9092, kafka-2:9092]',
      '    topics: [network-flows]',
      '    group: weir',
      '    codec: pbflow',
    ],
  },
]

export function collectorAddress(
  sources: readonly Pick<SourceExporters, 'type' | 'addresses'>[],
  host: Readonly<{ requested?: string | undefined; else: string }>,
): CollectorAddress {
  const listening = sources.flatMap(({ type, addresses }) =>
    addresses.flatMap((address) => {
      const url = URL.parse(address)
      return url === null || !/^(?:udp|grpcs?):/.test(address)
        ? []
        : [{ type, host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port) }]
    }),
  )
  const ports = (type: string) => listening.filter((listener) => listener.type === type).map(({ port }) => port)
  const netflow = ports('netflow')
  const ownHost = listening.find(({ host: name }) => !/^(?:0\.0\.0\.0|::|)$/.test(name))?.host
  return {
    host: host.requested ?? ownHost ?? host.else,
    netflow: netflow[0] ?? 2055,
    ipfix: netflow.includes(4739) ? 4739 : (netflow.at(-1) ?? 4739),
    sflow: ports('sflow')[0] ?? 6343,
    agents: ports('netobserv')[0] ?? 2055,
  }
}

function cisco(protocol: 'netflow-v9' | 'ipfix', host: string, port: number): readonly string[] {
  return [
    'flow exporter WEIR',
    ` destination ${host}`,
    ` transport udp ${port}`,
    ` export-protocol ${protocol}`,
    ' template data timeout 60',
    'flow monitor WEIR',
    ' exporter WEIR',
    ' record netflow ipv4 original-input',
    ' cache timeout active 60',
    'interface GigabitEthernet0/1',
    ' ip flow monitor WEIR input',
  ]
}

function bracketed(host: string) {
  return host.includes(':') ? `[${host}]` : host
}
